"""The event log for facts that are written directly, in the transaction that makes them true."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec

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


class DirectFact(Protocol):
    """An event with the state it leads to, and who caused it."""

    @property
    def event_id(self) -> UUID: ...
    @property
    def aggregate_id(self) -> str: ...
    @property
    def event(self) -> Event: ...
    @property
    def state(self) -> Any: ...
    @property
    def user_id(self) -> str: ...
    @property
    def organization_id(self) -> str | None: ...
    @property
    def operation_id(self) -> UUID: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def reason(self) -> str | None: ...


class PostgresFactLog:
    """Appends one context's facts. They are audit, and are never relayed."""

    def __init__(self, context: str) -> None:
        self._context = context

    async def record(self, transaction: Transaction, facts: Sequence[DirectFact]) -> None:
        """Each fact gets its stream's next sequence; one fact a stream and call."""
        if not facts:
            return
        ids = [fact.aggregate_id for fact in facts]
        states = [msgspec.json.encode(fact.state).decode() for fact in facts]
        versions = dict(await transaction.fetch(MOVE_HEADS, self._context, ids, states, STATE_SCHEMA))
        for fact in facts:
            payload = msgspec.json.encode(fact.event).decode()
            await transaction.execute(
                APPEND,
                fact.event_id,
                self._context,
                fact.aggregate_id,
                fact.event.topic,
                versions[fact.aggregate_id],
                payload,
                fact.organization_id,
                fact.user_id,
                fact.operation_id,
                fact.occurred_at,
                fact.reason,
            )
