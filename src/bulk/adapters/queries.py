"""The progress of bulk operations, and the outcome of each organization."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from bulk.adapters.postgres import FIELDS, operation
from bulk.domain import OUTCOMES, BulkCommand, BulkOperation, ItemOutcome, OrganizationFilter, Status, item_operation_id
from bulk.domain import Item as DomainItem
from bulk.ports import OrganizationLabels
from organizations.contract import OrganizationLabel
from shared.lists.cursors import Cursors
from shared.ports import Database

COUNTS = "SELECT coalesce(outcome, 'waiting'), count(*) FROM bulk.bulk_items WHERE bulk_id = $1 GROUP BY outcome"

REASONS = """
SELECT code, min(detail), count(*) FROM bulk.bulk_items WHERE bulk_id = $1 AND outcome = 'rejected'
GROUP BY code ORDER BY count(*) DESC, code LIMIT 20
"""

ONE = f"SELECT {FIELDS} FROM bulk.bulk_operations WHERE id = $1"

RECENT = f"""
SELECT {FIELDS} FROM bulk.bulk_operations WHERE $2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid)
ORDER BY created_at DESC, id DESC LIMIT $1
"""

ITEMS = """
SELECT organization_id, outcome, code, detail, attempt FROM bulk.bulk_items
WHERE bulk_id = $1 AND organization_id > $2 {outcome} ORDER BY organization_id LIMIT $3
"""


class BulkCounts(Struct, frozen=True):
    """Organizations by outcome; `waiting` are those without one."""

    waiting: int
    applied: int
    unchanged: int
    rejected: int
    failed: int
    cancelled: int


class BulkReason(Struct, frozen=True):
    """A reason of refusals, with one of their texts."""

    code: str
    detail: str
    count: int


class BulkProgress(Struct, frozen=True):
    """The progress of a bulk operation. `total` grows while it is `selecting`."""

    bulk_operation_id: UUID
    status: Status
    command: BulkCommand
    filter: OrganizationFilter | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    reason: str | None
    total: int
    counts: BulkCounts
    refusals: Sequence[BulkReason]


class BulkSummary(Struct, frozen=True):
    """A bulk operation in the list of them."""

    bulk_operation_id: UUID
    status: Status
    command: BulkCommand
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    reason: str | None


class BulkPage(Struct, frozen=True):
    """Bulk operations, newest first. `next_cursor` is null on the last page."""

    items: Sequence[BulkSummary]
    next_cursor: str | None


class BulkItem(Struct, frozen=True):
    """One organization of a bulk operation. `outcome` is null until it is decided; `code` and `detail` of a refusal."""

    organization_id: str
    organization_name: str
    outcome: ItemOutcome | None
    code: str | None
    detail: str | None
    operation_id: UUID


class BulkItemPage(Struct, frozen=True):
    """Organizations by id. `next_cursor` is null on the last page."""

    items: Sequence[BulkItem]
    next_cursor: str | None


class RecentPlace(Struct, frozen=True, array_like=True):
    created_at: datetime
    id: UUID


class PostgresBulkReader:
    """Counts progress on every read: a hundred thousand organizations take milliseconds."""

    def __init__(self, database: Database, labels: OrganizationLabels, cursors: Cursors) -> None:
        self._database = database
        self._labels = labels
        self._cursors = cursors

    async def progress(self, bulk_id: UUID) -> BulkProgress | None:
        async with self._database.snapshot() as transaction:
            row = await transaction.fetchrow(ONE, bulk_id)
            if row is None:
                return None
            counts = dict(await transaction.fetch(COUNTS, bulk_id))
            reasons = [BulkReason(*reason) for reason in await transaction.fetch(REASONS, bulk_id)]
        return progress(operation(row), counts, reasons)

    async def recent(self, limit: int, cursor: str | None) -> BulkPage:
        cursors = await self._cursors.of("bulk-operations")
        place = cursors.place(cursor, RecentPlace)
        after = (place.created_at, place.id) if place else (None, None)
        async with self._database.snapshot() as transaction:
            operations = [operation(row) for row in await transaction.fetch(RECENT, limit + 1, *after)]
        return BulkPage(
            [summary(one) for one in operations[:limit]],
            cursors.beyond(operations, limit, lambda one: RecentPlace(one.created_at, one.id)),
        )

    async def items(
        self, bulk_id: UUID, outcome: ItemOutcome | None, limit: int, cursor: str | None
    ) -> BulkItemPage | None:
        """Return None when there is no such bulk operation. Raise `BadCursor`."""
        cursors = await self._cursors.of("bulk-items", str(bulk_id), outcome)
        statement = ITEMS.format(outcome="AND outcome = $4" if outcome else "")
        arguments: list[Any] = [bulk_id, cursors.place(cursor, str) or "", limit + 1]
        async with self._database.snapshot() as transaction:
            if await transaction.fetchrow(ONE, bulk_id) is None:
                return None
            rows = await transaction.fetch(statement, *arguments, *([outcome] if outcome else []))
            ids = [row[0] for row in rows]
            labels = await self._labels.labels(transaction, ids) if ids else {}
        return BulkItemPage(
            [item(bulk_id, row, labels) for row in rows[:limit]], cursors.beyond(rows, limit, lambda row: row[0])
        )


def progress(bulk: BulkOperation, counts: Mapping[str, int], reasons: Sequence[BulkReason]) -> BulkProgress:
    by_outcome = {name: counts.get(name, 0) for name in ("waiting", *OUTCOMES)}
    return BulkProgress(
        **asdict(summary(bulk)),
        filter=bulk.selection.filter,
        total=sum(by_outcome.values()),
        counts=BulkCounts(**by_outcome),
        refusals=reasons,
    )


def summary(bulk: BulkOperation) -> BulkSummary:
    return BulkSummary(
        bulk.id, bulk.status, bulk.command, bulk.created_by, bulk.created_at, bulk.finished_at, bulk.reason
    )


def item(bulk_id: UUID, row: Any, labels: Mapping[str, OrganizationLabel]) -> BulkItem:
    """Convert a row of `ITEMS`. The name of an unknown organization is empty."""
    organization_id, outcome, code, detail, attempt = row
    operation_id = item_operation_id(bulk_id, DomainItem(organization_id, attempt))
    name = labels[organization_id].name if organization_id in labels else ""
    return BulkItem(organization_id, name, outcome, code, detail, operation_id)
