"""The cache protocol: whatever happens in whatever order, a value that is served was never overtaken."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from prometheus_client import REGISTRY

from shared.cache.generations import ABSENT_TTL, ALL, Cached, GenerationCache, ReadThrough, cache_result, encode_cached
from tests.fakes import FakeAnnouncer, FakeCache
from tests.support.polling import eventually

KEY = "org:1:modules"
GENERATIONS = ["gen:org:1", "gen:registry"]


class Truth:
    """What the database says. A load first takes its snapshot, then waits until it is let through."""

    def __init__(self) -> None:
        self.version = 1
        self.loads = 0
        self.let_through = asyncio.Event()
        self.let_through.set()

    async def load(self) -> Cached | None:
        self.loads += 1
        version = self.version
        await self.let_through.wait()
        return encode_cached(version, {"version": version}) if version else None


@pytest.fixture
def store() -> FakeCache:
    return FakeCache()


@pytest.fixture
def announcer() -> FakeAnnouncer:
    return FakeAnnouncer()


@pytest.fixture
def cache(store: FakeCache, announcer: FakeAnnouncer) -> GenerationCache:
    return GenerationCache(store, announcer)


@pytest.fixture
def truth() -> Truth:
    return Truth()


@pytest.fixture
def read(cache: GenerationCache, truth: Truth) -> Callable[[], Awaitable[int | None]]:
    async def read() -> int | None:
        cached = await cache.read_through(KEY, GENERATIONS, 300, truth.load)
        return int(cached.etag.strip('"').partition(".")[0]) if cached else None

    return read


Read = Callable[[], Awaitable[int | None]]


async def until_loading(truth: Truth, loads: int) -> None:
    await eventually(lambda: truth.loads >= loads, f"{loads} loads")


async def test_a_value_is_loaded_once_and_then_served(read: Read, truth: Truth, store: FakeCache) -> None:
    assert [await read() for _ in range(3)] == [1, 1, 1]
    assert truth.loads == 1
    assert store.ttls[KEY] == 300
    assert all(store.ttls[name] > 300 for name in [ALL, *GENERATIONS]), "a token must outlive what depends on it"


@pytest.mark.parametrize("invalidates", [[KEY], ["gen:org:1"], ["gen:registry"], [ALL]])
async def test_any_part_that_changed_makes_the_value_stale(
    invalidates: list[str], cache: GenerationCache, read: Read, truth: Truth
) -> None:
    await read()
    truth.version = 2
    await cache.invalidate(invalidates)
    assert await read() == 2


async def test_reads_count_by_what_they_find(cache: GenerationCache, read: Read, store: FakeCache) -> None:
    def counted() -> list[float]:
        labels: list[dict[str, str]] = [{"result": result} for result in ("hit", "miss", "stale", "bypass")]
        return [REGISTRY.get_sample_value("modplane_cache_reads_total", each) or 0 for each in labels]

    before = counted()
    await read()
    await read()
    await cache.invalidate(["gen:org:1"])
    await read()
    store.down = True
    await read()
    assert [after - earlier for after, earlier in zip(counted(), before, strict=True)] == [1, 1, 1, 1]


async def test_a_slow_fill_loses_against_an_invalidation(cache: GenerationCache, read: Read, truth: Truth) -> None:
    truth.let_through.clear()
    slow = asyncio.ensure_future(read())
    await until_loading(truth, 1)
    truth.version = 2
    await cache.invalidate(["gen:org:1", KEY])
    truth.let_through.set()
    assert await slow == 1
    assert await read() == 2


async def test_who_asks_after_an_invalidation_does_not_share_the_load_from_before(
    cache: GenerationCache, read: Read, truth: Truth
) -> None:
    truth.let_through.clear()
    before = asyncio.ensure_future(read())
    await until_loading(truth, 1)
    truth.version = 2
    await cache.invalidate(["gen:org:1"])
    after = asyncio.ensure_future(read())
    await until_loading(truth, 2)
    truth.let_through.set()
    assert (await before, await after) == (1, 2)


@pytest.mark.parametrize("evicted", [ALL, "gen:registry", KEY])
async def test_an_evicted_key_costs_a_load_and_nothing_else(
    evicted: str, store: FakeCache, read: Read, truth: Truth
) -> None:
    await read()
    del store.values[evicted]
    truth.version = 2
    assert await read() == 2
    assert await read() == 2
    assert truth.loads == 2


async def test_a_token_evicted_during_a_load_makes_its_fill_worthless(
    store: FakeCache, cache: GenerationCache, read: Read, truth: Truth
) -> None:
    truth.let_through.clear()
    slow = asyncio.ensure_future(read())
    await until_loading(truth, 1)
    truth.version = 2
    await cache.invalidate(["gen:org:1"])
    store.values.clear()
    truth.let_through.set()
    assert await slow == 1
    assert await read() == 2


async def test_an_absent_thing_is_remembered_briefly(read: Read, truth: Truth, store: FakeCache) -> None:
    truth.version = 0
    assert [await read(), await read()] == [None, None]
    assert truth.loads == 1
    assert store.ttls[KEY] == ABSENT_TTL


async def test_concurrent_misses_share_one_load(read: Read, truth: Truth) -> None:
    assert await asyncio.gather(*[read() for _ in range(50)]) == [1] * 50
    assert truth.loads == 1


async def test_a_reader_who_gives_up_does_not_end_the_load_of_the_others(read: Read, truth: Truth) -> None:
    truth.let_through.clear()
    impatient, patient = asyncio.ensure_future(read()), asyncio.ensure_future(read())
    await until_loading(truth, 1)
    impatient.cancel()
    truth.let_through.set()
    assert await patient == 1
    assert truth.loads == 1


async def test_a_failed_load_is_told_to_all_and_remembered_by_nobody(
    cache: GenerationCache, read: Read, store: FakeCache
) -> None:
    async def broken() -> Cached | None:
        raise OSError

    answers = await asyncio.gather(
        *[cache.read_through(KEY, GENERATIONS, 300, broken) for _ in range(3)], return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [OSError] * 3
    assert KEY not in store.values
    assert await read() == 1


async def test_without_a_store_reads_come_from_the_database(read: Read, truth: Truth, store: FakeCache) -> None:
    await read()
    store.down = True
    truth.version = 2
    assert await read() == 2


async def test_without_a_store_only_readers_of_one_loop_turn_share(read: Read, truth: Truth, store: FakeCache) -> None:
    store.down = True
    truth.let_through.clear()
    together = [asyncio.ensure_future(read()) for _ in range(5)]
    await until_loading(truth, 1)
    for _ in range(3):
        await asyncio.sleep(0)
    truth.version = 2
    later = asyncio.ensure_future(read())
    await until_loading(truth, 2)
    truth.let_through.set()
    assert await asyncio.gather(*together) == [1] * 5
    assert await later == 2
    assert truth.loads == 2


async def test_a_store_that_goes_away_during_the_load_costs_only_the_fill(
    read: Read, truth: Truth, store: FakeCache
) -> None:
    truth.let_through.clear()
    reading = asyncio.ensure_future(read())
    await until_loading(truth, 1)
    store.down = True
    truth.let_through.set()
    assert await reading == 1


async def test_a_lost_invalidation_is_announced(
    cache: GenerationCache, store: FakeCache, announcer: FakeAnnouncer
) -> None:
    await cache.invalidate(["gen:org:1"])
    assert announcer.announced == 0
    store.down = True
    await cache.invalidate([])
    assert announcer.announced == 0
    await cache.invalidate(["gen:org:1"])
    assert announcer.announced == 1


async def test_a_reset_makes_every_value_worthless(cache: GenerationCache, read: Read, truth: Truth) -> None:
    await read()
    truth.version = 2
    await cache.reset()
    assert await read() == 2


class Reader:
    def __init__(self, cache: ReadThrough) -> None:
        self.cache = cache
        self.loaded: list[tuple[str, str]] = []

    @cache_result(ttl=60, key_pattern="org:{organization_id}:{page}", generations=["gen:org:{organization_id}"])
    async def page(self, organization_id: str, page: str) -> Cached | None:
        self.loaded.append((organization_id, page))
        return encode_cached(1, page)


async def test_keys_and_generations_carry_the_arguments_however_they_are_passed(
    cache: GenerationCache, store: FakeCache
) -> None:
    reader = Reader(cache)
    await reader.page("1", "a")
    await reader.page("1", page="a")
    await reader.page(page="b", organization_id="{page}")
    assert reader.loaded == [("1", "a"), ("{page}", "b")]
    assert store.values.keys() == {ALL, "gen:org:1", "org:1:a", "gen:org:{page}", "org:{page}:b"}


def test_an_etag_tells_the_sequence_and_the_content() -> None:
    first = encode_cached(7, {"name": "a"})
    assert first.body == b'{"name":"a"}'
    assert first.etag.startswith('"7.')
    assert first.etag.endswith('"')
    assert len({first.etag, encode_cached(8, {"name": "a"}).etag, encode_cached(7, {"name": "b"}).etag}) == 3
    assert encode_cached(7, {"name": "a"}) == first
