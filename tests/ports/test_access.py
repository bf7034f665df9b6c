"""What `access` asks of the world: the fakes, PostgreSQL and Redis keep the same promises."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from access.adapters.cached import SessionMemory
from access.adapters.passwords import RedisSignInAttempts
from access.adapters.queries import PostgresCredentialReader, PostgresSigningKeys
from access.domain import SessionEnded, TooManyAttempts
from access.ports import AccessSettings, LiveSessions, SignInAttempts, SigningKeys
from access.users import activation
from devstack import Endpoints
from shared.cache.redis import RedisCache
from shared.eventlog.audit_log import AuditEvent, AuditLog, PostgresAuditLog
from shared.http.rate_limits import RedisWindows
from shared.postgres.database import PostgresDatabase
from tests.access.conftest import Access, FakeAttempts, FakeAuditLog, FakeLiveSessions, FakeSigningKeys
from tests.fakes import NOON, FakeAnnouncer, FakeClock
from tests.support.polling import eventually

TYPES = "SELECT aggregateid, id, sequence FROM shared.event_log WHERE aggregatetype = 'access' ORDER BY seq"
RETIRE = "UPDATE access.signing_keys SET retired_at = now() WHERE kid = $1"
HERE = "198.51.100.7"


@pytest.fixture(params=["fake", "redis"])
async def attempts(request: pytest.FixtureRequest, endpoints: Endpoints) -> AsyncIterator[SignInAttempts]:
    """Three failures close an account to an address."""
    if request.param == "fake":
        yield FakeAttempts(failures_per_account=3)
        return
    store = RedisCache(endpoints.redis_url)
    upkeep = asyncio.create_task(store.reconnect_forever(FakeAnnouncer().announce_reset))
    await eventually(lambda: store.trusted, "Redis", pause=0.01)
    yield RedisSignInAttempts(RedisWindows(store), AccessSettings(failures_per_account=3, failures_per_address=0))
    upkeep.cancel()
    await store.close()


def somebody() -> str:
    return f"{uuid4().hex}@example.com"


async def test_an_account_is_closed_to_who_failed_and_to_nobody_else(attempts: SignInAttempts) -> None:
    email = somebody()
    for _ in range(3):
        await attempts.begin(email, HERE)
    with pytest.raises(TooManyAttempts) as refused:
        await attempts.begin(email.upper(), HERE)
    assert refused.value.extra["retry_after"] > 0
    await attempts.begin(somebody(), HERE)
    await attempts.begin(email, "203.0.113.9")


async def test_whoever_signs_in_begins_anew(attempts: SignInAttempts) -> None:
    email = somebody()
    for _ in range(5):
        await attempts.begin(email, HERE)
        await attempts.succeeded(email, HERE)


class Keys(NamedTuple):
    """The keys, and how they change by an operator's hand."""

    keys: SigningKeys
    database: PostgresDatabase | None

    async def names(self) -> list[str]:
        return [key.kid for key in await self.keys.unretired()]

    async def retire(self, kid: str) -> None:
        if isinstance(self.keys, FakeSigningKeys):
            self.keys.keys = [key for key in self.keys.keys if key.kid != kid]
            return
        assert self.database is not None
        owner = await self.database.connect(as_service=False)
        await owner.execute(RETIRE, kid)
        await owner.close()


@pytest.fixture
def keys(real_database: PostgresDatabase | None) -> Keys:
    return Keys(PostgresSigningKeys(real_database) if real_database else FakeSigningKeys(), real_database)


async def test_there_is_always_a_key_and_all_see_the_same(keys: Keys) -> None:
    first, again = await asyncio.gather(keys.keys.unretired(), keys.keys.unretired())
    assert list(first) == list(again) == list(await keys.keys.unretired())
    (key,) = first
    assert len(key.secret) >= 32
    assert key.secret.hex() not in repr(key)


async def test_a_retired_key_is_gone_and_another_takes_its_place(keys: Keys) -> None:
    (old,) = await keys.names()
    await keys.retire(old)
    (new,) = await keys.names()
    assert new != old


class Session(NamedTuple):
    """A sign-in that stands, and how it ends."""

    live: LiveSessions
    id: UUID
    access: Access | None

    async def end(self) -> None:
        if isinstance(self.live, FakeLiveSessions):
            self.live.ended.add(self.id)
            return
        assert self.access is not None
        await self.access.sessions.end([], self.id)


@pytest.fixture
async def session(real_database: PostgresDatabase | None) -> Session:
    if real_database is None:
        return Session(FakeLiveSessions(), uuid4(), None)
    access = Access(real_database, FakeClock())
    await access.super_admins.create("ada@example.com", "correct horse battery")
    signed_in = await access.sign_in("ada@example.com", "correct horse battery")
    session_id = (await access.bearer.authenticate(signed_in.access.token)).session_id
    assert session_id is not None
    live = SessionMemory(PostgresCredentialReader(real_database), access.memories, access.clock)
    return Session(live, session_id, access)


async def test_a_session_stands_until_it_ends(session: Session) -> None:
    for _ in range(2):
        await session.live.require(session.id)
    await session.end()
    for _ in range(2):
        with pytest.raises(SessionEnded):
            await session.live.require(session.id)


class Log(NamedTuple):
    """The audit log, and what is in it: streams, events, sequences."""

    log: AuditLog
    database: PostgresDatabase

    async def record(self, *events: AuditEvent) -> None:
        async with self.database.writing() as transaction:
            await self.log.record(transaction, events)

    async def entries(self) -> list[tuple[str, UUID, int]]:
        if isinstance(self.log, FakeAuditLog):
            return self.log.entries()
        async with self.database.snapshot() as transaction:
            return [tuple(row) for row in await transaction.fetch(TYPES)]


@pytest.fixture(params=["fake", "postgres"])
def log(request: pytest.FixtureRequest, database: PostgresDatabase) -> Log:
    return Log(FakeAuditLog() if request.param == "fake" else PostgresAuditLog("access"), database)


async def test_each_event_gets_the_next_sequence_of_its_stream(log: Log) -> None:
    one, other = uuid4(), uuid4()
    events = [activation(id_, uuid4(), NOON + timedelta(seconds=number)) for number, id_ in enumerate((one, other))]
    await log.record()
    await log.record(*events)
    await log.record(replace(events[0], operation_id=uuid4()))
    entries = await log.entries()
    assert [(stream, sequence) for stream, _, sequence in entries] == [(str(one), 1), (str(other), 1), (str(one), 2)]
    assert [id_ for _, id_, _ in entries[:2]] == [event.event_id for event in events]
    assert len({id_ for _, id_, _ in entries}) == 3
