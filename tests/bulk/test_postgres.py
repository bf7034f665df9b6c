"""Bulk operations in the real database."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from bulk.adapters.postgres import RECORD, PostgresBulkOperations
from bulk.domain import Assign, BulkOperation, Item, ItemResult, OrganizationFilter, Selection, Status, Suspend
from shared.postgres.database import PostgresDatabase
from tests.fakes import NOON, FakeClock

ONE, TWO, THREE = (f"o-{number}" for number in (1, 2, 3))


@pytest.fixture
def store(database: PostgresDatabase) -> PostgresBulkOperations:
    return PostgresBulkOperations(database, FakeClock(), "first")


@pytest.fixture
def other(database: PostgresDatabase) -> PostgresBulkOperations:
    """The same, as another replica."""
    return PostgresBulkOperations(database, FakeClock(), "second")


def wanted(*organizations: UUID) -> BulkOperation:
    selection = Selection(list(organizations)) if organizations else Selection(None, OrganizationFilter(q="Ac"))
    status: Status = "running" if organizations else "selecting"
    return BulkOperation(uuid4(), Assign("m_1", {"n": 1}), selection, "ada", NOON, "why", status, None)


async def running(store: PostgresBulkOperations, *organizations: str) -> UUID:
    bulk = wanted()
    await store.begin(bulk, "print")
    await store.select(bulk.id, organizations, None)
    return bulk.id


async def test_a_bulk_operation_is_found_as_it_was_begun(store: PostgresBulkOperations) -> None:
    bulk = wanted()
    assert await store.begin(bulk, "print") == (bulk, "print")
    assert await store.find(bulk.id) == bulk
    assert await store.find(uuid4()) is None


async def test_beginning_twice_keeps_the_first(store: PostgresBulkOperations) -> None:
    bulk = wanted()
    await store.begin(bulk, "print")
    assert await store.begin(replace(bulk, command=Suspend()), "another") == (bulk, "print")


async def test_organizations_named_by_id_wait_at_once_each_once(store: PostgresBulkOperations) -> None:
    organization = uuid4()
    bulk = wanted(organization, organization)
    await store.begin(bulk, "print")
    assert await store.waiting(bulk.id, "", 10) == [Item(str(organization), 1)]


async def test_selecting_ends_with_the_last_page_and_repeats_nothing(store: PostgresBulkOperations) -> None:
    bulk = wanted()
    await store.begin(bulk, "print")
    await store.select(bulk.id, [ONE, TWO], "further")
    half = await store.find(bulk.id)
    await store.select(bulk.id, [TWO, THREE], None)
    whole = await store.find(bulk.id)
    assert half is not None
    assert whole is not None
    assert [(half.status, half.cursor), (whole.status, whole.cursor)] == [("selecting", "further"), ("running", None)]
    assert [item.organization_id for item in await store.waiting(bulk.id, "", 10)] == [ONE, TWO, THREE]


async def test_a_claimed_bulk_operation_is_nobody_elses(
    store: PostgresBulkOperations, other: PostgresBulkOperations
) -> None:
    bulk_id = await running(store, ONE)
    claimed = await store.claim()
    assert claimed is not None
    assert (claimed.id, await other.claim()) == (bulk_id, None)
    assert await other.renew(bulk_id) is None
    assert await store.renew(bulk_id) is not None


async def test_the_same_replica_started_anew_takes_its_own_back(store: PostgresBulkOperations) -> None:
    bulk_id = await running(store, ONE)
    await store.claim()
    again = await store.claim()
    assert again is not None
    assert again.id == bulk_id


async def test_a_claim_that_is_not_kept_becomes_void(
    store: PostgresBulkOperations, other: PostgresBulkOperations, database: PostgresDatabase
) -> None:
    bulk_id = await running(store, ONE)
    await store.claim()
    async with database.writing() as transaction:
        await transaction.execute("UPDATE bulk.bulk_operations SET held_until = now() - interval '1 second'")
    taken = await other.claim()
    assert taken is not None
    assert taken.id == bulk_id
    assert await store.renew(bulk_id) is None


async def test_an_outcome_is_noted_once_and_for_its_attempt_alone(store: PostgresBulkOperations) -> None:
    bulk_id = await running(store, ONE, TWO)
    await store.record(bulk_id, [ItemResult(ONE, 1, "rejected", "no", "No."), ItemResult(TWO, 2, "applied")])
    await store.record(bulk_id, [ItemResult(ONE, 1, "applied")])
    assert await store.waiting(bulk_id, "", 10) == [Item(TWO, 1)]
    await store.record(bulk_id, [ItemResult(TWO, 1, "applied")])
    await store.finish(bulk_id)
    assert await store.retry(bulk_id) == 1
    assert await store.waiting(bulk_id, "", 10) == [Item(ONE, 2)]


async def test_a_retry_without_anything_refused_leaves_it_ended(store: PostgresBulkOperations) -> None:
    bulk_id = await running(store, ONE)
    await store.record(bulk_id, [ItemResult(ONE, 1, "applied")])
    await store.finish(bulk_id)
    assert await store.retry(bulk_id) == 0
    ended = await store.find(bulk_id)
    assert ended is not None
    assert ended.status == "finished"
    assert await store.claim() is None


async def test_a_bulk_operation_is_kept_for_90_days_after_its_end(database: PostgresDatabase) -> None:
    clock = FakeClock()
    store = PostgresBulkOperations(database, clock, "first")
    bulk_id = await running(store, ONE)
    await store.finish(bulk_id)
    clock.time = NOON + timedelta(days=90)
    await store.sweep()
    assert await store.find(bulk_id) is not None
    clock.time += timedelta(seconds=1)
    await store.sweep()
    assert await store.find(bulk_id) is None


async def test_cancelling_spares_those_that_were_asked(store: PostgresBulkOperations) -> None:
    bulk_id = await running(store, ONE, TWO, THREE)
    await store.cancel(bulk_id)
    await store.cancel_waiting(bulk_id, [TWO])
    assert [item.organization_id for item in await store.waiting(bulk_id, "", 10)] == [TWO]
    await store.finish(bulk_id)
    ended = await store.find(bulk_id)
    assert ended is not None
    assert (ended.status, ended.finished_at) == ("cancelled", NOON)
    await store.cancel(bulk_id)
    assert await store.find(bulk_id) == ended


async def test_recording_an_outcome_never_looks_at_all_that_wait(database: PostgresDatabase) -> None:
    async with database.writing() as transaction:
        await transaction.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        arguments = (uuid4(), [ONE], [1], ["applied"], [None], [None])
        plan = "\n".join(row[0] for row in await transaction.fetch(f"EXPLAIN {RECORD}", *arguments))
    assert "Conflict Arbiter Indexes: pk_bulk_items" in plan
    assert "on bulk_items" not in plan.replace("Insert on bulk_items", "")
