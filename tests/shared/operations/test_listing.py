"""The list of operations: who sees which, by what they are found, and for how long."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from shared.errors import Refusal
from shared.lists.cursors import BadCursor
from shared.lists.lister import ListParams
from shared.messages import Outcome
from shared.operations.postgres import OperationFilter, PostgresOperationList, PostgresOperations, Sort
from shared.ports import Caller
from shared.postgres.database import PostgresDatabase
from tests.fakes import CURSORS, NOON
from tests.support.query_cost import MeasuredDatabase

OWN, OTHER = UUID(int=1), UUID(int=2)
ADMIN = Caller("ada", "super_admin")

ADD = """
INSERT INTO shared.operations (id, context, aggregate_id, organization_id, user_id, command, status, fingerprint,
  outcome, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9)
"""

MANY = """
INSERT INTO shared.operations (id, context, aggregate_id, organization_id, user_id, command, status, fingerprint,
  created_at)
SELECT gen_random_uuid(), 'assignments', n::text, (n % 20000)::text, 'ada', 'AssignModule',
  CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'applied' END, '', now() - n * interval '1 s'
FROM generate_series(1, $1::integer) AS n
"""


class Operations:
    """Adds operations, each a second later than the one before, and asks for them."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database
        self.list = PostgresOperationList(database, CURSORS)
        self._last = NOON

    async def add(
        self,
        status: str,
        organization_id: UUID | None = OWN,
        *,
        context: str = "assignments",
        command: str = "AssignModule",
        at: datetime | None = None,
    ) -> UUID:
        id_, refusal = uuid4(), Refusal("conflict", "not_so", "Not so.", extra={"a": 1})
        outcome = Outcome(
            operation_id=id_, status="rejected", fingerprint="", context="", aggregate_id="", refusal=refusal
        )
        self._last = at or self._last + timedelta(seconds=1)
        organization = None if organization_id is None else str(organization_id)
        told = msgspec.json.encode(outcome).decode() if status == "rejected" else None
        async with self.database.writing() as transaction:
            await transaction.execute(ADD, id_, context, "x", organization, "bob", command, status, told, self._last)
        return id_

    async def ids(
        self, caller: Caller = ADMIN, sort: Sort = "-created_at", limit: int = 2, **wanted: Any
    ) -> list[UUID]:
        """Of all pages."""
        query = ListParams(OperationFilter(**wanted), limit, sort=sort)
        page = await self.list.visible(query, caller)
        found = [*page.items]
        while page.next_cursor is not None:
            page = await self.list.visible(msgspec.structs.replace(query, cursor=page.next_cursor), caller)
            found += page.items
        return [each.operation_id for each in found]


@pytest.fixture
def operations(database: PostgresDatabase) -> Operations:
    return Operations(database)


async def test_filters_narrow_the_list_together_the_youngest_first(operations: Operations) -> None:
    applied = await operations.add("applied")
    rejected = await operations.add("rejected", command="UnassignModule")
    pending = await operations.add("pending", OTHER)
    module = await operations.add("applied", None, context="registry", command="RegisterModule")
    failed = await operations.add("failed", OTHER)
    for wanted, expected in (
        ({}, [failed, module, pending, rejected, applied]),
        ({"organization_id": OWN}, [rejected, applied]),
        ({"organization_id": UUID(int=3)}, []),
        ({"status": "applied"}, [module, applied]),
        ({"status": "failed"}, [failed]),
        ({"status": "rejected", "organization_id": OTHER}, []),
        ({"status": "pending", "organization_id": OTHER}, [pending]),
        ({"context": "registry"}, [module]),
        ({"command": "AssignModule"}, [failed, pending, applied]),
        ({"command": "AssignModule", "organization_id": OTHER, "status": "pending"}, [pending]),
    ):
        for limit in (1, 50):
            assert await operations.ids(limit=limit, **wanted) == expected, wanted
            assert await operations.ids(sort="created_at", limit=limit, **wanted) == expected[::-1], wanted


