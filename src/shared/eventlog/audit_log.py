"""Audit events: recorded directly, in the transaction that makes them true, without a command."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from shared.messages import STATE_SCHEMA, Event
from shared.ports import Transaction

MOVE_HEADS = """
INSERT INTO shared.streams AS s (context, id, version, state, state_schema)
SELECT $1, n.id, 1, n.state::json, $4 FROM unnest($2::text[], $3::text[]) AS n(id, state) ORDER BY n.id
ON CONFLICT (context, id) DO UPDATE SET version = s.version + 1, state = excluded.state
RETURNING s.id, s.version
"""

APPEND = """
INSERT INTO shared.event_log (id, aggregatetype, aggregateid, type, sequence, payload, organization_id, user_id,
                              operation_id, occurred_at, reason)
VALUES ($1, $2, $3, $4, $5, $6::json, $7, $8, $9, $10, $11)
"""


class AuditEvent(Struct, frozen=True, kw_only=True):
    """An event that is recorded directly, the state it leads to, and its author. `user_id` caused it."""

    aggregate_id: str
    event: Event
    state: Any
    user_id: str
    operation_id: UUID
    occurred_at: datetime
    organization_id: UUID | None
    reason: str | None = None

    @property
    def event_id(self) -> UUID:
        """The same at every attempt, and different from any event another context records for the operation."""
        return uuid5(self.operation_id, self.event.topic)


class AuditLog(Protocol):
    async def record(self, transaction: Transaction, events: Sequence[AuditEvent]) -> None:
        """Append the events, each with its stream's next sequence; at most one event of a stream in a call."""
        ...


class PostgresAuditLog:
    """Append one context's audit events. They are never relayed."""

    def __init__(self, context: str) -> None:
        self._context = context

    async def record(self, transaction: Transaction, events: Sequence[AuditEvent]) -> None:
        if not events:
            return
        ids = [one.aggregate_id for one in events]
        states = [msgspec.json.encode(one.state).decode() for one in events]
        versions = dict(await transaction.fetch(MOVE_HEADS, self._context, ids, states, STATE_SCHEMA))
        for one in events:
            await transaction.execute(
                APPEND,
                one.event_id,
                self._context,
                one.aggregate_id,
                one.event.topic,
                versions[one.aggregate_id],
                msgspec.json.encode(one.event).decode(),
                None if one.organization_id is None else str(one.organization_id),
                one.user_id,
                one.operation_id,
                one.occurred_at,
                one.reason,
            )
