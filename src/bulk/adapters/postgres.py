"""Bulk operations with the lease on each, and a row for every organization."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSON

from bulk.domain import RETRIED, BulkCommand, BulkOperation, Item, ItemResult, Selection
from shared.ports import Clock, Database
from shared.postgres.database import metadata

UNFINISHED = "('selecting', 'running', 'cancelling')"
CANCELLED_AT_ONCE = 5000
RETENTION = timedelta(days=90)

bulk_operations = Table(
    "bulk_operations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("command", JSON, nullable=False),
    Column("selection", JSON, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("reason", Text),
    Column("fingerprint", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("cursor", Text),
    Column("finished_at", DateTime(timezone=True)),
    Column("holder", Text),
    Column("held_until", DateTime(timezone=True)),
    CheckConstraint("status IN ('selecting', 'running', 'cancelling', 'finished', 'cancelled')", name="status"),
    Index("ix_bulk_operations_created_at", "created_at", "id"),
    Index("ix_bulk_operations_unfinished", "created_at", postgresql_where=text(f"status IN {UNFINISHED}")),
    schema="bulk",
)

bulk_items = Table(
    "bulk_items",
    metadata,
    Column("bulk_id", Uuid, ForeignKey("bulk.bulk_operations.id", ondelete="CASCADE"), primary_key=True),
    Column("organization_id", Text(collation="C"), primary_key=True),
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column("outcome", Text),
    Column("code", Text),
    Column("detail", Text),
    Index("ix_bulk_items_outcome", "bulk_id", "outcome", "organization_id"),
    Index("ix_bulk_items_waiting", "bulk_id", "organization_id", postgresql_where=text("outcome IS NULL")),
    schema="bulk",
)

COMMAND: msgspec.json.Decoder[BulkCommand] = msgspec.json.Decoder(BulkCommand)
SELECTION = msgspec.json.Decoder(Selection)
FIELDS = "id, command, selection, created_by, created_at, reason, status, finished_at, cursor"

BEGIN = """
INSERT INTO bulk.bulk_operations (id, command, selection, created_by, created_at, reason, fingerprint, status)
VALUES ($1, $2::json, $3::json, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING RETURNING id
"""

ONE = f"SELECT {FIELDS}, fingerprint FROM bulk.bulk_operations WHERE id = $1"

ADD_ITEMS = """
INSERT INTO bulk.bulk_items (bulk_id, organization_id) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING
"""

CLAIM = f"""
UPDATE bulk.bulk_operations SET holder = $1, held_until = now() + interval '10 seconds'
WHERE id = (
  SELECT id FROM bulk.bulk_operations
  WHERE status IN {UNFINISHED} AND (held_until IS NULL OR held_until < now() OR holder = $1)
  ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING {FIELDS}
"""

RENEW = f"""
UPDATE bulk.bulk_operations SET held_until = now() + interval '10 seconds'
WHERE id = $1 AND holder = $2 AND status IN {UNFINISHED} RETURNING {FIELDS}
"""

SELECTED = """
UPDATE bulk.bulk_operations SET cursor = $2,
  status = CASE WHEN status = 'selecting' AND $2::text IS NULL THEN 'running' ELSE status END
WHERE id = $1
"""

FINISH = f"""
UPDATE bulk.bulk_operations SET status = CASE WHEN status = 'cancelling' THEN 'cancelled' ELSE 'finished' END,
  finished_at = $2, holder = NULL, held_until = NULL
WHERE id = $1 AND status IN {UNFINISHED}
"""

CANCEL = f"UPDATE bulk.bulk_operations SET status = 'cancelling' WHERE id = $1 AND status IN {UNFINISHED}"

WAITING = """
SELECT organization_id, attempt FROM bulk.bulk_items
WHERE bulk_id = $1 AND outcome IS NULL AND organization_id > $2 ORDER BY organization_id LIMIT $3
"""

# The rows are there: a conflict leads to each by its key. A join would be planned by statistics from before they were,
# and look at all that wait for each of them.
RECORD = """
INSERT INTO bulk.bulk_items AS i (bulk_id, organization_id, attempt, outcome, code, detail)
SELECT DISTINCT ON (n.organization_id) $1::uuid, n.organization_id, n.attempt, n.outcome, n.code, n.detail
FROM unnest($2::text[], $3::integer[], $4::text[], $5::text[], $6::text[])
  AS n(organization_id, attempt, outcome, code, detail)
ORDER BY n.organization_id, n.attempt DESC
ON CONFLICT (bulk_id, organization_id) DO UPDATE
SET outcome = excluded.outcome, code = excluded.code, detail = excluded.detail
WHERE i.attempt = excluded.attempt AND i.outcome IS NULL
"""

CANCEL_WAITING = """
WITH round AS (
  SELECT organization_id FROM bulk.bulk_items
  WHERE bulk_id = $1 AND outcome IS NULL AND organization_id <> ALL($2::text[]) ORDER BY organization_id LIMIT $3
)
UPDATE bulk.bulk_items i SET outcome = 'cancelled' FROM round
WHERE i.bulk_id = $1 AND i.organization_id = round.organization_id
"""

RETRY = """
UPDATE bulk.bulk_items SET outcome = NULL, code = NULL, detail = NULL, attempt = attempt + 1
WHERE bulk_id = $1 AND outcome = ANY($2::text[])
"""

RUN_AGAIN = """
UPDATE bulk.bulk_operations SET status = 'running', finished_at = NULL
WHERE id = $1 AND status IN ('finished', 'cancelled')
"""


SWEEP = """
DELETE FROM bulk.bulk_operations WHERE id IN (SELECT id FROM bulk.bulk_operations WHERE finished_at < $1 LIMIT 5)
"""


class PostgresBulkOperations:
    def __init__(self, database: Database, clock: Clock, replica_id: str) -> None:
        self._database = database
        self._clock = clock
        self._holder = replica_id

    async def begin(self, bulk: BulkOperation, fingerprint: str) -> tuple[BulkOperation, str]:
        ids = sorted({str(id_) for id_ in bulk.selection.organization_ids or ()})
        selection = Selection(None, bulk.selection.filter)  # the items have the ids
        async with self._database.writing() as transaction:
            stored = (bulk.created_by, bulk.created_at, bulk.reason, fingerprint, bulk.status)
            fresh = await transaction.fetchval(BEGIN, bulk.id, encoded(bulk.command), encoded(selection), *stored)
            if fresh is not None and ids:
                await transaction.execute(ADD_ITEMS, bulk.id, ids)
            row = await transaction.fetchrow(ONE, bulk.id)
        return operation(row[:-1]), row[-1]

    async def find(self, bulk_id: UUID) -> BulkOperation | None:
        async with self._database.snapshot() as transaction:
            row = await transaction.fetchrow(ONE, bulk_id)
        return operation(row[:-1]) if row else None

    async def cancel(self, bulk_id: UUID) -> None:
        async with self._database.writing() as transaction:
            await transaction.execute(CANCEL, bulk_id)

    async def retry(self, bulk_id: UUID) -> int:
        """Queue the items first, so that the process that claims it finds them."""
        async with self._database.writing() as transaction:
            again = row_count(await transaction.execute(RETRY, bulk_id, list(RETRIED)))
            if again:
                await transaction.execute(RUN_AGAIN, bulk_id)
        return again

    async def claim(self) -> BulkOperation | None:
        return await self._leased(CLAIM, self._holder)

    async def renew(self, bulk_id: UUID) -> BulkOperation | None:
        return await self._leased(RENEW, bulk_id, self._holder)

    async def _leased(self, statement: str, *arguments: Any) -> BulkOperation | None:
        async with self._database.writing() as transaction:
            row = await transaction.fetchrow(statement, *arguments)
        return operation(row) if row else None

    async def select(self, bulk_id: UUID, organization_ids: Sequence[str], cursor: str | None) -> None:
        """Store both in one transaction: no organization is left out or selected twice."""
        async with self._database.writing() as transaction:
            if organization_ids:
                await transaction.execute(ADD_ITEMS, bulk_id, list(organization_ids))
            await transaction.execute(SELECTED, bulk_id, cursor)

    async def finish(self, bulk_id: UUID) -> None:
        async with self._database.writing() as transaction:
            await transaction.execute(FINISH, bulk_id, self._clock.now())

    async def waiting(self, bulk_id: UUID, after: str, limit: int) -> Sequence[Item]:
        async with self._database.snapshot() as transaction:
            return [Item(*row) for row in await transaction.fetch(WAITING, bulk_id, after, limit)]

    async def record(self, bulk_id: UUID, results: Sequence[ItemResult]) -> None:
        rows = [(one.organization_id, one.attempt, one.outcome, one.code, one.detail) for one in results]
        async with self._database.writing() as transaction:
            await transaction.execute(RECORD, bulk_id, *zip(*sorted(rows), strict=True))

    async def cancel_waiting(self, bulk_id: UUID, but: Sequence[str]) -> None:
        moved = CANCELLED_AT_ONCE
        while moved == CANCELLED_AT_ONCE:
            async with self._database.writing() as transaction:
                moved = row_count(await transaction.execute(CANCEL_WAITING, bulk_id, list(but), CANCELLED_AT_ONCE))

    async def sweep(self) -> None:
        """Delete a few that ended 90 days ago, with their items."""
        async with self._database.writing() as transaction:
            await transaction.execute(SWEEP, self._clock.now() - RETENTION)


def operation(row: Any) -> BulkOperation:
    """Convert a row of `FIELDS`."""
    id_, command, selection, *fields = row
    return BulkOperation(id_, COMMAND.decode(command), SELECTION.decode(selection), *fields)


def encoded(document: Any) -> str:
    return msgspec.json.encode(document).decode()


def row_count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
