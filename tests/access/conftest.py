"""The real database with the schema `access`, and fakes of everything this context asks of the world."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest

from access.adapters.cached import ApiTokenAuthenticator, BearerAuthenticator, CredentialMemories, SessionMemory
from access.adapters.lists import PostgresApiTokenList, PostgresUserList
from access.adapters.postgres import PostgresApiTokens, PostgresSessions, PostgresUserDirectory
from access.adapters.queries import (
    PostgresCredentialReader,
    PostgresPendingOwners,
    PostgresUsers,
    PostgresWriteOutcomes,
    RandomSecrets,
)
from access.adapters.tokens import JwtIssuer, KeyRing, SigningKeySeals, TokenAuthenticator
from access.api_tokens import ApiTokens, TokenLineage
from access.domain import SessionEnded, TooManyAttempts
from access.idempotency import KeyedWrites
from access.ports import SigningKey
from access.sessions import Sessions, SignedIn, SignIn
from access.users import PendingOwners, SuperAdmins, UserAdministration
from shared.eventlog.audit_log import AuditEvent
from shared.ports import OrganizationStatuses, Transaction
from shared.postgres.database import PostgresDatabase
from shared.text.emails import normalized_email
from tests.fakes import CURSORS, FakeClock, FreshIds


class FakePasswords:
    """Hashes by prefixing, and remembers what it was asked to verify against."""

    def __init__(self) -> None:
        self.verified: list[str | None] = []

    async def hash(self, password: str) -> str:
        return f"hashed:{password}"

    async def verifies(self, password_hash: str | None, password: str) -> bool:
        self.verified.append(password_hash)
        return (password_hash or "").encode() == f"hashed:{password}".encode()


class FakeAuditLog:
    """Keeps the events, one of a stream in a call, each id once."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    async def record(self, transaction: Transaction, events: Sequence[AuditEvent]) -> None:
        assert await transaction.fetchval("SELECT 1") == 1
        assert len({event.aggregate_id for event in events}) == len(events)
        self.events.extend(events)
        assert len({event.event_id for event in self.events}) == len(self.events)

    def entries(self) -> list[tuple[str, UUID, int]]:
        """Stream, event and sequence of each."""
        seen = Counter[str]()
        entries = []
        for event in self.events:
            seen[event.aggregate_id] += 1
            entries.append((event.aggregate_id, event.event_id, seen[event.aggregate_id]))
        return entries


class FakeStanding:
    def __init__(self) -> None:
        self.suspended: set[UUID] = set()

    async def is_suspended(self, organization_id: UUID) -> bool:
        return organization_id in self.suspended


class FakeAttempts:
    """Counts failures by account and address, for ever, and notes who succeeded."""

    def __init__(self, failures_per_account: int = 10) -> None:
        self.failures_per_account = failures_per_account
        self.failures, self.ended = Counter[tuple[str, str]](), list[str]()

    async def begin(self, email: str, address: str) -> None:
        pair = normalized_email(email), address
        self.failures[pair] += 1
        if self.failures[pair] > self.failures_per_account:
            raise TooManyAttempts("Later.", retry_after=7)

    async def succeeded(self, email: str, address: str) -> None:
        self.failures.pop((normalized_email(email), address), None)
        self.ended.append(f"{email} {address}")


class FakeLiveSessions:
    """Sessions that stand until a test ends them."""

    def __init__(self) -> None:
        self.ended = set[UUID]()

    async def require(self, session_id: UUID) -> None:
        if session_id in self.ended:
            raise SessionEnded("Ended.")


class FakeSigningKeys:
    def __init__(self) -> None:
        self.keys = [SigningKey("key-1", b"1" * 32)]
        self.fetches = 0
        self._made = 1

    async def unretired(self) -> Sequence[SigningKey]:
        self.fetches += 1
        if not self.keys:
            self._made += 1
            self.keys = [SigningKey(f"key-{self._made}", f"{self._made}".encode() * 32)]
        return list(self.keys)


class Access:
    """The context on the real database, with fakes for all that is not SQL."""

    def __init__(self, database: PostgresDatabase, clock: FakeClock) -> None:
        self.database, self.clock = database, clock
        self.passwords, self.audit_log = FakePasswords(), FakeAuditLog()
        self.standing, self.signing_keys = FakeStanding(), FakeSigningKeys()
        self.ring = KeyRing(self.signing_keys, clock)
        self.issuer = JwtIssuer(self.ring, clock)
        users, store = PostgresUsers(), PostgresPendingOwners()
        self.memories, tokens = CredentialMemories(), PostgresApiTokens()
        self.sessions = self.sessions_with(self.standing)
        self.attempts, self.user_list = FakeAttempts(), PostgresUserList(database, CURSORS)
        self.api_token_list = PostgresApiTokenList(database, CURSORS)
        seals = SigningKeySeals(self.ring)
        self.writes = KeyedWrites(database, PostgresWriteOutcomes(), seals, self.memories, clock)
        self.lineage = TokenLineage(tokens, self.audit_log, clock, FreshIds())
        self.administration = self.administration_with(PostgresUserDirectory())
        self._sign_in = SignIn(database, users, self.passwords, self.sessions, self.attempts)
        self.super_admins = SuperAdmins(database, users, self.passwords, self.audit_log, clock, FreshIds())
        self.token_reader = PostgresCredentialReader(database)
        self.api_tokens = ApiTokens(self.writes, tokens, self.lineage, RandomSecrets(), clock, FreshIds())
        self.bearer = self.process(self.memories)
        self.owners = PendingOwners(database, store, store, self.passwords, self.audit_log, clock)

    def sessions_with(self, statuses: OrganizationStatuses) -> Sessions:
        store, secrets = PostgresSessions(), RandomSecrets()
        return Sessions(self.database, store, statuses, self.issuer, self.memories, secrets, self.audit_log, self.clock)

    def administration_with(self, directory: PostgresUserDirectory) -> UserAdministration:
        return UserAdministration(self.writes, directory, self.lineage, self.audit_log, self.clock, FreshIds())

    def process(self, memories: CredentialMemories) -> BearerAuthenticator:
        """Another process: what it remembers is its own."""
        sessions = SessionMemory(PostgresCredentialReader(self.database), memories, self.clock)
        own = TokenAuthenticator(KeyRing(self.signing_keys, self.clock), sessions, self.clock)
        return BearerAuthenticator(own, ApiTokenAuthenticator(self.token_reader, memories, self.clock))

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
