"""The cache protocol over a real Redis, as two processes use it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import redis

from devstack import Server
from shared.cache.generations import ALL, Cached, GenerationCache, encode_cached
from shared.cache.redis import BUDGET_SECONDS, RedisCache
from tests.fakes import FakeAnnouncer
from tests.support.polling import eventually

KEY = "org:1:modules"
PATIENCE_SECONDS = 1.0
"""More than the service has with Redis: on a busy machine these tests are about the protocol, not about the budget."""
GENERATIONS = ["gen:org:1", "gen:registry"]


class Process:
    """What one process has of the cache; `announced` counts what it told the others."""

    def __init__(self, store: RedisCache) -> None:
        self.store = store
        self.announcer = FakeAnnouncer()
        self.cache = GenerationCache(store, self.announcer)

    async def read(self, load: Callable[[], Awaitable[Cached | None]], key: str = KEY) -> int | None:
        cached = await self.cache.read_through(key, GENERATIONS, 300, load)
        return int(cached.etag.strip('"').partition(".")[0]) if cached else None

    async def until_trusted(self) -> None:
        await eventually(lambda: self.store.trusted, "the store is trusted", pause=0.005)


@asynccontextmanager
async def process(url: str, budget_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[Process]:
    """A process whose store reaches Redis as soon as it can."""
    process = Process(RedisCache(url, budget_seconds))
    upkeep = asyncio.create_task(process.store.reconnect_forever(process.announcer.announce_reset))
    try:
        yield process
    finally:
        upkeep.cancel()
        with suppress(asyncio.CancelledError):
            await upkeep
        await process.store.close()


@pytest.fixture
async def here(lone_redis: tuple[Server, str]) -> AsyncIterator[Process]:
    async with process(lone_redis[1]) as here:
        await here.until_trusted()
        yield here


@pytest.fixture
async def there(lone_redis: tuple[Server, str]) -> AsyncIterator[Process]:
    async with process(lone_redis[1]) as there:
        await there.until_trusted()
        yield there


class Truth:
    """What the database says. A load takes its snapshot, then waits until it is let through."""

    def __init__(self) -> None:
        self.version = 1
        self.loads = 0
        self.let_through = asyncio.Event()
        self.let_through.set()

    async def load(self) -> Cached | None:
        self.loads += 1
        version = self.version
        await self.let_through.wait()
        return encode_cached(version, {"version": version})


@pytest.fixture
def truth() -> Truth:
    return Truth()


@pytest.fixture
def raw(lone_redis: tuple[Server, str]) -> Any:
    with redis.Redis.from_url(lone_redis[1]) as client:
        yield client


async def test_a_slow_fill_of_one_process_loses_against_the_invalidation_of_another(
    here: Process, there: Process, truth: Truth
) -> None:
    truth.let_through.clear()
    slow = asyncio.ensure_future(here.read(truth.load))
    await eventually(lambda: truth.loads == 1, "the slow load has begun")
    truth.version = 2
    await there.cache.invalidate(["gen:org:1", KEY])
    truth.let_through.set()
    assert await slow == 1
    assert [await here.read(truth.load), await there.read(truth.load)] == [2, 2]


@pytest.mark.parametrize("evicted", [[ALL], ["gen:registry"], [ALL, *GENERATIONS], [ALL, *GENERATIONS, KEY]])
async def test_a_token_evicted_during_a_fill_lets_no_stale_value_in(
    evicted: list[str], here: Process, there: Process, truth: Truth, raw: Any
) -> None:
    truth.let_through.clear()
    slow = asyncio.ensure_future(here.read(truth.load))
    await eventually(lambda: truth.loads == 1, "the slow load has begun")
    truth.version = 2
    await there.cache.invalidate(["gen:org:1", KEY])
    raw.unlink(*evicted)
    truth.let_through.set()
    await slow
    assert [await here.read(truth.load), await there.read(truth.load)] == [2, 2]


@pytest.mark.parametrize("evicted", [ALL, "gen:registry", KEY])
async def test_a_key_evicted_between_two_reads_costs_one_load(
    evicted: str, here: Process, there: Process, truth: Truth, raw: Any
) -> None:
    await here.read(truth.load)
    raw.unlink(evicted)
    truth.version = 2
    assert [await there.read(truth.load), await here.read(truth.load)] == [2, 2]
    assert truth.loads == 2


async def test_fifty_misses_at_once_are_one_load_and_one_process_fills_for_the_other(
    here: Process, there: Process, truth: Truth
) -> None:
    assert await asyncio.gather(*[here.read(truth.load) for _ in range(50)]) == [1] * 50
    assert await asyncio.gather(*[there.read(truth.load) for _ in range(50)]) == [1] * 50
    assert truth.loads == 1


async def test_reads_of_one_loop_turn_share_one_mget(here: Process, truth: Truth, raw: Any) -> None:
    keys = [f"org:{number}:modules" for number in range(40)]
    for key in keys:
        await here.read(truth.load, key)
    before = raw.info("commandstats")["cmdstat_mget"]["calls"]
    await asyncio.gather(*[here.read(truth.load, key) for key in keys])
    assert raw.info("commandstats")["cmdstat_mget"]["calls"] == before + 1


async def test_many_first_reads_at_once_do_not_cost_the_cache_its_trust(here: Process, truth: Truth) -> None:
    async def first_read(number: int) -> None:
        names = [f"gen:org:{number}"]
        await here.cache.read_through(f"org:{number}:info", names, 300, truth.load)

    await asyncio.gather(*[first_read(number) for number in range(500)])
    assert here.store.trusted
    loads = truth.loads
    await asyncio.gather(*[first_read(number) for number in range(500)])
    assert truth.loads == loads


async def test_many_invalidations_at_once_do_not_cost_the_cache_its_trust(here: Process, truth: Truth) -> None:
    await here.read(truth.load)
    truth.version = 2
    await asyncio.gather(*[here.cache.invalidate([f"gen:org:{number}"]) for number in range(500)])
    assert here.store.trusted
    assert here.announcer.announced == 0
    assert await here.read(truth.load) == 2


async def test_a_killed_redis_costs_no_read_and_comes_back_by_itself(
    lone_redis: tuple[Server, str], here: Process, truth: Truth
) -> None:
    part, _ = lone_redis
    await here.read(truth.load)
    part.kill()
    truth.version = 2
    assert await here.read(truth.load) == 2
    assert not here.store.trusted
    part.start()
    await here.until_trusted()
    assert await here.read(truth.load) == 2
    loads = truth.loads
    assert await here.read(truth.load) == 2
    assert truth.loads == loads


async def test_an_invalidation_lost_in_an_outage_is_made_good_before_redis_is_trusted_again(
    lone_redis: tuple[Server, str], here: Process, there: Process, truth: Truth
) -> None:
    part, _ = lone_redis
    await here.read(truth.load)
    part.pause()
    truth.version = 2
    await here.cache.invalidate(["gen:org:1", KEY])
    assert here.announcer.announced == 1, "the other processes must hear of it"
    assert await here.read(truth.load) == 2
    there.store.open_circuit(announce=False)
    part.resume()
    await here.until_trusted()
    await there.until_trusted()
    assert [await here.read(truth.load), await there.read(truth.load)] == [2, 2]


async def test_a_process_that_lost_an_invalidation_before_it_ever_reached_redis_makes_it_good(
    lone_redis: tuple[Server, str], here: Process, truth: Truth
) -> None:
    part, url = lone_redis
    await here.read(truth.load)
    part.pause()
    async with process(url) as newcomer:
        truth.version = 2
        await newcomer.cache.invalidate(["gen:org:1", KEY])
        part.resume()
        await newcomer.until_trusted()
        assert await newcomer.read(truth.load) == 2


async def test_a_process_that_starts_serves_nothing_its_killed_predecessor_left_behind(
    lone_redis: tuple[Server, str], here: Process, truth: Truth
) -> None:
    await here.read(truth.load)
    truth.version = 2
    async with process(lone_redis[1]) as successor:
        await successor.until_trusted()
        assert await successor.read(truth.load) == 2


async def test_who_lost_redis_tells_the_others_once_it_is_back(
    lone_redis: tuple[Server, str], here: Process, truth: Truth
) -> None:
    part, _ = lone_redis
    part.kill()
    await here.read(truth.load)
    part.start()
    await here.until_trusted()
    await eventually(lambda: here.announcer.announced == 1, "the others hear of it")


@pytest.mark.parametrize("turns", range(0, 36, 3))
async def test_a_process_that_stops_while_it_reconnects_stops(here: Process, turns: int) -> None:
    upkeep = asyncio.create_task(here.store.reconnect_forever(here.announcer.announce_reset))
    here.store.open_circuit()
    for _ in range(turns):
        await asyncio.sleep(0)
    upkeep.cancel()
    await eventually(upkeep.done, "the upkeep has ended", pause=0.005)


async def test_a_frozen_redis_costs_its_budget_once(lone_redis: tuple[Server, str], truth: Truth) -> None:
    part, url = lone_redis
    async with process(url, BUDGET_SECONDS) as here:
        await here.until_trusted()
        part.pause()
        started = asyncio.get_running_loop().time()
        answers = await asyncio.gather(*[here.read(truth.load, f"org:{number}:modules") for number in range(100)])
        for _ in range(100):
            answers.append(await here.read(truth.load))
        assert answers == [1] * 200
        assert asyncio.get_running_loop().time() - started < 2, "the budget is 250 ms, and is spent once"
