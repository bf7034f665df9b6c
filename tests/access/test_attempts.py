"""Bounds on sign-in and on requests, on a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest

from access.adapters.passwords import RedisSignInAttempts
from access.domain import TooManyAttempts, WrongCredentials
from access.ports import AccessSettings
from devstack import Stack
from shared.cache.redis import RedisCache
from shared.http.rate_limits import (
    Limited,
    RateLimits,
    RedisWindows,
    RequestCounts,
    client_address,
    network_of,
    site_of,
)
from tests.access.conftest import Access
from tests.fakes import FakeClock
from tests.support.polling import eventually

ADMIN, PASSWORD, HERE = "admin@example.com", "correct horse battery", "198.51.100.7"


async def say_nothing() -> None:
    """Nobody is to be told of a reset."""


@pytest.fixture(scope="module")
async def store(parts: Stack) -> AsyncIterator[RedisCache]:
    store = RedisCache(parts.plan().redis_url, budget_seconds=5.0)
    upkeep = asyncio.create_task(store.reconnect_forever(say_nothing))
    await eventually(lambda: store.trusted, "Redis", pause=0.01)
    yield store
    upkeep.cancel()
    await store.close()


@pytest.fixture
def windows(store: RedisCache) -> RedisWindows:
    return RedisWindows(store)


@pytest.fixture
def nowhere() -> RedisWindows:
    return RedisWindows(RedisCache("redis://127.0.0.1:9"))


def attempts(windows: RedisWindows, account: int = 3, address: int = 0) -> RedisSignInAttempts:
    return RedisSignInAttempts(windows, AccessSettings(failures_per_account=account, failures_per_address=address))


def somebody() -> str:
    return f"{uuid4().hex}@example.com"


def an_address() -> str:
    return network_of(f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1")


async def fail(bounded: RedisSignInAttempts, email: str, address: str, times: int) -> None:
    for _ in range(times):
        await bounded.begin(email, address)


async def test_an_account_is_closed_to_an_address_after_its_failures_whatever_the_spelling(
    windows: RedisWindows,
) -> None:
    email, bounded, here = somebody(), attempts(windows), an_address()
    await fail(bounded, email, here, 3)
    with pytest.raises(TooManyAttempts) as refused:
        await attempts(windows).begin(f" {email.upper()} ", here)
    assert 0 < refused.value.extra["retry_after"] <= 300
    await bounded.begin(somebody(), here)


async def test_no_stranger_uses_up_what_the_owner_may_fail(windows: RedisWindows) -> None:
    email, bounded = somebody(), attempts(windows, address=100)
    for _ in range(30):  # from everywhere, one after the other
        await bounded.begin(email, an_address())
    for _ in range(2):  # the first slip of the owner's, and the right password
        await bounded.begin(email, "198.51.100.7")
    await bounded.succeeded(email, "198.51.100.7")
    await fail(bounded, email, "198.51.100.7", 3)  # from where the account knows its owner now


async def test_while_somebody_guesses_an_address_the_account_does_not_know_has_two_attempts(
    windows: RedisWindows,
) -> None:
    email, bounded = somebody(), attempts(windows)
    for _ in range(9):
        await bounded.begin(email, an_address())
    stranger = an_address()
    await fail(bounded, email, stranger, 2)
    with pytest.raises(TooManyAttempts):
        await bounded.begin(email, stranger)


async def test_many_networks_of_one_site_guess_as_little_as_three(windows: RedisWindows) -> None:
    email, bounded, site = somebody(), attempts(windows), f"2001:db8:{uuid4().hex[:4]}"
    networks = [network_of(f"{site}:{n:x}::1") for n in range(20)]
    answers = await asyncio.gather(*(bounded.begin(email, each) for each in networks), return_exceptions=True)
    assert answers.count(None) <= 9
    await bounded.begin(email, an_address())


async def test_an_address_is_closed_after_its_failures_whatever_the_account(windows: RedisWindows) -> None:
    here, bounded = an_address(), attempts(windows, address=3)
    for _ in range(3):
        await bounded.begin(somebody(), here)
    with pytest.raises(TooManyAttempts):
        await bounded.begin(somebody(), here)
    await bounded.begin(somebody(), an_address())


async def test_whoever_signs_in_begins_anew(windows: RedisWindows) -> None:
    email, here, bounded = somebody(), an_address(), attempts(windows, address=3)
    for _ in range(10):
        await bounded.begin(email, here)
        await bounded.succeeded(email, here)


async def test_attempts_at_the_same_time_do_not_slip_through_together(windows: RedisWindows) -> None:
    email, here, bounded = somebody(), an_address(), attempts(windows)
    answers = await asyncio.gather(*(bounded.begin(email, here) for _ in range(20)), return_exceptions=True)
    assert answers.count(None) <= 3
    assert answers[0] is None


async def test_without_redis_nobody_is_refused(nowhere: RedisWindows) -> None:
    bounded = attempts(nowhere, account=1)
    for _ in range(5):
        await bounded.begin(ADMIN, HERE)
        await bounded.succeeded(ADMIN, HERE)


async def test_no_address_of_a_mailbox_is_kept_in_redis(windows: RedisWindows, store: RedisCache) -> None:
    email = somebody()
    await attempts(windows).begin(email, HERE)
    async with store.call() as redis:
        keys = [key.decode() async for key in redis.scan_iter("signin:*")]
    assert keys
    assert not any(email.partition("@")[0] in key for key in keys)


async def test_a_closed_account_costs_no_look_at_the_password_and_success_is_told(access: Access) -> None:
    await access.super_admins.ensure_super_admin(ADMIN, PASSWORD)
    with pytest.raises(WrongCredentials):
        await access.sign_in(ADMIN, "wrong horse battery")
    assert access.attempts.ended == []
    await access.sign_in(ADMIN, PASSWORD)
    assert access.attempts.ended == [f"{ADMIN} {HERE}"]
    access.attempts.failures_per_account, looked = 0, len(access.passwords.verified)
    with pytest.raises(TooManyAttempts):
        await access.sign_in(ADMIN, PASSWORD)
    assert len(access.passwords.verified) == looked


class Site:
    """An application behind the limits that answers 401 to the token `bad`, and its callers."""

    def __init__(self, counts: RequestCounts, *, per_address: int = 3, per_token: int = 5, proxy_hops: int = 0) -> None:
        limits = RateLimits(per_address=per_address, per_token=per_token, proxy_hops=proxy_hops)
        self.app = Limited(cast("Any", self.answer), counts, limits)

    async def answer(self, scope: Any, _: Any, send: Any) -> None:
        status = 401 if (b"authorization", b"Bearer bad") in scope["headers"] else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def get(self, address: str, token: str = "", path: str = "/api", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(cast("Any", self.app), client=(address, 1))
        authorization = {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            return await client.get(path, headers=authorization | headers)

    async def statuses(self, times: int, address: str, token: str = "", path: str = "/api") -> list[int]:
        return [(await self.get(address, token, path)).status_code for _ in range(times)]


@pytest.fixture
def counts(windows: RedisWindows, clock: FakeClock) -> RequestCounts:
    clock.advance(timedelta(days=uuid4().int % 10**6))
    return RequestCounts(windows, clock)


async def test_an_address_has_its_share_and_is_told_when_to_come_again(counts: RequestCounts) -> None:
    site = Site(counts)
    first = await site.get("10.0.0.1")
    assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("3", "2")
    assert await site.statuses(3, "10.0.0.1") == [200, 200, 429]
    refused = await site.get("10.0.0.1")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"] == "60"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.json()["type"] == "urn:modplane:problem:rate_limit_exceeded"
    assert await site.statuses(1, "10.0.0.2") == [200]


async def test_a_new_minute_brings_a_new_share(counts: RequestCounts, clock: FakeClock) -> None:
    site = Site(counts)
    assert await site.statuses(4, "10.0.0.1") == [200, 200, 200, 429]
    clock.advance(timedelta(minutes=1))
    assert await site.statuses(1, "10.0.0.1") == [200]


async def test_a_token_has_its_own_share_wherever_it_comes_from(counts: RequestCounts) -> None:
    site = Site(counts)
    assert [(await site.get(f"10.0.0.{n}", "good")).status_code for n in range(6)] == [200] * 5 + [429]
    assert await site.statuses(4, "10.0.0.1", "other") == [200] * 4


async def test_tokens_nobody_knows_count_on_their_address(counts: RequestCounts) -> None:
    site = Site(counts)
    assert await site.statuses(4, "10.0.0.1", "bad") == [401, 401, 401, 429]
    assert await site.statuses(1, "10.0.0.1") == [429]


async def test_health_and_metrics_are_not_counted(counts: RequestCounts) -> None:
    site = Site(counts)
    for path in ("/health/live", "/health/ready", "/metrics"):
        assert await site.statuses(5, "10.0.0.1", path=path) == [200] * 5
    assert "ratelimit-limit" not in (await site.get("10.0.0.1", path="/metrics")).headers


async def test_without_redis_no_request_is_refused(nowhere: RedisWindows, clock: FakeClock) -> None:
    assert await Site(RequestCounts(nowhere, clock)).statuses(10, "10.0.0.1") == [200] * 10


async def test_no_limit_counts_nothing_out(counts: RequestCounts) -> None:
    site = Site(counts, per_address=0, per_token=0)
    assert await site.statuses(10, "10.0.0.1") == [200] * 10


async def test_processes_count_together(counts: RequestCounts, windows: RedisWindows, clock: FakeClock) -> None:
    other = RequestCounts(windows, clock)
    here, there = Site(counts), Site(other)
    await here.statuses(2, "10.0.0.1")
    await counts.synchronize()
    await there.statuses(1, "10.0.0.1")
    await other.synchronize()
    assert await there.statuses(1, "10.0.0.1") == [429]
    await here.statuses(1, "10.0.0.1")
    await counts.synchronize()
    assert await here.statuses(1, "10.0.0.1") == [429]


async def test_the_memory_of_counts_is_bounded(windows: RedisWindows, clock: FakeClock) -> None:
    counts = RequestCounts(windows, clock, max_counted=2)
    for key in ("a", "b", "c", "a"):
        counts.add(key)
    assert [counts.total(key) for key in ("a", "b", "c")] == [2, 1, 0]


@pytest.mark.parametrize(
    ("forwarded", "hops", "address"),
    [
        ([], 0, "10.0.0.1"),
        ([b"6.6.6.6"], 0, "10.0.0.1"),
        ([b"6.6.6.6, 7.7.7.7"], 1, "7.7.7.7"),
        ([b"6.6.6.6", b"7.7.7.7"], 2, "6.6.6.6"),
        ([b"7.7.7.7"], 2, "10.0.0.1"),
        ([b"<script>"], 1, "unknown"),
        ([b"6.6.6.6:1, 7.7.7.7:50123"], 1, "7.7.7.7"),
        ([b'6.6.6.6, "[2001:db8::1]:443"'], 1, "2001:db8::/64"),
        ([b"203.0.113.7, unknown"], 1, "unknown"),
    ],
)
def test_only_our_own_proxies_are_believed(forwarded: Sequence[bytes], hops: int, address: str) -> None:
    scope = {"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", value) for value in forwarded]}
    assert client_address(cast("Any", scope), hops) == address


def test_an_ipv6_network_is_one_address() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("::ffff:10.0.0.1") == "10.0.0.1"
    assert site_of("2001:db8:1:ffff::/64") == site_of("2001:db8:1::/64") == "2001:db8:1::/48"
    assert site_of("10.0.0.1") == "10.0.0.1"
