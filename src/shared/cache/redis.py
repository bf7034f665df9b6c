"""Redis as the cache's store: calls of one loop turn go together, and there is no trust after any doubt."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Any, Generic, TypeVar

import structlog

from shared.cache.generations import ALL, TOKEN_TTL, CacheDown
from shared.cache.redis_client import NoBackoff, Redis, RedisError, Retry

log = structlog.get_logger(__name__)

BUDGET_SECONDS = 0.25
RECOVER_SECONDS = 0.25
CHUNK = 500
MAX_TOGETHER = 200

# One command for a batch: as a pipeline, each token would cost this process five times the work.
RENEW = """
local fresh = #ARGV / 2
for i = 1, fresh do redis.call('SET', KEYS[i], ARGV[2 * i - 1], 'EX', ARGV[2 * i]) end
for i = fresh + 1, #KEYS do redis.call('UNLINK', KEYS[i]) end
"""
PLANT = """
local found = {}
for i, name in ipairs(KEYS) do
  redis.call('SET', name, ARGV[2 * i - 1], 'EX', ARGV[2 * i], 'NX')
  found[i] = redis.call('GET', name)
end
return found
"""

Announce = Callable[[], Awaitable[None]]
Item = TypeVar("Item")
Result = TypeVar("Result")


class Together(Generic[Item, Result]):
    """Calls of one kind, at most one of which is under way: what is asked meanwhile goes with the next one.

    However many ask at once, Redis is asked few times, and needs no more than one connection for it.
    """

    def __init__(self, call: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._call = call
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def ask(self, item: Item) -> Result:
        """This item's result. Raises what the call raised."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run(), context=Context())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            asking, self._waiting = self._waiting[:MAX_TOGETHER], self._waiting[MAX_TOGETHER:]
            try:
                results = await self._call([item for item, _ in asking])
            except Exception as error:  # noqa: BLE001 - everybody who asked is told
                fail([future for _, future in asking], error)
            else:
                for (_, future), result in zip(asking, results, strict=True):
                    if not future.done():
                        future.set_result(result)


