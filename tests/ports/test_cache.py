"""The cache's ports: the fakes and Redis keep the same promises."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import pytest

from devstack import Endpoints
from shared.cache.generations import CacheDown, CacheStore
from shared.cache.redis import RedisCache
from shared.ports import Cache
from tests.fakes import FakeAnnouncer, FakeCache
from tests.support.polling import eventually

KINDS = ["fake", "redis"]


@asynccontextmanager
async def redis_store(url: str) -> AsyncIterator[RedisCache]:
    """A store that is trusted."""
    store = RedisCache(url, budget_seconds=5.0)
    upkeep = asyncio.create_task(store.reconnect_forever(FakeAnnouncer().announce_reset))
    try:
        await eventually(lambda: store.trusted, "the store is trusted")
        yield store
    finally:
        upkeep.cancel()
        with suppress(asyncio.CancelledError):
            await upkeep
        await store.close()


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, endpoints: Endpoints) -> AsyncIterator[CacheStore]:
    if request.param == "fake":
        yield FakeCache()
        return
    async with redis_store(endpoints.redis_url) as store:
        yield store


@pytest.fixture
def cache(store: CacheStore) -> Cache:
    """The same, as those see it who keep plain values."""
    return store


@pytest.fixture(params=KINDS)
async def down_store(request: pytest.FixtureRequest, endpoints: Endpoints) -> AsyncIterator[CacheStore]:
    if request.param == "fake":
        fake = FakeCache()
        fake.down = True
        yield fake
        return
    redis = RedisCache(endpoints.redis_url)
    yield redis
    await redis.close()


@pytest.fixture
def down_cache(down_store: CacheStore) -> Cache:
    return down_store


@pytest.fixture
def name() -> str:
    return f"test:{uuid4()}"


async def test_what_was_set_is_got(cache: Cache, name: str) -> None:
    assert await cache.get(name) is None
    assert not await cache.exists(name)
    await cache.set(name, b"\x00bytes\n", 60)
    assert await cache.get(name) == b"\x00bytes\n"
    assert await cache.exists(name)
    await cache.set(name, b"", 60)
    assert await cache.get(name) == b""
    assert await cache.exists(name)


async def test_what_was_deleted_is_gone(cache: Cache, name: str) -> None:
    await cache.set(name, b"value", 60)
    await cache.delete(name)
    assert await cache.get(name) is None
    await cache.delete(name)


async def test_a_value_ends_with_its_time(cache: Cache, name: str) -> None:
    await cache.set(name, b"value", 1)
    for _ in range(100):
        if not await cache.exists(name):
            break
        await asyncio.sleep(0.05)
    assert await cache.get(name) is None


async def test_a_pattern_deletes_what_it_matches_and_nothing_else(cache: Cache, name: str) -> None:
    keys = [f"{name}:a", f"{name}:b", f"{name}x"]
    for key in keys:
        await cache.set(key, b"value", 60)
    assert await cache.delete_pattern(f"{name}:*") == 2
    assert [await cache.exists(key) for key in keys] == [False, False, True]
    assert await cache.delete_pattern(f"{name}:*") == 0


async def test_a_pattern_deletes_many(cache: Cache, name: str) -> None:
    for number in range(600):
        await cache.set(f"{name}:{number}", b"value", 60)
    assert await cache.delete_pattern(f"{name}:*") == 600


async def test_a_cache_that_is_down_has_nothing_and_raises_nothing(down_cache: Cache, name: str) -> None:
    await down_cache.set(name, b"value", 60)
    assert await down_cache.get(name) is None
    assert not await down_cache.exists(name)
    assert await down_cache.delete_pattern(f"{name}*") == 0
    await down_cache.delete(name)


async def test_a_store_reads_in_order_and_repeatedly(store: CacheStore, name: str) -> None:
    await store.set(f"{name}:1", b"one", 60)
    keys = [f"{name}:2", f"{name}:1", f"{name}:1"]
    assert list(await store.read(keys)) == [None, b"one", b"one"]


async def test_planting_keeps_what_is_there(store: CacheStore, name: str) -> None:
    first, second = f"{name}:1", f"{name}:2"
    assert list(await store.set_if_absent({first: "a"}, 60)) == [b"a"]
    assert list(await store.set_if_absent({second: "b", first: "c"}, 60)) == [b"b", b"a"]


async def test_concurrent_planters_agree(store: CacheStore, name: str) -> None:
    planted = await asyncio.gather(*[store.set_if_absent({name: f"{number}"}, 60) for number in range(20)])
    assert len({tokens[0] for tokens in planted}) == 1
    assert list(await store.read([name])) == [planted[0][0]]


async def test_renewing_replaces_tokens_and_drops_keys(store: CacheStore, name: str) -> None:
    token, key = f"{name}:gen", f"{name}:key"
    await store.set_if_absent({token: "a"}, 60)
    await store.set(key, b"value", 60)
    await store.renew({token: "b"}, 60, [key])
    assert list(await store.read([token, key])) == [b"b", None]
    await store.renew({token: "c"}, 60, [])
    await store.renew({}, 60, [key])
    assert list(await store.read([token, key])) == [b"c", None]


async def test_a_store_that_is_down_says_so(down_store: CacheStore, name: str) -> None:
    for call in (
        down_store.read([name]),
        down_store.set_if_absent({name: "a"}, 60),
        down_store.renew({name: "a"}, 60, [name]),
    ):
        with pytest.raises(CacheDown):
            await call