async def test_people_see_what_was_asked_for_their_organization_and_services_nothing(operations: Operations) -> None:
    own, other = await operations.add("applied"), await operations.add("failed", OTHER)
    await operations.add("applied", None)
    person = Caller("bob", "organization_admin", str(OWN))
    assert await operations.ids(person) == [own]
    assert await operations.ids(person, organization_id=OWN) == [own]
    assert await operations.ids(person, organization_id=OTHER) == []
    assert await operations.ids(person, status="failed") == []
    assert await operations.ids(Caller("carl", "organization_admin", str(OTHER))) == [other]
    for nobody in (Caller("bob", "service"), Caller("bob", "organization_admin")):
        assert await operations.ids(nobody) == []
        assert await operations.ids(nobody, organization_id=OWN) == []


async def test_the_list_tells_why_something_was_rejected_and_no_more(operations: Operations) -> None:
    await operations.add("rejected")
    await operations.add("applied")
    page = await operations.list.visible(ListParams(OperationFilter(), 2), ADMIN)
    told = msgspec.json.decode(msgspec.json.encode(page))["items"]
    assert [item["refusal"] for item in told] == [None, {"kind": "conflict", "code": "not_so", "detail": "Not so."}]
    assert (told[0]["command"], told[0]["user_id"], told[0]["organization_id"]) == ("AssignModule", "bob", str(OWN))


async def test_a_cursor_is_bound_to_filters_order_and_what_its_reader_may_see(operations: Operations) -> None:
    for _ in range(3):
        await operations.add("applied")
    query = ListParams(OperationFilter(), 1)
    cursor = (await operations.list.visible(query, ADMIN)).next_cursor
    for name, value in (("organization_id", OWN), ("status", "applied"), ("context", "x"), ("command", "x")):
        wanted = msgspec.structs.replace(query.filter, **{name: value})
        with pytest.raises(BadCursor):
            await operations.list.visible(ListParams(wanted, 1, cursor), ADMIN)
    with pytest.raises(BadCursor):
        await operations.list.visible(ListParams(OperationFilter(), 1, cursor, "created_at"), ADMIN)
    with pytest.raises(BadCursor):
        await operations.list.visible(
            ListParams(OperationFilter(), 1, cursor), Caller("bob", "organization_admin", str(OWN))
        )
    assert len((await operations.list.visible(ListParams(OperationFilter(), 5, cursor), ADMIN)).items) == 2


async def test_a_page_of_many_operations_costs_little(database: PostgresDatabase) -> None:
    async with database.writing() as transaction:
        await transaction.execute(MANY, 60_000)
    measured = MeasuredDatabase(database)
    for wanted, number, bound in (
        (OperationFilter(), 50, 150),
        (OperationFilter(status="failed"), 50, 250),
        (OperationFilter(organization_id=OWN), 0, 20),
        (OperationFilter(organization_id=OWN, status="failed"), 0, 250),
        (OperationFilter(context="registry"), 0, 7500),
        (OperationFilter(status="failed", context="assignments"), 50, 250),
    ):
        page = await PostgresOperationList(measured, CURSORS).visible(ListParams(wanted, 50), ADMIN)
        assert len(page.items) == number, wanted
        assert measured.buffers() < bound, wanted


async def test_operations_are_kept_for_thirty_days_and_then_swept_in_bounded_steps(operations: Operations) -> None:
    days = timedelta(days=1)
    young = [await operations.add(status, at=NOON - 30 * days) for status in ("applied", "pending", "failed")]
    old = [
        await operations.add(status, at=NOON - 30 * days - timedelta(microseconds=1))
        for status in ("applied", "rejected")
    ]
    reader = PostgresOperations(operations.database)
    assert await reader.sweep(NOON) == len(old)
    assert await reader.sweep(NOON) == 0
    assert sorted(await operations.ids()) == sorted(young)
    assert [await reader.operation(id_) for id_ in old] == [None, None]
    async with operations.database.writing() as transaction:
        await transaction.execute(MANY, 5001)
    later = datetime.now(NOON.tzinfo) + 31 * days
    assert [await reader.sweep(later) for _ in range(3)] == [5000, 1 + len(young), 0]
