"""Rate limits: approximate ones on every request, exact ones on what is worth guessing.

Redis holds the counts of all processes. Without it no request is refused.
"""

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from msgspec import Struct

from shared.cache.generations import CacheDown
from shared.cache.redis import RedisCache
from shared.errors import Refusal
from shared.http.authentication import bearer_token
from shared.http.problems import PROBLEM_JSON, problem_body
from shared.ports import Clock

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 60
MAX_COUNTED = 50_000
SENT_TOGETHER = 200
SYNCHRONIZE_SECONDS = 1.0
EXEMPT = ("/health/", "/metrics")
NOBODY = "unknown"

MAX_ENTRY = 100
# With a port, as some proxies add it; IPv6 stands in brackets then. RFC 7239 allows words for ports too.
BRACKETED = re.compile(r"\[([^\[\]]*)\](?::[\w.-]*)?")
WITH_PORT = re.compile(r"([^:\[\]]+):[\w.-]*")
# An IPv6 address in full and a port, without brackets.
FULL_WITH_PORT = re.compile(r"((?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}):[0-9]{1,5}")


class RateLimits(Struct, frozen=True, kw_only=True):
    """Requests a minute; 0: no limit. `proxy_hops` is the number of own proxies in front of the service."""

    per_address: int
    per_token: int
    proxy_hops: int = 0


class Count(Struct):
    """Requests of one key in this window: not added to Redis yet, and Redis' total."""

    fresh: int = 0
    known: int = 0


UNCOUNTED = Count()


class RedisWindows:
    """Counters in Redis that end by themselves. Raises `CacheDown` without Redis."""

    def __init__(self, store: RedisCache) -> None:
        self._store = store

    @property
    def reachable(self) -> bool:
        return self._store.trusted

    async def add(self, amounts: Mapping[str, int], seconds: int) -> Sequence[tuple[int, int]]:
        """Add to each key; return its total, and the seconds its window still lasts, in order."""
        async with self._store.call() as redis:
            pipeline = redis.pipeline(transaction=True)
            for key, amount in amounts.items():
                pipeline.set(key, 0, ex=seconds, nx=True)
                pipeline.incrby(key, amount)
                pipeline.ttl(key)
            results: list[Any] = await pipeline.execute()
        return [(int(total), max(1, int(left))) for total, left in zip(results[1::3], results[2::3], strict=True)]

    async def forget(self, keys: Sequence[str]) -> None:
        async with self._store.call() as redis:
            await redis.unlink(*keys)

    async def hold(self, key: str, seconds: int) -> None:
        async with self._store.call() as redis:
            await redis.set(key, 1, ex=seconds)

    async def holds(self, key: str) -> bool:
        async with self._store.call() as redis:
            return bool(await redis.exists(key))


class RequestCounts:
    """Requests by key and minute, added up over all processes once a second: a limit may be overrun by so much."""

    def __init__(self, windows: RedisWindows, clock: Clock, *, max_counted: int = MAX_COUNTED) -> None:
        self._windows = windows
        self._clock = clock
        self._max_counted = max_counted
        self._window = 0
        self._counts: dict[str, Count] = {}

    @property
    def trusted(self) -> bool:
        """Whether all processes count together; otherwise no request is refused."""
        return self._windows.reachable

    def turn(self) -> int:
        """Return the seconds this minute still lasts. Call it once a request: a new minute forgets the counts."""
        seconds = int(self._clock.now().timestamp())
        window = seconds // WINDOW_SECONDS
        if window != self._window:
            self._window, self._counts = window, {}
        return WINDOW_SECONDS - seconds % WINDOW_SECONDS

    def total(self, key: str) -> int:
        count = self._counts.get(key)
        return count.known + count.fresh if count else 0

    def add(self, key: str) -> Count:
        """Count one request and return the key's count. Beyond the bound of memory new keys go uncounted."""
        count = self._counts.get(key)
        if count is None:
            if len(self._counts) >= self._max_counted:
                return UNCOUNTED
            count = self._counts[key] = Count()
        count.fresh += 1
        return count

    async def synchronize(self) -> None:
        window, counts = self._window, self._counts
        fresh = {key: count.fresh for key, count in counts.items() if count.fresh}
        for start in range(0, len(fresh), SENT_TOGETHER):
            keys = list(fresh)[start : start + SENT_TOGETHER]
            named = {f"rate:{window}:{key}": fresh[key] for key in keys}
            totals = await self._windows.add(named, 2 * WINDOW_SECONDS)
            for key, (total, _) in zip(keys, totals, strict=True):
                counts[key].known, counts[key].fresh = total, counts[key].fresh - fresh[key]

    async def synchronize_forever(self) -> None:
        while True:
            await asyncio.sleep(SYNCHRONIZE_SECONDS)
            try:
                await self.synchronize()
            except CacheDown:
                log.debug("rates_not_synchronized")


