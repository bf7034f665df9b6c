"""The cache on Redis: calls of one loop turn share a command, and after any failure nothing is believed for a while."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog

from shared.cache.generations import ALL, TOKEN_TTL, CacheDown
from shared.cache.redis_client import NoBackoff, Redis, RedisError, Retry
from shared.concurrency import Batcher, retry_forever

log = structlog.get_logger(__name__)

BUDGET_SECONDS = 0.25
RECOVER_SECONDS = 0.25
PROBE_SECONDS = 0.5
CHUNK = 500
MAX_BATCH = 200
OUTAGES = (RedisError, OSError, TimeoutError)

# One command for a batch: as a pipeline, each token would cost this process five times the work.
RENEW = """
local fresh = #ARGV / 2
for i = 1, fresh do redis.call('SET', KEYS[i], ARGV[2 * i - 1], 'EX', ARGV[2 * i]) end
for i = fresh + 1, #KEYS do redis.call('UNLINK', KEYS[i]) end
"""
SET_IF_ABSENT = """
local found = {}
for i, name in ipairs(KEYS) do
  redis.call('SET', name, ARGV[2 * i - 1], 'EX', ARGV[2 * i], 'NX')
  found[i] = redis.call('GET', name)
end
return found
"""

Announce = Callable[[], Awaitable[None]]


class RedisCache:
    """Plain values (the port `Cache`) and generations (`CacheStore`) on one connection.

    Any failure opens the circuit: calls fail with `CacheDown` until `reconnect_forever`, which alone makes connections,
    has replaced `gen:all`, because an invalidation may have been lost. `budget_seconds` bounds Redis' time for a call.
    """

    def __init__(self, url: str, budget_seconds: float = BUDGET_SECONDS) -> None:
        self._budget_seconds = budget_seconds
        self._redis = lean_client(url, budget_seconds, single_connection_client=True)
        self._renew_all = self._redis.register_script(RENEW)
        self._set_all_if_absent = self._redis.register_script(SET_IF_ABSENT)
        self._trusted = False
        self._was_trusted = False
        self._must_announce = False
        self._broken = asyncio.Event()
        self._broken.set()
        self._reads = Batcher(self._read, MAX_BATCH)
        self._plants = Batcher(self._set_if_absent, MAX_BATCH)
        self._writes = Batcher(self._write, MAX_BATCH)
        self._renewals = Batcher(self._renew, MAX_BATCH)

    @property
    def trusted(self) -> bool:
        return self._trusted

    def open_circuit(self, *, announce: bool = True) -> None:
        """Refuse every call until `gen:all` was replaced; `announce`: the other processes are to do the same."""
        self._trusted = False
        self._must_announce = self._must_announce or (announce and self._was_trusted)
        self._broken.set()

    async def reconnect_forever(self, announce: Announce) -> None:
        """Reconnect after each failure, replace `gen:all`, tell the other processes, close the circuit."""
        while True:
            obey_cancellation()
            await self._broken.wait()
            await retry_forever(self._reconnect, OUTAGES, RECOVER_SECONDS, warn_unreachable)
            if self._must_announce:
                self._must_announce = False
                await announce()
            self._was_trusted = True
            log.info("cache_trusted")

    async def _reconnect(self) -> None:
        obey_cancellation()
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
        self._trusted = False
        await self._redis.aclose()

    @asynccontextmanager
    async def call(self) -> AsyncIterator["Redis"]:
        """Give the client for one call. Raises `CacheDown` while the circuit is open. A failed call opens it."""
        if not self._trusted:
            raise CacheDown
        try:
            async with asyncio.timeout(2 * self._budget_seconds):
                yield self._redis
        except OUTAGES as error:
            if self._trusted:
                log.warning("cache_lost", error=repr(error)[:200])
            self.open_circuit()
            raise CacheDown from error

    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return the values in order. All reads of one loop turn are one MGET."""
        if not self._trusted:
            raise CacheDown
        return await self._reads.submit(keys)

    async def _read(self, batch: Sequence[Sequence[str]]) -> Sequence[Sequence[bytes | None]]:
        names = list({key: None for keys in batch for key in keys})
        async with self.call() as redis:
            values: dict[str, Any] = dict(zip(names, await redis.mget(names), strict=True))
        return [[values[key] for key in keys] for keys in batch]

    async def set_if_absent(self, tokens: Mapping[str, str], ttl: int) -> Sequence[bytes]:
        return await self._plants.submit((tokens, ttl))

    async def _set_if_absent(self, batch: Sequence[tuple[Mapping[str, str], int]]) -> Sequence[Sequence[bytes]]:
        wanted = {name: (token, ttl) for tokens, ttl in batch for name, token in tokens.items()}
        arguments = [argument for pair in wanted.values() for argument in pair]
        async with self.call():
            in_force = await self._set_all_if_absent(list(wanted), arguments)
            values: dict[str, bytes] = dict(zip(wanted, in_force, strict=True))
        return [[values[name] for name in tokens] for tokens, _ in batch]

    async def renew(self, tokens: Mapping[str, str], ttl: int, drop: Sequence[str]) -> None:
        await self._renewals.submit((tokens, ttl, drop))

    async def _renew(self, batch: Sequence[tuple[Mapping[str, str], int, Sequence[str]]]) -> Sequence[None]:
        renewed = {name: (token, ttl) for tokens, ttl, _ in batch for name, token in tokens.items()}
        dropped = list(dict.fromkeys(key for _, _, drop in batch for key in drop))
        arguments = [argument for pair in renewed.values() for argument in pair]
        async with self.call():
            await self._renew_all([*renewed, *dropped], arguments)
        return [None] * len(batch)

    async def get(self, key: str) -> bytes | None:
        try:
            return (await self.read([key]))[0]
        except CacheDown:
            return None

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Keep the value for `ttl` seconds. All writes of one loop turn are one pipeline."""
        try:
            await self._writes.submit((key, value, ttl))
        except CacheDown:
            return

    async def _write(self, batch: Sequence[tuple[str, bytes, int]]) -> Sequence[None]:
        async with self.call() as redis:
            pipeline = redis.pipeline(transaction=False)
            for key, value, ttl in batch:
                pipeline.set(key, value, ex=ttl)
            await pipeline.execute()
        return [None] * len(batch)

    async def delete(self, key: str) -> None:
        await self._quietly(lambda redis: redis.unlink(key))

    async def delete_pattern(self, pattern: str) -> int:
        """Drop all keys that match a glob (`org:018f…:*`); return their number."""
        dropped = 0

        async def drop(redis: Any) -> None:
            nonlocal dropped
            keys = [key async for key in redis.scan_iter(pattern, count=1000)]
            for start in range(0, len(keys), CHUNK):
                dropped += await redis.unlink(*keys[start : start + CHUNK])

        await self._quietly(drop)
        return dropped

    async def exists(self, key: str) -> bool:
        return bool(await self._quietly(lambda redis: redis.exists(key)))

    async def _quietly(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            async with self.call() as redis:
                return await call(redis)
        except CacheDown:
            return None


class RedisServer:
    """Look at the server from outside the cache, by a connection of its own."""

    def __init__(self, url: str) -> None:
        self._redis = lean_client(url, PROBE_SECONDS)

    async def version(self) -> str:
        """Return the server's version. Raises `CacheDown`, at the latest after half a second."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                info = await self._redis.info("server")
        except OUTAGES as error:
            raise CacheDown from error
        return str(info["redis_version"])

    async def close(self) -> None:
        await self._redis.aclose()


def lean_client(url: str, seconds: float, **options: Any) -> "Redis":
    """Make a client that neither retries nor checks connections by itself."""
    return Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        **options,
    )


def obey_cancellation() -> None:
    """End a cancelled task after all: redis-py swallows cancellation while it connects."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def warn_unreachable(error: Exception) -> None:
    log.warning("cache_unreachable", error=str(error)[:200])
