"""The real database with the schema `access`, and fakes of everything this context asks of the world."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from access.adapters.api_tokens import PostgresApiTokenReader, PostgresApiTokens
from access.adapters.authentication import ApiTokenAuthenticator, BearerAuthenticator
from access.adapters.postgres import PostgresPendingOwners, PostgresUsers
from access.adapters.sessions import PostgresSessions, RandomSecrets
from access.adapters.tokens import JwtIssuer, KeyRing, TokenAuthenticator
from access.adapters.user_list import PostgresUserReader
from access.adapters.users import PostgresUserDirectory
from access.api_tokens import ApiTokens
from access.domain import TooManyAttempts
from access.ports import Fact, SigningKey
from access.sessions import Admission, Sessions, SignedIn
from access.sign_in import SignIn, SuperAdmins
from access.signup import PendingOwners
from access.users import UserAdministration
from shared.adapters.postgres import PostgresDatabase
from shared.ports import Transaction
from tests.fakes import CURSORS


class FakeClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by


class FakeIds:
    def new(self) -> UUID:
        return uuid4()


class FakePasswords:
    """Hashes by prefixing, and remembers what it was asked to verify against."""

    def __init__(self) -> None:
        self.verified: list[str | None] = []

    async def hash(self, password: str) -> str:
        return f"hashed:{password}"

    async def verifies(self, password_hash: str | None, password: str) -> bool:
        self.verified.append(password_hash)
        return (password_hash or "").encode() == f"hashed:{password}".encode()


class FakeFactLog:
    def __init__(self) -> None:
        self.facts: list[Fact] = []

    async def record(self, transaction: Transaction, facts: Sequence[Fact]) -> None:
        assert await transaction.fetchval("SELECT 1") == 1
        self.facts.extend(facts)


class FakeStanding:
    def __init__(self) -> None:
        self.suspended: set[UUID] = set()

    async def is_suspended(self, organization_id: UUID) -> bool:
        return organization_id in self.suspended


class FakeAttempts:
    """Notes who began and who succeeded; `locked` refuses everybody."""

    def __init__(self) -> None:
        self.begun, self.ended, self.locked = list[str](), list[str](), False

    async def begin(self, email: str, address: str) -> None:
        if self.locked:
            raise TooManyAttempts("Later.", retry_after=7)
        self.begun.append(f"{email} {address}")

    async def succeeded(self, email: str, address: str) -> None:
        self.ended.append(f"{email} {address}")


class FakeSigningKeys:
    def __init__(self) -> None:
        self.keys = [SigningKey("key-1", b"1" * 32)]
        self.fetches = 0

    async def unretired(self) -> Sequence[SigningKey]:
        self.fetches += 1
        return list(self.keys)


class Access:
    """The context on the real database, with fakes for all that is not SQL."""

    def __init__(self, database: PostgresDatabase, clock: FakeClock) -> None:
        self.database, self.clock = database, clock
        self.passwords, self.facts = FakePasswords(), FakeFactLog()
        self.standing, self.signing_keys = FakeStanding(), FakeSigningKeys()
        self.ring = KeyRing(self.signing_keys, clock)
        self.issuer = JwtIssuer(self.ring, clock)
        users, store = PostgresUsers(), PostgresPendingOwners()
        admission = Admission(self.standing, self.issuer)
        self.sessions = Sessions(database, PostgresSessions(), admission, RandomSecrets(), self.facts, clock)
        self.attempts, self.user_reader = FakeAttempts(), PostgresUserReader(database, CURSORS)
        self.administration = UserAdministration(database, PostgresUserDirectory(), self.facts, clock, FakeIds())
        self._sign_in = SignIn(database, users, self.passwords, self.sessions, self.attempts)
        self.super_admins = SuperAdmins(database, users, self.passwords, self.facts, clock, FakeIds())
        self.token_reader = PostgresApiTokenReader(database, CURSORS)
        self.api_tokens = ApiTokens(database, PostgresApiTokens(), RandomSecrets(), self.facts, clock, FakeIds())
        own, programs = TokenAuthenticator(self.ring, clock), ApiTokenAuthenticator(self.token_reader, clock)
        self.bearer = BearerAuthenticator(own, programs)
        self.owners = PendingOwners(database, store, store, self.passwords, self.facts, clock)

    async def sign_in(self, email: str, password: str) -> SignedIn:
        return await self._sign_in(email, password, "198.51.100.7")

    async def activate(self, operation_id: UUID, organization_id: UUID) -> None:
        await self.activate_all([(operation_id, organization_id)])

    async def activate_all(self, owners: Sequence[tuple[UUID, UUID]]) -> None:
        async with self.database.writing() as transaction:
            await self.owners.activate(transaction, owners, self.clock.now())

    async def held_rows(self) -> int:
        async with self.database.snapshot() as transaction:
            return int(await transaction.fetchval("SELECT count(*) FROM access.pending_owners"))

    async def pending(self, *operation_ids: UUID) -> frozenset[UUID]:
        async with self.database.writing() as transaction:
            return await self.owners.pending(transaction, operation_ids)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def signing_keys() -> FakeSigningKeys:
    return FakeSigningKeys()


@pytest.fixture
def access(database: PostgresDatabase, clock: FakeClock) -> Access:
    return Access(database, clock)
