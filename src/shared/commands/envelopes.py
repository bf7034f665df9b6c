"""One factory for the envelopes of all commands, whether a request, an event or the service itself causes them."""

from typing import Any, Required, TypedDict, Unpack
from uuid import UUID

import msgspec

from shared.messages import COMMAND_SCHEMA, FIRST_SCHEMA, CommandEnvelope, Previewed
from shared.ports import Clock, Ids

DERIVED = "derived"


class Fields(TypedDict, total=False):
    aggregate_id: Required[str]
    user_id: Required[str]
    operation_id: UUID
    organization_id: str | None
    fingerprint: str
    reason: str | None
    expected_sequence: int | None
    preview: Previewed | None


class CommandEnvelopes:
    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    def make(self, command: Any, *, is_awaited: bool = True, **fields: Unpack[Fields]) -> CommandEnvelope:
        """Wrap the command, as a new operation unless `operation_id` is given. Only an awaited one has an attempt."""
        fields.setdefault("operation_id", self._ids.new())
        fields.setdefault("fingerprint", DERIVED)
        return CommandEnvelope(
            **fields,
            issued_at=self._clock.now(),
            schema_version=FIRST_SCHEMA if fields.get("preview") is None else COMMAND_SCHEMA,
            attempt=self._ids.new() if is_awaited else None,
            command=encoded_command(command),
        )


def encoded_command(command: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(command))
