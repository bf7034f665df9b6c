"""What the API's document says of marked routes: their parameters, and refusals they declare beside their mark."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.errors import Refused
from shared.http.command_route import MAX_KEY, PREVIEW_PATTERN
from shared.messages import MAX_REASON

IF_MATCH_PATTERN = r'^(\*|[0-9]{1,18}(\.[^",\s]*)?|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$'
ETAG_EXAMPLE = '"12.0a1b2c3d4e5f6a7b"'
PREVIEW_EXAMPLE = "12.4711.9f86d081884c7d659a2feaa0c55ad015"
REFUSALS: Final = "refusals"
"""The name in a handler's `opt`."""

Parameter = dict[str, Any]


def parameter(name: str, place: str, schema: Mapping[str, Any], description: str) -> Parameter:
    """Describe an optional parameter, without an example: tools that try routes out would send that."""
    return {"name": name, "in": place, "description": description, "schema": schema}


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
    """The errors a route refuses with beside those of its kind, and contexts whose errors it passes on."""

    errors: tuple[type[Refused], ...] = ()
    passed_on: tuple[str, ...] = ()


def refuses(*errors: type[Refused], passes_on: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a handler's `opt` that declares refusals the rules of its kind do not imply.

    `passes_on` names contexts behind a port, whose errors cannot be imported.
    """
    return {REFUSALS: Refusals(errors, passes_on)}
