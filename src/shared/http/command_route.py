"""What routes take and answer, the same for all of a kind: marks that document it, and routes declared by them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Operation
from litestar.response.base import ASGIResponse
from litestar.types import AnyCallable

from shared.cache.generations import Cached
from shared.errors import Refused
from shared.http.responses import documented, send_cached
from shared.messages import MAX_REASON

MAX_KEY = 255
PREVIEW_PATTERN = r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{32})"
IF_MATCH_PATTERN = r'^(\*|[0-9]{1,18}(\.[^",\s]*)?|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$'
ETAG_EXAMPLE = '"12.0a1b2c3d4e5f6a7b"'
PREVIEW_EXAMPLE = "12.4711.9f86d081884c7d659a2feaa0c55ad015"
REFUSALS: Final = "refusals"
"""The name in a handler's `opt`."""

Parameter = dict[str, Any]


def parameter(name: str, place: str, schema: Mapping[str, Any], description: str) -> Parameter:
    """Describe an optional parameter, without an example: tools that try routes out would send that."""
    return {"name": name, "in": place, "description": description, "schema": schema}


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
    """Declare a route (`post`, …) for `CommandSender.answer`. `status` is that of an applied command."""
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
    return get(path, operation_id=operation_id, summary=summary, responses=documented(resource), **options)


def send_found(request: Request[Any, Any, Any], cached: Cached | None, absent: Refused) -> ASGIResponse:
    if cached is None:
        raise absent
    return send_cached(request, cached)


PARAMETERS: Mapping[str, Parameter] = {
    "IdempotencyKey": parameter(
        "Idempotency-Key",
        "header",
        {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
        "Your name for this one request, such as `assign-field-service-to-crumb`. Repeated, it is answered with its "
        "first outcome and has no second effect; another request under it is refused. Kept for 30 days. A dry run "
        "leaves it unused.",
    ),
    "IfMatch": parameter(
        "If-Match",
        "header",
        {"type": "string", "pattern": IF_MATCH_PATTERN},
        f"The ETag last read, such as `{ETAG_EXAMPLE}`: the command is refused with 412 when the state has moved "
        "since. Its sequence, the part before the dot, is compared.",
    ),
    "Prefer": parameter(
        "Prefer",
        "header",
        {"type": "string"},
        "`respond-async`: answers 202 with the operation's address instead of waiting for the outcome.",
    ),
    "ModplaneReason": parameter(
        "Modplane-Reason",
        "header",
        {"type": "string"},
        "The same as the parameter `reason`, percent-encoded, which keeps reasons out of addresses.",
    ),
    "DryRun": parameter(
        "dry_run",
        "query",
        {"type": "boolean", "default": False},
        "Changes nothing: answers what the command would do, or how it would be refused.",
    ),
    "Preview": parameter(
        "preview",
        "query",
        {"type": "string", "pattern": f"^{PREVIEW_PATTERN}$"},
        f"What a dry run answered as `preview`, such as `{PREVIEW_EXAMPLE}`: the command is refused with 412 when it "
        "would do anything else by now.",
    ),
    "Reason": parameter(
        "reason",
        "query",
        {"type": "string", "maxLength": MAX_REASON},
        "Why, in your words, such as `asked for by the customer`. Kept with the events.",
    ),
}
"""The parameters of the marks, by the names in `parameters_taken`."""


@dataclass(frozen=True)
class Refusals:
    errors: tuple[type[Refused], ...] = ()
    passed_on: tuple[str, ...] = ()


def refuses(*errors: type[Refused], passes_on: tuple[str, ...] = ()) -> dict[str, Any]:
    """Declare, as a handler's `opt`, further refusals; `passes_on` names contexts whose errors pass through."""
    return {REFUSALS: Refusals(errors, passes_on)}
