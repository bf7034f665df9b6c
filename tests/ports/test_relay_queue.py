"""The relay's queue and who leads it: the fake and PostgreSQL keep the same promises."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Protocol

import pytest

from shared.errors import Unavailable
from shared.outbox.postgres import PostgresRelayElection
from shared.outbox.relay import LeadershipLost, Queued, RelayElection, RelayQueue
from shared.postgres.database import PostgresDatabase
from tests.shared.conftest import Toy
from tests.shared.outbox.relaying import RelayWorld, row
from tests.shared.toy import work

AGE = "UPDATE shared.relay_lease SET renewed_at = now() - interval '11 seconds'"


class Site(Protocol):
    """Where events are committed, and who may lead."""

    def candidate(self, name: str) -> RelayElection: ...

    async def commit(self, *keys: str) -> None:
        """One event of each."""
        ...

    async def taken_over(self) -> None:
        """Another process leads, for this one was not heard of."""
        ...


class FakeSite:
    def __init__(self) -> None:
        self.world = RelayWorld()

    def candidate(self, _name: str) -> RelayElection:
        return self.world

    async def commit(self, *keys: str) -> None:
        self.world.rows += [row(number, key) for number, key in enumerate(keys, len(self.world.rows) + 1)]

    async def taken_over(self) -> None:
        self.world.lost = True


class PostgresSite:
    def __init__(self, database: PostgresDatabase, opened: AsyncExitStack) -> None:
        self.toy, self._opened = Toy(database), opened

    def candidate(self, name: str) -> RelayElection:
        return PostgresRelayElection(self.toy.database, name)

    async def commit(self, *keys: str) -> None:
        await self.toy.decide(*(work(1, key) for key in keys))

    async def taken_over(self) -> None:
        async with self.toy.database.writing() as transaction:
            await transaction.execute(AGE)
        other = await self.candidate("second").lead()
        assert other is not None
        self._opened.push_async_callback(other.close)


@pytest.fixture
async def site(real_database: PostgresDatabase | None) -> AsyncIterator[Site]:
    async with AsyncExitStack() as opened:
        yield PostgresSite(real_database, opened) if real_database else FakeSite()


@pytest.fixture
async def queue(site: Site) -> AsyncIterator[RelayQueue]:
    queue = await site.candidate("first").lead()
    assert queue is not None
    yield queue
    await queue.close()


async def keys(queue: RelayQueue, limit: int = 10) -> list[str]:
    return [queued.key for queued in await queue.page(limit)]


async def only(queue: RelayQueue) -> Queued:
    (queued,) = await queue.page(10)
    return queued


async def test_events_lie_in_the_order_of_commits_until_they_are_removed(site: Site, queue: RelayQueue) -> None:
    assert await queue.page(10) == []
    await site.commit("a", "b")
    await site.commit("c")
    assert (await keys(queue), await keys(queue, 2)) == (["a", "b", "c"], ["a", "b"])
    first, _, third = await queue.page(10)
    await queue.remove([first.seq, third.seq])
    await queue.remove([])
    assert await keys(queue) == ["b"]


async def test_a_blocked_key_holds_up_no_other_and_is_invalidated_all_the_same(site: Site, queue: RelayQueue) -> None:
    await site.commit("a", "b")
    await site.commit("a")
    first = (await queue.page(10))[0]
    letter = await queue.block(first, "too large")
    assert await queue.block(first, "too large") == letter
    assert await keys(queue) == ["b"]
    assert sorted(queued.key for queued in await queue.fresh(10)) == ["a", "a", "b"]


async def test_what_was_invalidated_again_is_not_fresh_and_still_to_be_published(site: Site, queue: RelayQueue) -> None:
    await site.commit("a")
    queued = await only(queue)
    assert queued.fresh
    assert queued.invalidates
    await queue.mark_invalidated([queued.seq])
    assert await queue.fresh(10) == []
    assert not (await only(queue)).fresh


async def test_two_never_lead(site: Site, queue: RelayQueue) -> None:
    await queue.renew()
    assert await site.candidate("second").lead() is None


async def test_whatever_a_leader_asks_for_fails_once_another_leads(site: Site, queue: RelayQueue) -> None:
    await site.commit("a")
    queued = await only(queue)
    await site.taken_over()
    for call in (
        queue.renew(),
        queue.page(1),
        queue.fresh(1),
        queue.mark_invalidated([queued.seq]),
        queue.remove([queued.seq]),
        queue.block(queued, "no"),
    ):
        with pytest.raises((LeadershipLost, Unavailable)):
            await call
