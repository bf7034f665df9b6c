"""Cache-aside with generations: a stale fill can never win.

Everything a value is composed from has a generation, a random token. A read takes the value and its tokens together;
the value counts only if it was filled under exactly those tokens. A fill stores the tokens that were read before the
load, so whatever is invalidated during the load makes the fill worthless. Invalidation replaces tokens after commit.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar, cast

import msgspec
import structlog
from msgspec import Struct

from shared.ports import Cache
from shared.telemetry.metrics import CACHE_READS

log = structlog.get_logger(__name__)

HITS, MISSES, STALE, BYPASSES = (CACHE_READS.labels(result=result) for result in ("hit", "miss", "stale", "bypass"))

ALL = "gen:all"
TOKEN_TTL = 7 * 24 * 3600
ABSENT_TTL = 30

P = ParamSpec("P")
Reader = TypeVar("Reader", bound="Caching")
CachedMethod: TypeAlias = Callable[Concatenate[Reader, P], Coroutine[Any, Any, "Cached | None"]]


class CacheDown(Exception):  # noqa: N818 - an outage that every caller handles
    """The cache cannot be reached, or must not be trusted, at the moment."""


class Cached(Struct, frozen=True):
    """Encoded JSON as it is sent, with its ETag (quotes included)."""

    body: bytes
    etag: str


Load = Callable[[], Awaitable[Cached | None]]


class CacheStore(Cache, Protocol):
    """A cache that also keeps generations. These methods raise `CacheDown` when it is out of reach or not trusted."""

    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]: ...
    async def set_if_absent(self, tokens: Mapping[str, str], ttl: int) -> Sequence[bytes]:
        """Set the absent tokens and return those in force, in order."""
        ...

    async def renew(self, tokens: Mapping[str, str], ttl: int, drop: Sequence[str]) -> None:
        """Set all tokens and drop the keys, in one round trip."""
        ...


class ResetAnnouncer(Protocol):
    async def announce_reset(self) -> None: ...


class ReadThrough(Protocol):
    async def read_through(self, key: str, generations: Sequence[str], ttl: int, load: Load) -> Cached | None: ...


class Caching(Protocol):
    @property
    def cache(self) -> ReadThrough: ...


def encode_cached(sequence: int, value: Any) -> Cached:
    """Encode the value. Its ETag is `"{sequence}.{hash of the body}"`: If-Match compares only the sequence."""
    body = msgspec.json.encode(value)
    return Cached(body, f'"{sequence}.{hashlib.blake2b(body, digest_size=8).hexdigest()}"')


def cache_result(
    ttl: int, key_pattern: str, generations: Sequence[str] = ()
) -> Callable[[Callable[Concatenate[Reader, P], Coroutine[Any, Any, Cached | None]]], "CachedMethod[Reader, P]"]:
    """Read through the cache. `key_pattern` and `generations` are formatted with the method's arguments by name."""

    def decorate(load: "CachedMethod[Reader, P]") -> "CachedMethod[Reader, P]":
        names = list(signature(load).parameters)[1:]

        @wraps(load)
        async def read(self: Reader, /, *args: P.args, **kwargs: P.kwargs) -> Cached | None:
            ids = {**dict(zip(names, args, strict=False)), **kwargs}
            return await self.cache.read_through(
                key_pattern.format(**ids),
                [generation.format(**ids) for generation in generations],
                ttl,
                lambda: load(self, *args, **kwargs),
            )

        return cast("CachedMethod[Reader, P]", read)

    return decorate


class GenerationCache:
    """The cache protocol over a store. Nothing here raises because the store is down."""

    def __init__(self, store: CacheStore, announcer: ResetAnnouncer) -> None:
        self._store = store
        self._announcer = announcer
        self._flights: dict[Any, asyncio.Task[Cached | None]] = {}

    async def read_through(self, key: str, generations: Sequence[str], ttl: int, load: Load) -> Cached | None:
        """Return the cached value, else a loaded one; concurrent misses of one key and one moment share one load."""
        names = [ALL, *generations]
        try:
            value, *tokens = await self._store.read([key, *names])
            if None in tokens:
                tokens = list(await self._store.set_if_absent({name: new_token() for name in names}, TOKEN_TTL))
                value = None
        except CacheDown:
            BYPASSES.inc()
            return await self._share_for_a_turn(key, load)
        prefix = frame_prefix(tokens)
        if value is not None and value.startswith(prefix):
            HITS.inc()
            return unframe(value, len(prefix))
        (MISSES if value is None else STALE).inc()
        return await self._share((key, prefix), lambda: self._fill(key, prefix, ttl, load))

    async def _fill(self, key: str, prefix: bytes, ttl: int, load: Load) -> Cached | None:
        loaded = await load()
        await self._store.set(key, frame(prefix, loaded), ttl if loaded else min(ttl, ABSENT_TTL))
        return loaded

    async def _share_for_a_turn(self, key: str, load: Load) -> Cached | None:
        # Without tokens nothing tells an old load from a new one: only readers of the very same loop turn may share.
        loop = asyncio.get_running_loop()
        if key not in self._flights:
            task = asyncio.ensure_future(load())
            self._flights[key] = task
            loop.call_soon(self._flights.pop, key, None)
        return await asyncio.shield(self._flights[key])

    async def _share(self, flight: Any, load: Load) -> Cached | None:
        task = self._flights.get(flight)
        if task is None:
            task = asyncio.ensure_future(load())
            self._flights[flight] = task
            task.add_done_callback(lambda _: self._flights.pop(flight, None))
        return await asyncio.shield(task)

    async def invalidate(self, names: Sequence[str]) -> None:
        """Give `gen:…` names new tokens and drop keys. If the store is out of reach, every process resets."""
        if not names:
            return
        tokens = {name: new_token() for name in names if name.startswith("gen:")}
        keys = [name for name in names if not name.startswith("gen:")]
        try:
            await self._store.renew(tokens, TOKEN_TTL, keys)
        except CacheDown:
            await self._announcer.announce_reset()

    async def reset(self) -> None:
        """Make every cached value worthless."""
        await self.invalidate([ALL])


def new_token() -> str:
    return secrets.token_hex(8)


def frame_prefix(tokens: Sequence[bytes | None]) -> bytes:
    return b",".join(token or b"" for token in tokens) + b"\n"


def frame(prefix: bytes, value: Cached | None) -> bytes:
    """Join tokens, ETag and body. An absent thing has neither ETag nor body."""
    if value is None:
        return prefix + b"\n"
    return prefix + value.etag.encode() + b"\n" + value.body


def unframe(stored: bytes, start: int) -> Cached | None:
    end = stored.index(b"\n", start)
    return Cached(stored[end + 1 :], stored[start:end].decode()) if end > start else None
