"""The list of operations: recent commands and their outcomes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.errors import Kind
from shared.lists.keyset import Where
from shared.lists.lister import Conditions, Lister, ListParams, Page, equal_to
from shared.lists.parameters import text_parameter, value_parameter
from shared.messages import Status
from shared.ports import Caller, Transaction
from shared.postgres.rows import read_row

Sort = Literal["-created_at", "created_at"]

# Few operations are unsettled: an index of their own finds them.
UNSETTLED: tuple[Status, ...] = ("pending", "rejected", "failed")


class OperationFilter(Struct, frozen=True):
    """Which operations: all that are given hold."""

    organization_id: Annotated[UUID | None, value_parameter("On this organization alone.")] = None
    status: Status | None = None
    context: Annotated[str | None, text_parameter(63, "Those of this context, such as `assignments`.")] = None
    command: Annotated[str | None, text_parameter(63, "This command, such as `AssignModule`.")] = None


class VisibleOperations(Struct, frozen=True):
    """Those of the filter that belong to this organization; None: to any."""

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
    """What the list reads of an outcome."""

    refusal: RefusalSummary | None = None


class PostgresOperationList(Lister[VisibleOperations, OperationPage]):
    """Reads `shared.operations`."""

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
        asked = wanted.filter
        organizations = {each for each in (wanted.owner, asked.organization_id and str(asked.organization_id)) if each}
        indexed = [each for id_ in sorted(organizations) for each in equal_to(organization_id=id_)]
        tests = equal_to(context=asked.context, command=asked.command)
        if asked.status in UNSETTLED:
            indexed.append(Where(f"status = '{asked.status}'"))
        else:
            tests += equal_to(status=asked.status)
        return Conditions(indexed=indexed, tests=tests)

    async def items(self, transaction: Transaction, rows: Sequence[Any]) -> Sequence[OperationSummary]:
        return [summary(row) for row in rows]


def summary(row: Any) -> OperationSummary:
    outcome = msgspec.json.decode(row["outcome"] or b"{}", type=OutcomeSummary)
    return read_row(OperationSummary, row, operation_id=row["id"], refusal=outcome.refusal)
