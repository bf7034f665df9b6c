"""A runner with hand-written parts: what it asks, what it notes, and what it does when it loses its place."""

import asyncio

import pytest
from msgspec.structs import replace

from app.seams.bulk import SuperAdminCommands
from bulk.domain import OrganizationFilter
from bulk.running import MAX_IN_FLIGHT, BulkRunner, LeaseLost
from tests.bulk.fakes import BULK, FakeBulk
from tests.support.polling import eventually


def runner(parts: FakeBulk) -> BulkRunner:
    return BulkRunner(parts, parts, parts, SuperAdminCommands(), parts)


def ids(count: int) -> list[str]:
    return [f"o-{number:05}" for number in range(count)]


async def test_every_organization_is_asked_once_and_its_outcome_noted() -> None:
    parts = FakeBulk(ids(1200))
    parts.refusing = {"o-00007"}
    await runner(parts).execute(parts.bulk)
    assert sorted(parts.asked) == ids(1200)
    outcomes = parts.outcomes()
    assert (outcomes.count("applied"), outcomes.count("rejected")) == (1199, 1)
    assert parts.finished


async def test_a_filter_is_walked_page_by_page_before_anybody_is_asked() -> None:
    parts = FakeBulk(ids(1100), "selecting")
    await runner(parts).execute(parts.bulk)
    assert sorted(parts.asked) == ids(1100)


async def test_selecting_goes_on_where_a_dead_process_stopped() -> None:
    parts = FakeBulk(ids(1100), "selecting")
    await parts.select(BULK, *await parts.page(OrganizationFilter(), None, 500))
    await runner(parts).execute(parts.bulk)
    assert sorted(parts.asked) == ids(1100)


async def test_never_more_than_a_bounded_number_is_under_way() -> None:
    parts = FakeBulk(ids(3000))
    await runner(parts).execute(parts.bulk)
    assert 0 < parts.most_under_way <= MAX_IN_FLIGHT


async def test_organizations_whose_outcome_is_known_are_not_asked_again() -> None:
    parts = FakeBulk(ids(10))
    parts.items["o-00003"] = (1, "applied")
    await runner(parts).execute(parts.bulk)
    assert "o-00003" not in parts.asked


async def test_cancelling_asks_nobody_further_and_awaits_those_that_were_asked() -> None:
    parts = FakeBulk(ids(2000))
    parts.silent = True
    task = asyncio.create_task(runner(parts).execute(parts.bulk))
    await eventually(lambda: len(parts.asked) == MAX_IN_FLIGHT, "as many as may be are under way")
    parts.bulk = replace(parts.bulk, status="cancelling")
    await eventually(lambda: parts.outcomes().count("cancelled") > 0, "the others are cancelled", pause=0.01)
    parts.silent = False
    await task
    outcomes = parts.outcomes()
    assert (outcomes.count("applied"), outcomes.count("cancelled")) == (MAX_IN_FLIGHT, 2000 - MAX_IN_FLIGHT)


async def test_who_lost_the_claim_stops_and_ends_nothing() -> None:
    parts = FakeBulk(ids(10))
    parts.lost = True
    with pytest.raises(LeaseLost):
        await runner(parts).execute(parts.bulk)
    assert not parts.finished


async def test_an_outage_is_waited_for_and_the_work_resumed() -> None:
    parts = FakeBulk(ids(3))
    parts.away = 1
    task = asyncio.create_task(runner(parts).run())
    await eventually(lambda: parts.finished, "the work is done", pause=0.01)
    task.cancel()
    assert set(parts.outcomes()) == {"applied"}
