"""Commands, events and outcomes as they are sent and stored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.json import encode
from msgspec.structs import force_setattr

from shared.errors import Refusal
from shared.json.patches import same_json

Status = Literal["pending", "applied", "unchanged", "rejected", "failed"]

STATE_SCHEMA = 1
COMMAND_SCHEMA = 2
"""The newest form of commands: since 2 they may carry a preview, which an older process would overlook."""
FIRST_SCHEMA = 1
JSON_HEADERS = {"content-type": "application/json"}
MAX_REASON = 500
"""Characters of why something was done, as events keep it."""

Storable = Annotated[str, Meta(pattern=r"\A[^\x00]*\Z")]
"""Text the database takes."""


class Event(Struct, frozen=True):
    """A fact of one stream, published as `topic`. Decisions that differ in `incidental` fields alone are the same."""

    topic: ClassVar[str]
    incidental: ClassVar[Sequence[str]] = ()


class FieldChange(Struct, frozen=True):
    """One field's value before and after."""

    before: Any
    after: Any


class Difference(Struct, frozen=True):
    """What an event changes of one thing of its aggregate: a field, or a part that has an id. Null: it is not there."""

    subject: str
    change: str
    before: Any
    after: Any


class PreviewedChange(Struct, frozen=True):
    """An event that would be recorded, and what it changes."""

    type: str
    payload: Raw
    differences: Sequence[Difference]


class Decision(Struct, frozen=True):
    """What a command causes: events in order (none: nothing changes) and the result its caller gets."""

    events: Sequence[Event]
    result: Struct | None = None


class Previewed(Struct, frozen=True):
    """A previewed decision: the sequence of its stream, the event log's position then, and its hash."""

    sequence: int
    position: int
    hash: str


class CommandEnvelope(Struct, frozen=True, kw_only=True):
    """A command on its topic. Refused where `expected_sequence` or `preview` no longer holds.

    `fingerprint` tells two requests with one idempotency key apart; it holds no secret. `attempt` tells this sending of
    the operation from others; nobody waits for a command that has none.
    """

    operation_id: UUID
    aggregate_id: Storable
    user_id: Storable
    fingerprint: Storable
    issued_at: datetime
    command: Raw
    organization_id: Storable | None = None
    reason: Storable | None = None
    expected_sequence: int | None = None
    preview: Previewed | None = None
    schema_version: int = FIRST_SCHEMA
    attempt: UUID | None = None


class EventEnvelope(Struct, frozen=True, kw_only=True):
    """An event on its topic and in the event log. Fields without a meaning for the event are null."""

    event_id: UUID
    type: str
    occurred_at: datetime
    stream: str
    sequence: int
    organization_id: str | None
    module_id: str | None
    user_id: str
    operation_id: UUID
    reason: str | None
    payload: Raw


class Outcome(Struct, frozen=True, kw_only=True):
    """How an operation ended. `sequence` is its stream's afterwards, `attempts` the latest failed ones: at most 100."""

    operation_id: UUID
    status: Status
    fingerprint: str
    context: str
    aggregate_id: str
    sequence: int = 0
    result: Any = None
    refusal: Refusal | None = None
    invalidates: Sequence[str] = ()
    event_ids: Sequence[UUID] = ()
    attempts: tuple[UUID, ...] = ()

    def __post_init__(self) -> None:
        # msgspec cannot decode `Raw | None`: a decoded result becomes bytes again.
        if self.result is not None and not isinstance(self.result, Raw):
            force_setattr(self, "result", Raw(encode(self.result)))


class ReceivedCommand(msgspec.Struct, frozen=True):
    envelope: CommandEnvelope
    command: Any
    traceparent: str | None = None


def event_id(operation_id: UUID, position: int) -> UUID:
    """Return the same id whenever and wherever the operation is decided."""
    return uuid5(operation_id, f"event:{position}")


def derived_operation_id(cause: UUID, command: str) -> UUID:
    """Return the id of the one operation a cause (an event, an operation) leads to, the same at every attempt."""
    return uuid5(cause, command)


def stream_name(context: str, aggregate_id: str) -> str:
    return f"{context}:{aggregate_id}"


def command_topic(context: str) -> str:
    return f"tenant.commands.{context}"


def changed_fields(before: Struct, after: Struct) -> list[Difference]:
    return [
        Difference(name, "changed", old, new)
        for name in before.__struct_fields__
        if not same_json(old := getattr(before, name), new := getattr(after, name))
    ]


def command_group(context: str) -> str:
    return f"modplane.{context}.commands"


def event_group(context: str) -> str:
    return f"modplane.{context}.events"


def cloud_event_headers(event: EventEnvelope) -> dict[str, str]:
    """Return the Kafka headers of an event: the binary binding of CloudEvents 1.0."""
    return {
        **JSON_HEADERS,
        "ce_specversion": "1.0",
        "ce_id": str(event.event_id),
        "ce_type": event.type,
        "ce_source": f"/modplane/{event.stream.partition(':')[0]}",
        "ce_subject": event.stream.partition(":")[2],
        "ce_time": event.occurred_at.isoformat(),
        "sequence": str(event.sequence),
    }
