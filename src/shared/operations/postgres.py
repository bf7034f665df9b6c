"""Operations in PostgreSQL: one, the list, the events of streams, and the removal of old rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.commands.conflict_details import EventSummary
from shared.errors import Kind, Refusal
from shared.lists.keyset import Where
from shared.lists.lister import Conditions, Lister, ListParams, Page, equal_to
from shared.lists.parameters import text_parameter, value_parameter
from shared.messages import Outcome, Status
from shared.ports import Caller, Transaction
from shared.postgres.database import PostgresDatabase
from shared.postgres.rows import read_row

ONE = """
SELECT id, context, aggregate_id, organization_id, user_id, command, status, outcome, created_at, decided_at
FROM shared.operations WHERE id = $1
"""

SUMMARY = (
    "SELECT sequence, type, user_id, occurred_at, reason, aggregatetype || ':' || aggregateid FROM shared.event_log"
)

SINCE = f"""
{SUMMARY} WHERE aggregatetype = $1 AND aggregateid = $2 AND sequence > $3 ORDER BY sequence LIMIT $4
"""

FROM = f"""
{SUMMARY} WHERE (aggregatetype, aggregateid) IN (SELECT * FROM unnest($1::text[], $2::text[]))
  AND xid >= $3::text::xid8 ORDER BY seq LIMIT $4
"""

SWEEP = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {column} < $1 LIMIT 5000))
"""

SWEPT = (
    ("shared.operations", "created_at", timedelta(days=30)),
    ("shared.inbox", "received_at", timedelta(days=30)),
)

Sort = Literal["-created_at", "created_at"]
# Few operations are unsettled: an index of their own finds them.
UNSETTLED: tuple[Status, ...] = ("pending", "rejected", "failed")


class Operation(Struct, frozen=True):
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
        return self.outcome.refusal if self.outcome else None


class PostgresOperations:
    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def operation(self, operation_id: UUID) -> Operation | None:
        """Return one operation; None when there is none, or it is older than 30 days."""
        async with self._database.reading() as connection:
            row: Any = await connection.fetchrow(ONE, operation_id)
        if row is None:
            return None
        # A failed one that is retried is pending, and its row still has the outcome of the attempt before.
        settled = row["status"] != "pending"
        outcome = msgspec.json.decode(row["outcome"], type=Outcome) if settled else None
        decided_at = row["decided_at"] if settled else None
        return read_row(Operation, row, operation_id=operation_id, decided_at=decided_at, outcome=outcome)

    async def events_since(self, stream: str, sequence: int, limit: int) -> Sequence[EventSummary]:
        """Return the stream's events after `sequence`, oldest first."""
        context, _, aggregate_id = stream.partition(":")
        async with self._database.reading() as connection:
            rows = await connection.fetch(SINCE, context, aggregate_id, sequence, limit)
        return [event_summary(*row) for row in rows]

    async def events_from(self, streams: Sequence[str], position: int, limit: int) -> Sequence[EventSummary]:
        names = [stream.partition(":") for stream in streams]
        contexts, ids = [context for context, _, _ in names], [aggregate_id for _, _, aggregate_id in names]
        async with self._database.reading() as connection:
            rows = await connection.fetch(FROM, contexts, ids, str(position), limit)
        return [event_summary(*row) for row in rows]

    async def sweep(self, now: datetime) -> int:
        """Remove up to 5000 expired rows from each table; return how many in all."""
        removed = 0
        for table, column, keeping in SWEPT:
            async with self._database.writing() as transaction:
                status = await transaction.execute(SWEEP.format(table=table, column=column), now - keeping)
            removed += int(status.rpartition(" ")[2])
        return removed


def event_summary(
    sequence: int, type_: str, user_id: str, occurred_at: datetime, reason: str | None, stream: str
) -> EventSummary:
    return EventSummary(sequence, type_, user_id, occurred_at.isoformat(), reason, stream)


class OperationFilter(Struct, frozen=True):
    """Which operations: all that are given hold."""

    organization_id: Annotated[UUID | None, value_parameter("On this organization alone.")] = None
    status: Status | None = None
    context: Annotated[str | None, text_parameter(63, "Those of this context, such as `assignments`.")] = None
    command: Annotated[str | None, text_parameter(63, "This command, such as `AssignModule`.")] = None


class VisibleOperations(Struct, frozen=True):
    filter: OperationFilter
    owner: str | None


class RefusalSummary(Struct, frozen=True):
    """Why a command was rejected, in short."""

    kind: Kind
    code: str
    detail: str


class OperationSummary(Struct, frozen=True):
    """One command's life, without its result. `user_id` asked for it."""

    operation_id: UUID
    status: Status
    command: str
    context: str
    aggregate_id: str
    organization_id: str | None
    user_id: str
    created_at: datetime
    decided_at: datetime | None
    refusal: RefusalSummary | None


class OperationPage(Page[OperationSummary], frozen=True):
    """Operations of the last 30 days. `next_cursor` is null on the last page, and there alone.

    A page may have fewer items than `limit` before the last: it looks at a bounded number of operations.
    """


class OutcomeSummary(Struct, frozen=True):
    refusal: RefusalSummary | None = None


class PostgresOperationList(Lister[VisibleOperations, OperationPage]):
    name, table, id = "operations", "shared.operations", "id"
    columns = "id, context, aggregate_id, organization_id, user_id, command, status, outcome, created_at, decided_at"
    orders: ClassVar = {"created_at": "created_at"}
    default_sort = "-created_at"
    page_type = OperationPage

    async def visible(self, params: ListParams[OperationFilter], caller: Caller) -> OperationPage:
        """Return all to super admins, to people their organization's, to others none. Raises `BadCursor`."""
        if caller.role != "super_admin" and caller.organization_id is None:
            return OperationPage([], None)
        owner = None if caller.role == "super_admin" else caller.organization_id
        wanted = VisibleOperations(params.filter, owner)
        return await self.page(ListParams(wanted, params.limit, params.cursor, params.sort))

    async def conditions(self, transaction: Transaction, wanted: VisibleOperations) -> Conditions:
        filter_ = wanted.filter
        organizations = {
            each for each in (wanted.owner, filter_.organization_id and str(filter_.organization_id)) if each
        }
        indexed = [each for id_ in sorted(organizations) for each in equal_to(organization_id=id_)]
        tests = equal_to(context=filter_.context, command=filter_.command)
        if filter_.status in UNSETTLED:
            indexed.append(Where(f"status = '{filter_.status}'"))
        else:
            tests += equal_to(status=filter_.status)
        return Conditions(indexed=indexed, tests=tests)

    async def items(self, transaction: Transaction, rows: Sequence[Any]) -> Sequence[OperationSummary]:
        return [operation_summary(row) for row in rows]


def operation_summary(row: Any) -> OperationSummary:
    outcome = msgspec.json.decode(row["outcome"] or b"{}", type=OutcomeSummary)
    return read_row(OperationSummary, row, operation_id=row["id"], refusal=outcome.refusal)
