"""Redis as the cache's store: one connection, reads of one loop turn in one MGET, and no trust after any doubt."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shared.cache import ALL, TOKEN_TTL, CacheDown

log = structlog.get_logger(__name__)

BUDGET_SECONDS = 0.25
RECOVER_SECONDS = 0.25
CHUNK = 500

Announce = Callable[[], Awaitable[None]]


class RedisStore:
    """The store behind the cache protocol, and the plain `Cache` port.

    Any failure closes it: every call raises `CacheDown` until `keep_up` has reached Redis again and replaced `gen:all`,
    because an invalidation may have been lost meanwhile. Connections are made nowhere else, so there is no reconnect
    that goes unnoticed.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            single_connection_client=True,
            socket_timeout=BUDGET_SECONDS,
            socket_connect_timeout=BUDGET_SECONDS,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
        )
        self._trusted = False
        self._was_trusted = False
        self._tell = False
        self._broken = asyncio.Event()
        self._broken.set()
        self._reads: list[tuple[Sequence[str], asyncio.Future[Sequence[bytes | None]]]] = []
        self._flush: asyncio.Task[None] | None = None

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
        async with asyncio.timeout(2 * BUDGET_SECONDS):
            if self._redis.connection is not None:
                await self._redis.connection.disconnect(nowait=True)
            await self._redis.ping()
            self._broken.clear()
            if self._was_trusted:
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
            async with asyncio.timeout(2 * BUDGET_SECONDS):
                yield self._redis
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("cache_lost", error=repr(error)[:200])
            self.distrust()
            raise CacheDown from error

    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Values in order; all reads of one loop turn go in one MGET."""
        if not self._trusted:
            raise CacheDown
        future: asyncio.Future[Sequence[bytes | None]] = asyncio.get_running_loop().create_future()
        self._reads.append((keys, future))
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._flush_reads())
        return await future

    async def _flush_reads(self) -> None:
        while self._reads:
            reads, self._reads = self._reads, []
            wanted = list({key: None for keys, _ in reads for key in keys})
            try:
                async with self._call() as redis:
                    values: dict[str, Any] = dict(zip(wanted, await redis.mget(wanted), strict=True))
            except CacheDown as down:
                fail([future for _, future in reads], down)
            else:
                for keys, future in reads:
                    if not future.done():
                        future.set_result([values[key] for key in keys])

    async def plant(self, tokens: Mapping[str, str], ttl: int) -> Sequence[bytes]:
        """Sets the absent tokens; answers those that count, in order."""
        async with self._call() as redis:
            pipeline = redis.pipeline(transaction=False)
            for name, token in tokens.items():
                pipeline.set(name, token, nx=True, ex=ttl)
            pipeline.mget(list(tokens))
            values: Sequence[bytes] = (await pipeline.execute())[-1]
            return values

    async def write(self, key: str, value: bytes, ttl: int) -> None:
        """Stores one value for `ttl` seconds."""
        async with self._call() as redis:
            await redis.set(key, value, ex=ttl)

    async def renew(self, tokens: Mapping[str, str], ttl: int, drop: Sequence[str]) -> None:
        """Replaces tokens and drops keys in one round trip."""
        async with self._call() as redis:
            pipeline = redis.pipeline(transaction=False)
            for name, token in tokens.items():
                pipeline.set(name, token, ex=ttl)
            if drop:
                pipeline.unlink(*drop)
            await pipeline.execute()


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


def fail(reads: Sequence["asyncio.Future[Sequence[bytes | None]]"], error: Exception) -> None:
    """Tells all readers of a lost MGET."""
    for future in reads:
        if not future.done():
            future.set_exception(error)
            future.exception()