class RedisStore:
    """The store behind the cache protocol, and the plain `Cache` port.

    Any failure closes it: every call raises `CacheDown` until `keep_up` has reached Redis again and replaced `gen:all`,
    because an invalidation may have been lost meanwhile. Connections are made nowhere else, so there is no reconnect
    that goes unnoticed. `budget_seconds` is how long Redis may take for one call.
    """

    def __init__(self, url: str, budget_seconds: float = BUDGET_SECONDS) -> None:
        self._budget_seconds = budget_seconds
        self._redis = Redis.from_url(
            url,
            single_connection_client=True,
            socket_timeout=budget_seconds,
            socket_connect_timeout=budget_seconds,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        )
        self._renew_all = self._redis.register_script(RENEW)
        self._plant_all = self._redis.register_script(PLANT)
        self._trusted = False
        self._was_trusted = False
        self._tell = False
        self._broken = asyncio.Event()
        self._broken.set()
        self._reads = Together(self._read)
        self._plants = Together(self._plant)
        self._writes = Together(self._write)
        self._renewals = Together(self._renew)

    @property
    def trusted(self) -> bool:
        """Whether calls go to Redis at present."""
        return self._trusted

    def distrust(self, *, tell: bool = True) -> None:
        """Closes the store until `gen:all` was replaced; `tell`: the other processes are to do the same."""
        self._trusted = False
        self._tell = self._tell or (tell and self._was_trusted)
        self._broken.set()

    async def keep_up(self, announce: Announce) -> None:
        """Runs for ever: reconnects, replaces `gen:all`, tells the others, opens the store again."""
        while True:
            obey_cancellation()
            await self._broken.wait()
            try:
                await self._reconnect()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("cache_unreachable", error=str(error)[:200])
                await asyncio.sleep(RECOVER_SECONDS)
                continue
            if self._tell:
                self._tell = False
                await announce()
            self._was_trusted = True
            log.info("cache_trusted")

    async def _reconnect(self) -> None:
        async with asyncio.timeout(2 * self._budget_seconds):
            if self._redis.connection is not None:
                await self._redis.connection.disconnect(nowait=True)
            await self._redis.connection_pool.disconnect(inuse_connections=False)
            await self._redis.ping()
            self._broken.clear()
            # At the first connection too: this process, or the one it replaces, may have lost an invalidation.
            await self._redis.set(ALL, secrets.token_hex(8), ex=TOKEN_TTL)
            self._trusted = not self._broken.is_set()

    async def close(self) -> None:
        """Ends the connection."""
        self._trusted = False
        await self._redis.aclose()

    @asynccontextmanager
    async def _call(self) -> AsyncIterator["Redis"]:
        if not self._trusted:
            raise CacheDown
        try:
            async with asyncio.timeout(2 * self._budget_seconds):
                yield self._redis
        except (RedisError, OSError, TimeoutError) as error:
            if self._trusted:
                log.warning("cache_lost", error=repr(error)[:200])
            self.distrust()
            raise CacheDown from error

    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Values in order; all reads of one loop turn go in one MGET."""
        if not self._trusted:
            raise CacheDown
        return await self._reads.ask(keys)

    async def _read(self, wanted: Sequence[Sequence[str]]) -> Sequence[Sequence[bytes | None]]:
        names = list({key: None for keys in wanted for key in keys})
        async with self._call() as redis:
            values: dict[str, Any] = dict(zip(names, await redis.mget(names), strict=True))
        return [[values[key] for key in keys] for keys in wanted]

    async def plant(self, tokens: Mapping[str, str], ttl: int) -> Sequence[bytes]:
        """Sets the absent tokens; answers those that count, in order."""
        return await self._plants.ask((tokens, ttl))

    async def _plant(self, wanted: Sequence[tuple[Mapping[str, str], int]]) -> Sequence[Sequence[bytes]]:
        planted = {name: (token, ttl) for tokens, ttl in wanted for name, token in tokens.items()}
        arguments = [argument for pair in planted.values() for argument in pair]
        async with self._call():
            answer = await self._plant_all(list(planted), arguments)
            values: dict[str, bytes] = dict(zip(planted, answer, strict=True))
        return [[values[name] for name in tokens] for tokens, _ in wanted]

    async def write(self, key: str, value: bytes, ttl: int) -> None:
        """Stores one value for `ttl` seconds."""
        await self._writes.ask((key, value, ttl))

    async def _write(self, wanted: Sequence[tuple[str, bytes, int]]) -> Sequence[None]:
        async with self._call() as redis:
            pipeline = redis.pipeline(transaction=False)
            for key, value, ttl in wanted:
                pipeline.set(key, value, ex=ttl)
            await pipeline.execute()
        return [None] * len(wanted)

    async def renew(self, tokens: Mapping[str, str], ttl: int, drop: Sequence[str]) -> None:
        """Replaces tokens and drops keys in one round trip."""
        await self._renewals.ask((tokens, ttl, drop))

    async def _renew(self, wanted: Sequence[tuple[Mapping[str, str], int, Sequence[str]]]) -> Sequence[None]:
        renewed = {name: (token, ttl) for tokens, ttl, _ in wanted for name, token in tokens.items()}
        dropped = list(dict.fromkeys(key for _, _, drop in wanted for key in drop))
        arguments = [argument for pair in renewed.values() for argument in pair]
        async with self._call():
            await self._renew_all([*renewed, *dropped], arguments)
        return [None] * len(wanted)


class RedisCache:
    """The plain `Cache` port on the same connection: absent and unreachable look alike."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    async def get(self, key: str) -> bytes | None:
        """The value; None when absent or the cache is down."""
        try:
            return (await self._store.read([key]))[0]
        except CacheDown:
            return None

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Stores for `ttl` seconds, or not at all."""
        await self._quietly(lambda redis: redis.set(key, value, ex=ttl))

    async def delete(self, key: str) -> None:
        """Drops one key."""
        await self._quietly(lambda redis: redis.unlink(key))

    async def delete_pattern(self, pattern: str) -> int:
        """Drops all keys that match a glob (`org:018f…:*`); returns how many."""
        dropped = 0

        async def drop(redis: Any) -> None:
            nonlocal dropped
            keys = [key async for key in redis.scan_iter(pattern, count=1000)]
            for start in range(0, len(keys), CHUNK):
                dropped += await redis.unlink(*keys[start : start + CHUNK])

        await self._quietly(drop)
        return dropped

    async def exists(self, key: str) -> bool:
        """Whether the key is there; False when the cache is down."""
        return bool(await self._quietly(lambda redis: redis.exists(key)))

    async def _quietly(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            async with self._store._call() as redis:  # noqa: SLF001 - two faces of one connection
                return await call(redis)
        except CacheDown:
            return None


def obey_cancellation() -> None:
    """Ends a cancelled task after all: redis-py swallows cancellation while it connects."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def fail(asking: Sequence["asyncio.Future[Any]"], error: Exception) -> None:
    """Tells all who asked."""
    for future in asking:
        if not future.done():
            future.set_exception(error)
            future.exception()
