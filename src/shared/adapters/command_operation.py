"""What every command route takes and answers, as the document declares it: once for all of them."""

from dataclasses import dataclass
from typing import Any

from litestar.openapi.spec import (
    Example,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    Schema,
)
from litestar.openapi.spec.enums import OpenAPIFormat

from shared.messages import MAX_REASON

MAX_KEY = 255
PREVIEW_PATTERN = r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{32})"


def declared(name: str, place: str, schema: Schema, description: str, example: Any = None) -> Parameter:
    """A parameter of the document."""
    examples = None if example is None else {"usual": Example(value=example)}
    return Parameter(name=name, param_in=place, schema=schema, description=description, examples=examples)


COMMAND_PARAMETERS: dict[str, Parameter | Reference] = {
    "IdempotencyKey": declared(
        "Idempotency-Key",
        "header",
        Schema(type=OpenAPIType.STRING, min_length=1, max_length=MAX_KEY),
        "Your name for this one request. Repeated, it is answered with its first outcome; another request under it "
        "is refused. Kept for 30 days. A dry run leaves it unused.",
        "assign-crm-to-acme",
    ),
    "IfMatch": declared(
        "If-Match",
        "header",
        Schema(type=OpenAPIType.STRING, max_length=64),
        "An ETag: the command is refused with 412 when the state has moved since. Its first part alone is compared.",
        '"12.0a1b2c3d4e5f6a7b"',
    ),
    "Prefer": declared(
        "Prefer",
        "header",
        Schema(type=OpenAPIType.STRING, max_length=200),
        "`respond-async`: answers 202 with the operation's address instead of waiting.",
        "respond-async",
    ),
    "ModplaneReason": declared(
        "Modplane-Reason",
        "header",
        Schema(type=OpenAPIType.STRING, max_length=9 * MAX_REASON),
        "The same as the parameter `reason`, percent-encoded, for those who keep reasons out of addresses.",
        "asked%20for%20by%20the%20customer",
    ),
    "DryRun": declared(
        "dry_run",
        "query",
        Schema(type=OpenAPIType.BOOLEAN, default=False),
        "Changes nothing: answers what the command would do, or how it would be refused.",
    ),
    "Preview": declared(
        "preview",
        "query",
        Schema(type=OpenAPIType.STRING, pattern=f"^{PREVIEW_PATTERN}$"),
        "What a dry run answered as `preview`: the command is refused with 412 when it would do anything else by now.",
        "12.4711.9f86d081884c7d659a2feaa0c55ad015",
    ),
    "Reason": declared(
        "reason",
        "query",
        Schema(type=OpenAPIType.STRING, max_length=MAX_REASON),
        "Why, in your words. Kept with the events.",
        "asked for by the customer",
    ),
}

TEXT = Schema(type=OpenAPIType.STRING)
ANYTHING = Schema()
DIFFERENCE = Schema(
    type=OpenAPIType.OBJECT,
    description="What an event changes of one thing: a field, or a part that has an id. Null: it is not there.",
    properties={"subject": TEXT, "change": TEXT, "before": ANYTHING, "after": ANYTHING},
    required=["subject", "change", "before", "after"],
)
CHANGE = Schema(
    type=OpenAPIType.OBJECT,
    description="An event that would be recorded.",
    properties={
        "type": TEXT,
        "payload": Schema(type=OpenAPIType.OBJECT),
        "differences": Schema(type=OpenAPIType.ARRAY, items=DIFFERENCE),
    },
    required=["type", "payload", "differences"],
)
DRY_RUN_FIELDS = {
    "dry_run": Schema(type=OpenAPIType.BOOLEAN, const=True, description="Only in the answer to a dry run."),
    "sequence": Schema(type=OpenAPIType.INTEGER, description="Dry run: the state's, to which If-Match would refer."),
    "preview": Schema(type=OpenAPIType.STRING, description="Dry run: binds a command to this decision."),
    "changes": Schema(type=OpenAPIType.ARRAY, items=CHANGE, description="Dry run: what would be recorded."),
    "impact": Schema(
        type=[OpenAPIType.OBJECT, OpenAPIType.NULL], description="Dry run: whom the command concerns beyond its own."
    ),
}
ANSWER = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "operation_id": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID),
        "status": Schema(type=OpenAPIType.STRING, enum=["applied", "unchanged"]),
        **DRY_RUN_FIELDS,
    },
    required=["status"],
)
ACCEPTED = Schema(
    type=OpenAPIType.OBJECT,
    description="Not decided yet: `Location` names the operation.",
    properties={
        "operation_id": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID),
        "status": Schema(type=OpenAPIType.STRING, const="pending"),
    },
    required=["operation_id", "status"],
)


@dataclass
class TakesCommand(Operation):
    """An operation that takes what every command takes."""

    def __post_init__(self) -> None:
        """Declares it."""
        common = [Reference(ref=f"#/components/parameters/{name}") for name in COMMAND_PARAMETERS]
        self.parameters = [*(self.parameters or []), *common]


@dataclass
class CommandOperation(TakesCommand):
    """An operation that answers as `CommandSender` does: the documented result with the operation around it."""

    def __post_init__(self) -> None:
        """Completes the answers."""
        super().__post_init__()
        responses = dict(self.responses or {})
        for status in ("200", "201"):
            if isinstance(answer := responses.get(status), OpenAPIResponse):
                responses[status] = around(answer)
        responses.setdefault("200", responses.get("201", OpenAPIResponse(description="Unchanged, or a dry run.")))
        responses["202"] = OpenAPIResponse(
            description="Under way.", content={"application/json": OpenAPIMediaType(schema=ACCEPTED)}
        )
        self.responses = responses


def around(answer: OpenAPIResponse) -> OpenAPIResponse:
    """The answer with the fields that surround a result."""
    content = {
        media_type: OpenAPIMediaType(schema=Schema(all_of=[of.schema, ANSWER])) if of.schema else of
        for media_type, of in (answer.content or {}).items()
        if not isinstance(of, Reference)
    }
    return OpenAPIResponse(description=answer.description, headers=answer.headers, content=content)
