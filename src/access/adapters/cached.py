"""Remembers credentials for three seconds, or five minutes while the database is unavailable and none can be ended.

Whatever ends a credential notifies all processes in the same transaction.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

import structlog
from cachetools import TTLCache
from msgspec import Struct

from access.adapters.oidc import IssuerKeys, OidcAuthenticator
from access.adapters.queries import PostgresCredentialReader
from access.adapters.tokens import MAX_REMEMBERED, TokenAuthenticator
from access.api_tokens import API_TOKEN_PREFIX
from access.domain import ApiToken, TokenExpired, TokenInvalid
from access.ports import AccessSettings
from access.sessions import hashed, session_ended
from shared.errors import Unauthenticated, Unavailable
from shared.ports import Caller, Clock, OrganizationStatuses, Transaction
from shared.postgres.listener import CHANNEL, ENDED, EVERYTHING

log = structlog.get_logger(__name__)

TRUSTED_FOR = timedelta(seconds=3)
TRUSTED_IN_OUTAGE = timedelta(minutes=5)
PATIENCE_SECONDS = 0.5
MAX_NAMED = 100
MAX_API_TOKEN_LENGTH = 100

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Struct, Generic[Value]):
    """`tried_at`: when reading it was last tried; None: it must be read before it is used."""

    id: UUID
    value: Value
    tried_at: datetime | None


class CredentialMemory(Generic[Key, Value]):
    """Credentials of one kind. `read` raises `Unauthenticated` for one that ended, or never was."""

    def __init__(
        self,
        read: Callable[[Key], Awaitable[tuple[UUID, Value]]],
        clock: Clock,
        *,
        max_remembered: int = MAX_REMEMBERED,
    ) -> None:
        self._read = read
        self._clock = clock
        self._remembered: TTLCache[Key, Remembered[Value]] = TTLCache(
            max_remembered, TRUSTED_IN_OUTAGE.total_seconds(), lambda: clock.now().timestamp()
        )
        self._reading: dict[Key, asyncio.Task[Remembered[Value]]] = {}
        self._news = 0

    async def get(self, key: Key) -> Value:
        """Raise `Unauthenticated` for a credential that ended, `Unavailable` when it cannot be read."""
        known = self._remembered.get(key)
        if known is None or known.tried_at is None or abs(self._clock.now() - known.tried_at) >= TRUSTED_FOR:
            known = await self._read_together(key)
        return known.value

    def forget(self, ids: Sequence[UUID] | None) -> None:
        """Forget these credentials; None: read each again. A reading that began before is not remembered."""
        self._news += 1
        self._reading = {}
        with self._remembered.timer:  # it stands still, so that nothing expires in the loop
            for key, known in list(self._remembered.items()):
                if ids is None:
                    known.tried_at = None
                elif known.id in ids:
                    del self._remembered[key]

    async def _read_together(self, key: Key) -> Remembered[Value]:
        task = self._reading.get(key)
        if task is None:
            task = self._reading[key] = asyncio.create_task(self._read_now(key))
            task.add_done_callback(lambda done: self._read_is_over(key, done))
        if key in self._remembered:
            # A database that hangs costs a known caller this once in three seconds, not its time-out.
            await asyncio.wait([task], timeout=PATIENCE_SECONDS)
            if not task.done() and (trusted := self._still_trusted(key)) is not None:
                return trusted
        return await asyncio.shield(task)

    def _read_is_over(self, key: Key, task: asyncio.Task[Remembered[Value]]) -> None:
        if self._reading.get(key) is task:
            del self._reading[key]
        if not task.cancelled():
            task.exception()  # retrieved, or asyncio would log it where nobody waited for it

    async def _read_now(self, key: Key) -> Remembered[Value]:
        news = self._news
        try:
            id_, value = await self._read(key)
        except Unavailable:
            if (trusted := self._still_trusted(key)) is None:
                raise
            return trusted
        except Unauthenticated:
            self._remembered.pop(key, None)
            raise
        known = Remembered(id_, value, self._clock.now())
        if news == self._news:
            self._remembered[key] = known
        return known

    def _still_trusted(self, key: Key) -> Remembered[Value] | None:
        known = self._remembered.get(key)
        if known is not None:
            known.tried_at = self._clock.now()
        return known


class CredentialMemories:
    def __init__(self) -> None:
        self._forgetting: list[Callable[[Sequence[UUID] | None], None]] = []

    def join(self, forget: Callable[[Sequence[UUID] | None], None]) -> None:
        self._forgetting.append(forget)

    async def announce(self, transaction: Transaction, ended: Sequence[UUID] | None) -> None:
        named = ended is not None and len(ended) <= MAX_NAMED
        if ended is None or ended:
            ids = ",".join(id_.hex for id_ in ended or ()) if named else EVERYTHING
            await transaction.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{ENDED} {ids}")

    def forget(self, ended: Sequence[UUID] | None) -> None:
        for forget in self._forgetting:
            forget(ended)

    def heard(self, ids: str) -> None:
        self.forget(None if ids == EVERYTHING else [UUID(id_) for id_ in ids.split(",")])


class KnownToken(Struct, frozen=True):
    token: ApiToken
    caller: Caller


class ApiTokenAuthenticator:
    def __init__(
        self,
        tokens: PostgresCredentialReader,
        memories: CredentialMemories,
        clock: Clock,
        *,
        max_remembered: int = MAX_REMEMBERED,
    ) -> None:
        self._tokens = tokens
        self._clock = clock
        self._memory = CredentialMemory(self._read, clock, max_remembered=max_remembered)
        memories.join(self._memory.forget)

    async def authenticate(self, token: str) -> Caller:
        """Raise `TokenExpired`, `TokenInvalid`, or `Unavailable`. A revocation takes effect within three seconds."""
        if len(token) > MAX_API_TOKEN_LENGTH:
            raise unknown_api_token()
        known = await self._memory.get(hashed(token))
        if known.token.expires_at is not None and known.token.expires_at <= self._clock.now():
            raise TokenExpired("The API token has expired: ask a super admin for another.")
        return known.caller

    async def _read(self, key: bytes) -> tuple[UUID, KnownToken]:
        token = await self._tokens.api_token(key)
        if token is None or token.revoked_at is not None:
            raise unknown_api_token()
        try:
            await self._tokens.note_use(token, self._clock.now())
        except Unavailable:
            log.info("api_token_use_not_noted", token_id=str(token.id))
        return token.id, KnownToken(token, caller_of(token))


class SessionMemory:
    def __init__(self, sessions: PostgresCredentialReader, memories: CredentialMemories, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock
        self._memory = CredentialMemory(self._read, clock)
        memories.join(self._memory.forget)

    async def require(self, session_id: UUID) -> None:
        await self._memory.get(session_id)

    async def _read(self, session_id: UUID) -> tuple[UUID, None]:
        if not await self._sessions.is_good_session(session_id, self._clock.now()):
            raise session_ended()
        return session_id, None


@dataclass
class BearerAuthenticator:
    own: TokenAuthenticator
    api_tokens: ApiTokenAuthenticator
    oidc: OidcAuthenticator | None = None

    async def authenticate(self, token: str) -> Caller:
        if token.startswith(API_TOKEN_PREFIX):
            return await self.api_tokens.authenticate(token)
        if self.oidc is not None and self.oidc.may_have_issued(token):
            return await self.oidc.authenticate(token)
        return await self.own.authenticate(token)


def other_issuer(settings: AccessSettings, statuses: OrganizationStatuses, clock: Clock) -> OidcAuthenticator | None:
    if settings.oidc is None:
        return None
    return OidcAuthenticator(settings.oidc, IssuerKeys(settings.oidc.jwks_url, clock), statuses, clock)


def caller_of(token: ApiToken) -> Caller:
    organization_id = str(token.organization_id) if token.organization_id else None
    return Caller(str(token.id), token.role, organization_id, scopes=frozenset(token.scopes))


def unknown_api_token() -> TokenInvalid:
    """Return one error for tokens that never existed and those that were revoked."""
    return TokenInvalid("The API token is unknown or was revoked: ask a super admin for another.")
