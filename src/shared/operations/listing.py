"""The list of operations: what was asked for lately, and how it went."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.errors import Kind
from shared.lists.cursors import Cursors
from shared.lists.keyset import LongList, Place, Question, Turn, Where, looking_up
from shared.messages import Status
from shared.ports import Caller, Database

Sort = Literal["-created_at", "created_at"]

COLUMNS = """
id, context, aggregate_id, organization_id, user_id, command, status, outcome, created_at, decided_at
"""

# Of which there are few: these have an index of their own.
UNSETTLED: tuple[Status, ...] = ("pending", "rejected", "failed")


class OperationFilter(Struct, frozen=True):
    """Which operations: all that are given hold."""

    organization_id: UUID | None = None
    status: Status | None = None
    context: str | None = None
    command: str | None = None


class OperationQuery(Struct, frozen=True):
    """A page of them."""

    limit: int
    cursor: str | None = None
    sort: Sort = "-created_at"
    wanted: OperationFilter = OperationFilter()


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


class OperationPage(Struct, frozen=True):
    """Operations of the last 30 days. `next_cursor` is null on the last page, and there alone.

    A page may have fewer items than `limit` before the last: it looks at a bounded number of operations.
    """

    items: Sequence[OperationSummary]
    next_cursor: str | None


class Told(Struct, frozen=True):
    """What the list takes from an outcome."""

    refusal: RefusalSummary | None = None


class PostgresOperationList:
    """Reads `shared.operations`."""

    def __init__(self, database: Database, cursors: Cursors) -> None:
        self._database = database
        self._cursors = cursors

    async def page(self, wanted: OperationQuery, caller: Caller) -> OperationPage:
        """Super admins see all, people their organization's, others none. Raises `BadCursor`."""
        owner = None if caller.role == "super_admin" else caller.organization_id
        if owner is None and caller.role != "super_admin":
            return OperationPage([], None)
        cursors = await self._cursors.of("operations", owner, wanted.sort, wanted.wanted)
        after = cursors.place(wanted.cursor, Place)
        async with looking_up(self._database) as transaction:
            page = await LongList(transaction, question(wanted.wanted, wanted.sort, owner)).page(after, wanted.limit)
        return OperationPage([summary(row) for row in page.rows], cursors.following(page.end))


def question(wanted: OperationFilter, sort: Sort, owner: str | None) -> Question:
    """The operations of one organization, or all, that a filter lets through."""
    organizations = {each for each in (owner, wanted.organization_id and str(wanted.organization_id)) if each}
    looked_up = [Where("organization_id = {0}", (each,)) for each in sorted(organizations)]
    tests = [Where("context = {0}", (wanted.context,))] if wanted.context else []
    if wanted.command:
        tests.append(Where("command = {0}", (wanted.command,)))
    if wanted.status in UNSETTLED:
        looked_up.append(Where(f"status = '{wanted.status}'"))
    elif wanted.status:
        tests.append(Where("status = {0}", (wanted.status,)))
    return Question(
        table="shared.operations",
        columns=COLUMNS,
        key="created_at",
        id="id",
        descending=sort.startswith("-"),
        turns=[Turn(looked_up[:1], [*looked_up[1:], *tests])],
        narrow=looked_up if tests or len(looked_up) > 1 else [],
    )


def summary(row: Any) -> OperationSummary:
    """A row of `COLUMNS`."""
    told = Told() if row["outcome"] is None else msgspec.json.decode(row["outcome"], type=Told)
    return OperationSummary(
        operation_id=row["id"],
        status=row["status"],
        command=row["command"],
        context=row["context"],
        aggregate_id=row["aggregate_id"],
        organization_id=row["organization_id"],
        user_id=row["user_id"],
        created_at=row["created_at"],
        decided_at=row["decided_at"],
        refusal=told.refusal,
    )
