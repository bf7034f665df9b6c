"""What routes take and answer, the same for all of a kind: marks that document it, and routes declared by them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Operation
from litestar.response.base import ASGIResponse
from litestar.types import AnyCallable

from shared.cache.generations import Cached
from shared.errors import Refused
from shared.http.responses import documented, send_cached

MAX_KEY = 255
PREVIEW_PATTERN = r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{32})"


@dataclass
class TakesReason(Operation):
    """A route that keeps a reason. `query` names what it takes besides its own parameters."""

    query: ClassVar[frozenset[str]] = frozenset({"reason"})
    parameters_taken: ClassVar[tuple[str, ...]] = ("ModplaneReason", "Reason")


@dataclass
class TakesKey(TakesReason):
    """A route that begins work once for each Idempotency-Key, and keeps a reason."""

    parameters_taken: ClassVar[tuple[str, ...]] = ("IdempotencyKey", *TakesReason.parameters_taken)


@dataclass
class TakesCommand(TakesReason):
    """A route that takes the headers and parameters every command takes."""

    query: ClassVar[frozenset[str]] = frozenset({"dry_run", "preview", "reason"})
    parameters_taken: ClassVar[tuple[str, ...]] = (
        "IdempotencyKey", "IfMatch", "Prefer", "ModplaneReason", "DryRun", "Preview", "Reason",
    )  # fmt: skip


@dataclass
class CommandOperation(TakesCommand):
    """A route that answers as `CommandSender` does: the documented result with the operation around it."""

    command: ClassVar[type | None] = None


def sends(command: type) -> type[CommandOperation]:
    """Return the mark of a route that sends this command. The command's docstring documents the route too."""
    return type(f"Sends{command.__name__}", (CommandOperation,), {"command": command})


def command_route(  # noqa: PLR0913 - what a route declares
    method: Callable[..., Callable[[AnyCallable], HTTPRouteHandler]],
    path: str,
    operation_id: str,
    summary: str,
    result: Any,
    *,
    command: type,
    status: int = 200,
    **options: Any,
) -> Callable[[AnyCallable], HTTPRouteHandler]:
    """Declare a route (`post`, `patch`, …) that answers with what `CommandSender.answer` returns.

    `status` is that of an applied command.
    """
    return method(
        path,
        status_code=status,
        operation_id=operation_id,
        operation_class=sends(command),
        summary=summary,
        responses=documented(result, status),
        **options,
    )


def resource_route(
    path: str, operation_id: str, summary: str, resource: Any, **options: Any
) -> Callable[[AnyCallable], HTTPRouteHandler]:
    """Declare a route that answers with ready bytes of this resource."""
    return get(path, operation_id=operation_id, summary=summary, responses=documented(resource), **options)


def send_found(request: Request[Any, Any, Any], cached: Cached | None, absent: Refused) -> ASGIResponse:
    """Send it, or raise `absent` where there is none."""
    if cached is None:
        raise absent
    return send_cached(request, cached)
