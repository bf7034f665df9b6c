"""Operations and streams as callers may read them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.adapters.http_commands import EventSummary
from shared.adapters.postgres import PostgresDatabase
from shared.errors import Refusal
from shared.messages import Outcome, Status

ONE = """
SELECT id, context, aggregate_id, organization_id, user_id, command, status, outcome, created_at, decided_at
FROM shared.operations WHERE id = $1
"""

SINCE = """
SELECT sequence, type, user_id, occurred_at, reason FROM shared.event_log
WHERE aggregatetype = $1 AND aggregateid = $2 AND sequence > $3 ORDER BY sequence LIMIT $4
"""

SWEEP = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {column} < $1 LIMIT 5000))
"""

SWEPT = (
    ("shared.operations", "created_at", timedelta(days=30)),
    ("shared.inbox", "received_at", timedelta(days=30)),
)


class Operation(Struct, frozen=True):
    """One command's life, as its row tells it."""

    operation_id: UUID
    context: str
    aggregate_id: str
    organization_id: str | None
    user_id: str
    command: str
    status: Status
    created_at: datetime
    decided_at: datetime | None
    outcome: Outcome | None

    @property
    def refusal(self) -> Refusal | None:
        """Why it was rejected."""
        return self.outcome.refusal if self.outcome else None


class PostgresOperations:
    """Reads operations and streams; sweeps what need not be kept."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def operation(self, operation_id: UUID) -> Operation | None:
        """One operation; None when there is none, or it is older than 30 days."""
        async with self._database.reading() as connection:
            row: Any = await connection.fetchrow(ONE, operation_id)
        if row is None:
            return None
        outcome = None if row["outcome"] is None else msgspec.json.decode(row["outcome"], type=Outcome)
        return Operation(
            row["id"],
            row["context"],
            row["aggregate_id"],
            row["organization_id"],
            row["user_id"],
            row["command"],
            row["status"],
            row["created_at"],
            row["decided_at"],
            outcome,
        )

    async def events_since(self, context: str, aggregate_id: str, sequence: int, limit: int) -> Sequence[EventSummary]:
        """The stream's events after `sequence`, oldest first."""
        async with self._database.reading() as connection:
            rows = await connection.fetch(SINCE, context, aggregate_id, sequence, limit)
        return [EventSummary(number, type_, user, at.isoformat(), reason) for number, type_, user, at, reason in rows]

    async def sweep(self, now: datetime) -> int:
        """Removes one page of rows past their keeping from each table; returns how many."""
        removed = 0
        for table, column, keeping in SWEPT:
            async with self._database.writing() as transaction:
                status = await transaction.execute(SWEEP.format(table=table, column=column), now - keeping)
            removed += int(status.rpartition(" ")[2])
        return removed