class Limited:
    """ASGI middleware: limit requests by token; those without one, or with an unknown one, by address."""

    def __init__(self, app: ASGIApp, counts: RequestCounts, limits: RateLimits) -> None:
        self._app = app
        self._counts = counts
        self._limits = limits
        self._limit_headers = {
            limit: (b"ratelimit-limit", b"%d" % limit) for limit in (limits.per_address, limits.per_token)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["path"].startswith(EXEMPT):
            await self._app(scope, receive, send)
            return
        left = self._counts.turn()
        token, address = bearer_token(scope), "a:" + client_address(scope, self._limits.proxy_hops)
        key, limit = ("t:" + digest(token), self._limits.per_token) if token else (address, self._limits.per_address)
        if self._exceeded(address, self._limits.per_address):
            key, limit = address, self._limits.per_address
        if self._exceeded(key, limit):
            await refuse(scope, send, self._headers(limit, self._counts.total(key), left))
            return
        count = self._counts.add(key)

        def sending(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                if token and message["status"] == HTTPStatus.UNAUTHORIZED:
                    self._counts.add(address)
                limits = self._headers(limit, count.known + count.fresh, left)
                message["headers"] = [*message.get("headers", ()), *limits]
            return send(message)

        await self._app(scope, receive, sending)

    def _exceeded(self, key: str, limit: int) -> bool:
        return limit > 0 and self._counts.total(key) >= limit and self._counts.trusted

    def _headers(self, limit: int, total: int, left: int) -> list[tuple[bytes, bytes]]:
        if not limit:
            return []
        return [
            self._limit_headers[limit],
            (b"ratelimit-remaining", b"%d" % max(0, limit - total)),
            (b"ratelimit-reset", b"%d" % left),
        ]


async def refuse(scope: HTTPScope, send: Send, headers: Sequence[tuple[bytes, bytes]]) -> None:
    wait = next(value for name, value in headers if name == b"ratelimit-reset")
    detail = f"Too many requests. Try again in {wait.decode()} seconds."
    body = problem_body(scope["path"], Refusal("too_many", "rate_limit_exceeded", detail), 429)
    head = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", b"%d" % len(body)), (b"retry-after", wait)]
    start: Message = {"type": "http.response.start", "status": 429, "headers": [*head, *headers]}
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})


def client_address(scope: Scope, proxy_hops: int) -> str:
    """Return where the request comes from, as the outermost own proxy saw it; claims of clients are ignored."""
    client = scope.get("client")
    address = client[0] if client else NOBODY
    if proxy_hops:
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        hops = [hop.strip() for hop in forwarded.decode("latin-1").split(",") if hop.strip()]
        address = hops[-proxy_hops] if len(hops) >= proxy_hops else address
    return network_of(address)


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """Group addresses: an IPv6 customer has a whole /64; all text that is no address is one."""
    parsed = address_in(address)
    if parsed is None:
        return NOBODY
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64" if isinstance(parsed, IPv6Address) else str(parsed)


@lru_cache(maxsize=10_000)
def site_of(network: str) -> str:
    """Return the /48 an IPv6 /64 of `network_of` is part of: one site has 65,536 of them. Any other text is itself."""
    prefix, slash, _ = network.partition("/")
    return f"{IPv6Address(int(IPv6Address(prefix)) >> 80 << 80)}/48" if slash else network


@lru_cache(maxsize=10_000)
def digest(secret: str) -> str:
    return blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def address_in(entry: str) -> IPv4Address | IPv6Address | None:
    """Parse an entry of X-Forwarded-For, or a socket's peer. None for text that is no address."""
    bare = entry.strip().strip("\"'").strip() if len(entry) <= MAX_ENTRY else ""
    read = BRACKETED.fullmatch(bare) or WITH_PORT.fullmatch(bare) or FULL_WITH_PORT.fullmatch(bare)
    host = read[1] if read else bare
    try:
        address = ip_address(host.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
