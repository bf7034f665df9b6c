"""Time, ids, keys, tokens, history and what caches are told: the fakes and the real ones keep the same promises."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

import pytest

from app.infrastructure import SystemClock, TimeOrderedIds
from shared.cache.generations import Cached, GenerationCache, ReadThrough, ResetAnnouncer, encode_cached
from shared.commands.bus import OutcomeWaiter
from shared.commands.conflict_details import CurrentStates, EventsSince
from shared.commands.processor import OutcomeListener
from shared.errors import Unauthenticated
from shared.lists.cursors import CursorKey, PostgresCursorKey
from shared.messages import Outcome
from shared.outbox.relay import CacheReset
from shared.ports import Authenticator, Clock, Ids, Invalidation
from shared.postgres.database import PostgresDatabase
from shared.postgres.listener import PostgresResetAnnouncer
from tests.access.conftest import Access
from tests.assignments.conftest import Neighbours, TickingClock, World
from tests.fakes import (
    FakeAnnouncer,
    FakeCache,
    FakeClock,
    FakeInvalidation,
    FixedCursorKey,
    FreshIds,
    NoCache,
    NoHistory,
    RolesAsTokens,
)
from tests.industries.conftest import Silence
from tests.ports.conftest import Plane
from tests.shared.conftest import Toy, until
from tests.shared.outbox.relaying import RelayWorld
from tests.shared.postgres.test_listener import LISTENERS, Hearing
from tests.shared.toy import ToyWorld
from tests.support.polling import eventually


@pytest.mark.parametrize("clock", [FakeClock(), TickingClock(), SystemClock()], ids=["fake", "ticking", "system"])
def test_time_is_told_in_utc_and_goes_on(clock: Clock) -> None:
    first, second = clock.now(), clock.now()
    assert first.utcoffset() == timedelta(0)
    assert first <= second


@pytest.mark.parametrize("ids", [FreshIds(), TimeOrderedIds()], ids=["fake", "time_ordered"])
def test_no_id_is_given_twice(ids: Ids) -> None:
    assert len({ids.new() for _ in range(1000)}) == 1000


@pytest.fixture
def key(real_database: PostgresDatabase | None) -> CursorKey:
    return PostgresCursorKey(real_database) if real_database else FixedCursorKey()


async def test_the_key_of_cursors_is_long_and_stays(key: CursorKey) -> None:
    assert len({await key.key() for _ in range(3)}) == 1
    assert len(await key.key()) == 32


@pytest.fixture
async def tokens(real_database: PostgresDatabase | None) -> tuple[Authenticator, str, str]:
    """Who knows tokens, a super admin's, and who that is."""
    if real_database is None:
        return RolesAsTokens(), "super_admin", "ada"
    access = Access(real_database, FakeClock())
    user_id = await access.super_admins.create("ada@example.com", "correct horse battery")
    signed_in = await access.sign_in("ada@example.com", "correct horse battery")
    return access.bearer, signed_in.access.token, str(user_id)


async def test_a_token_speaks_for_its_user_and_any_other_for_nobody(tokens: tuple[Authenticator, str, str]) -> None:
    authenticator, token, user_id = tokens
    caller = await authenticator.authenticate(token)
    assert (caller.user_id, caller.role, caller.organization_id) == (user_id, "super_admin", None)
    for unknown in ("", "nonsense", f"{token}x"):
        with pytest.raises(Unauthenticated):
            await authenticator.authenticate(unknown)


@pytest.fixture
async def history(real_plane: Plane | None) -> tuple[EventsSince, CurrentStates]:
    """Of a service in which nothing ever happened."""
    if real_plane is None:
        return NoHistory(), NoHistory()
    return await real_plane.get(EventsSince), await real_plane.get(CurrentStates)


@pytest.mark.parametrize("context", ["registry", "industries", "organizations", "assignments"])
async def test_where_nothing_happened_nothing_is_told(history: tuple[EventsSince, CurrentStates], context: str) -> None:
    events, states = history
    assert await events.events_since(f"{context}:never", 0, 20) == []
    assert await events.events_from([f"{context}:never"], 0, 20) == []
    present = await states.current_state(context, "never")
    assert bytes(present.state) == b"null"
    assert "never" in present.link


def generations() -> GenerationCache:
    return GenerationCache(FakeCache(), FakeAnnouncer())


@pytest.mark.parametrize(
    "reads", [NoCache, lambda: Neighbours(World()), generations], ids=["none", "neighbours", "generations"]
)
async def test_what_is_read_through_a_cache_is_what_was_loaded(reads: Callable[[], ReadThrough]) -> None:
    cache, value = reads(), encode_cached(1, {"a": 1})

    async def load() -> Cached | None:
        return value

    async def load_nothing() -> Cached | None:
        return None

    for _ in range(2):
        assert await cache.read_through("key", ["gen:a"], 60, load) == value
        assert await cache.read_through("other", ["gen:a"], 60, load_nothing) is None


@pytest.mark.parametrize(
    "stale",
    [FakeInvalidation, RelayWorld, lambda: Neighbours(World()), generations],
    ids=["fake", "relay", "neighbours", "generations"],
)
async def test_invalidating_is_harmless_to_repeat(stale: Callable[[], Invalidation]) -> None:
    invalidation = stale()
    for invalidates in (["gen:a", "org:1:modules"], ["gen:a"], []):
        await invalidation.invalidate(invalidates)


@pytest.mark.parametrize("resets", [RelayWorld, generations], ids=["fake", "generations"])
async def test_a_reset_may_be_repeated(resets: Callable[[], CacheReset]) -> None:
    cache = resets()
    for _ in range(2):
        await cache.reset()


class Announcing(NamedTuple):
    announcer: ResetAnnouncer
    heard: Callable[[], int]


@pytest.fixture
async def announcing(real_database: PostgresDatabase | None) -> AsyncIterator[Announcing]:
    if real_database is None:
        fake = FakeAnnouncer()
        yield Announcing(fake, lambda: fake.announced)
        return
    hearing = Hearing(real_database, "another")
    listening = asyncio.create_task(hearing.listener.run())
    toy = Toy(real_database)
    await until(lambda: toy.rows(LISTENERS))
    yield Announcing(PostgresResetAnnouncer(real_database, "first"), lambda: hearing.resets)
    listening.cancel()


async def test_whoever_else_there_is_hears_of_a_reset_each_time(announcing: Announcing) -> None:
    before = announcing.heard()
    for number in (1, 2):
        await announcing.announcer.announce_reset()
        await eventually(lambda: announcing.heard() >= before + number, "it is heard")  # noqa: B023 - called here


@pytest.mark.parametrize(
    "listening",
    [Silence, ToyWorld, lambda: Neighbours(World()), lambda: OutcomeWaiter(ToyWorld(), FakeInvalidation())],
    ids=["silence", "toy", "neighbours", "board"],
)
async def test_an_outcome_nobody_waits_for_is_taken_all_the_same(listening: Callable[[], OutcomeListener]) -> None:
    outcome = Outcome(operation_id=uuid4(), status="applied", fingerprint="", context="toy", aggregate_id="a")
    listening().resolve(outcome)
