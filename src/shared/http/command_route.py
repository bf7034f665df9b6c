"""Marks of writing routes: what they take and answer is the same for all of them, and documented by these marks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Operation
from litestar.types import AnyCallable

from shared.http.requests import documented

MAX_KEY = 255
PREVIEW_PATTERN = r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{32})"


@dataclass
class TakesReason(Operation):
    """A route that keeps why it was asked for. `query` names what it takes besides its own parameters."""

    query: ClassVar[frozenset[str]] = frozenset({"reason"})


@dataclass
class TakesKey(TakesReason):
    """A route that begins work once for each Idempotency-Key, and keeps why."""


@dataclass
class TakesCommand(TakesReason):
    """A route that takes the headers and parameters every command takes."""

    query: ClassVar[frozenset[str]] = frozenset({"dry_run", "preview", "reason"})


@dataclass
class CommandOperation(TakesCommand):
    """A route that answers as `CommandSender` does: the documented result with the operation around it."""


def command_route(
    method: Callable[..., Callable[[AnyCallable], HTTPRouteHandler]],
    path: str,
    operation_id: str,
    summary: str,
    result: Any,
    *,
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
        operation_class=CommandOperation,
        summary=summary,
        responses=documented(result, status),
        **options,
    )
