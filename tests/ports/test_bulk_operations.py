"""Who works on a bulk operation, and what became of its organizations: the fake and PostgreSQL agree."""

from typing import NamedTuple, Protocol
from uuid import UUID

import pytest
from msgspec.structs import replace

from bulk.adapters.postgres import PostgresBulkOperations
from bulk.domain import Item, ItemResult
from bulk.ports import Items, Leases
from shared.postgres.database import PostgresDatabase
from tests.bulk.fakes import FakeBulk, operation
from tests.fakes import FakeClock

EXPIRE = "UPDATE bulk.bulk_operations SET held_until = now() - interval '1 second'"


class Kept(Leases, Items, Protocol):
    """Both ports of one store."""


class Site(NamedTuple):
    """A store that holds one bulk operation, of which nothing is selected yet."""

    kept: Kept
    bulk_id: UUID
    database: PostgresDatabase | None

    async def cancel(self) -> None:
        if isinstance(self.kept, FakeBulk):
            self.kept.bulk = replace(self.kept.bulk, status="cancelling")
        elif isinstance(self.kept, PostgresBulkOperations):
            await self.kept.cancel(self.bulk_id)

    async def taken_over(self) -> None:
        """Another process found the claim void."""
        if isinstance(self.kept, FakeBulk):
            self.kept.lost = True
            return
        assert self.database is not None
        async with self.database.writing() as transaction:
            await transaction.execute(EXPIRE)
        assert await PostgresBulkOperations(self.database, FakeClock(), "another").claim() is not None

    async def claimed(self, *organization_ids: str) -> None:
        """All these are selected."""
        assert await self.kept.claim() is not None
        await self.kept.select(self.bulk_id, organization_ids, None)

    async def waiting(self, after: str = "", limit: int = 10) -> list[Item]:
        return list(await self.kept.waiting(self.bulk_id, after, limit))


@pytest.fixture
async def site(real_database: PostgresDatabase | None) -> Site:
    bulk = operation("selecting")
    if real_database is None:
        return Site(FakeBulk([], "selecting"), bulk.id, None)
    store = PostgresBulkOperations(real_database, FakeClock(), "first")
    await store.begin(bulk, "print")
    return Site(store, bulk.id, real_database)


async def test_what_nobody_works_on_is_claimed_as_it_was_begun_and_kept(site: Site) -> None:
    claimed = await site.kept.claim()
    assert claimed == operation("selecting")
    assert await site.kept.renew(site.bulk_id) == claimed


async def test_a_claim_that_another_process_took_is_not_kept(site: Site) -> None:
    await site.kept.claim()
    await site.taken_over()
    assert await site.kept.renew(site.bulk_id) is None
    assert await site.kept.claim() is None


async def test_asking_begins_when_all_are_selected_each_once(site: Site) -> None:
    await site.kept.claim()
    await site.kept.select(site.bulk_id, ["o-2", "o-1"], "further")
    half = await site.kept.renew(site.bulk_id)
    await site.kept.select(site.bulk_id, ["o-2", "o-3"], None)
    whole = await site.kept.renew(site.bulk_id)
    assert half is not None
    assert whole is not None
    assert [(half.status, half.cursor), (whole.status, whole.cursor)] == [("selecting", "further"), ("running", None)]
    assert await site.waiting() == [Item("o-1", 1), Item("o-2", 1), Item("o-3", 1)]
    assert await site.waiting("o-1", 1) == [Item("o-2", 1)]


async def test_an_outcome_is_noted_once_and_for_its_attempt_alone(site: Site) -> None:
    await site.claimed("o-1", "o-2", "o-3")
    await site.kept.record(
        site.bulk_id, [ItemResult("o-1", 1, "rejected", "no", "No."), ItemResult("o-2", 2, "applied")]
    )
    assert await site.waiting() == [Item("o-2", 1), Item("o-3", 1)]
    await site.kept.record(site.bulk_id, [ItemResult("o-1", 1, "applied"), ItemResult("o-9", 1, "applied")])
    assert await site.waiting() == [Item("o-2", 1), Item("o-3", 1)]


async def test_cancelling_ends_the_wait_of_all_but_those_that_were_asked(site: Site) -> None:
    await site.claimed("o-1", "o-2", "o-3")
    await site.kept.record(site.bulk_id, [ItemResult("o-3", 1, "applied")])
    await site.kept.cancel_waiting(site.bulk_id, ["o-2"])
    assert await site.waiting() == [Item("o-2", 1)]
    await site.kept.record(site.bulk_id, [ItemResult("o-1", 1, "applied"), ItemResult("o-2", 1, "applied")])
    assert await site.waiting() == []


@pytest.mark.parametrize("cancelled", [False, True])
async def test_what_has_ended_is_nobodys_any_more(site: Site, *, cancelled: bool) -> None:
    await site.claimed("o-1")
    if cancelled:
        await site.cancel()
        kept = await site.kept.renew(site.bulk_id)
        assert kept is not None
        assert kept.status == "cancelling"
    await site.kept.finish(site.bulk_id)
    await site.kept.finish(site.bulk_id)
    assert await site.kept.renew(site.bulk_id) is None
    assert await site.kept.claim() is None


async def test_selecting_goes_no_further_once_it_is_cancelled(site: Site) -> None:
    await site.kept.claim()
    await site.cancel()
    await site.kept.select(site.bulk_id, ["o-1"], None)
    kept = await site.kept.renew(site.bulk_id)
    assert kept is not None
    assert kept.status == "cancelling"
