"""Keeps people signed in: a refresh token that changes at every use, and is worth nothing soon after."""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from msgspec import Struct

from access.domain import Account, OrganizationSuspended, Session, SessionEnded, UserState
from access.events import SessionReusedEvent
from access.ports import (
    AccessTokens,
    EndedCredentials,
    Fact,
    FactLog,
    IssuedToken,
    Secrets,
    SessionStore,
)
from shared.ports import Clock, Database, OrganizationStanding

SESSION_LIFETIME = timedelta(days=30)
# So long a lost answer may be asked for again: by a page that was reloaded before it came, or a second tab.
GRACE = timedelta(seconds=10)
REFRESH_TOKEN = re.compile(r"([0-9a-f]{32})\.([\w-]{43})", re.ASCII)


class RefreshToken(Struct, frozen=True):
    """What the browser keeps: the session's id and its present secret. It ends with the session."""

    value: str
    seconds: int

    def __repr__(self) -> str:
        return f"RefreshToken(seconds={self.seconds})"


class SignedIn(Struct, frozen=True):
    """What somebody has who signed in."""

    access: IssuedToken
    refresh: RefreshToken


class Admission:
    """Lets those in who were told apart already, and has every process put those out whose sessions ended."""

    def __init__(self, standing: OrganizationStanding, tokens: AccessTokens, memory: EndedCredentials) -> None:
        self._standing = standing
        self._tokens = tokens
        self.memory = memory

    async def check(self, account: Account) -> None:
        """Raises `OrganizationSuspended`."""
        if account.organization_id and await self._standing.is_suspended(account.organization_id):
            raise OrganizationSuspended(
                "Your organization is suspended: nobody of it can sign in. Ask the operator to reactivate it."
            )

    async def admit(self, account: Account, session_id: UUID) -> IssuedToken:
        """Raises `OrganizationSuspended`."""
        await self.check(account)
        return await self._tokens.access_token(account, session_id)


class Sessions:
    """A session is one sign-in and lasts 30 days at most, however often it is refreshed."""

    def __init__(
        self,
        database: Database,
        store: SessionStore,
        admission: Admission,
        secrets: Secrets,
        facts: FactLog,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._admission = admission
        self._secrets = secrets
        self._facts = facts
        self._clock = clock

    async def start(self, account: Account) -> SignedIn:
        """Raises `OrganizationSuspended`."""
        await self._admission.check(account)
        secret, now = self._secrets.new(), self._clock.now()
        async with self._database.writing() as transaction:
            expires_at = now + SESSION_LIFETIME
            session_id = await self._store.open(transaction, account.id, hashed(secret), now, expires_at)
        access = await self._admission.admit(account, session_id)
        return SignedIn(access, refresh_token(session_id, secret, SESSION_LIFETIME))

    async def refresh(self, presented: str) -> SignedIn:
        """A new access token and the next refresh token, the same one to all who present this within `GRACE`.

        A token that comes again later was stolen, before or after: nobody can tell which, so the session ends for
        both. Raises `SessionEnded`, or `OrganizationSuspended`, which leaves the session as it is.
        """
        session, secret = await self._found(presented)
        now = self._clock.now()
        if session.token_hash != hashed(secret):
            return await self._repeated(session, secret, now)
        if not is_good(session, now):
            raise ended()
        access, following = await self._admission.admit(session.account, session.id), self._secrets.new()
        async with self._database.writing() as transaction:
            sealed = masked(following.encode(), secret)
            rotated = await self._store.rotate(transaction, session, hashed(following), sealed, now)
        if not rotated:
            return await self._repeated(*await self._found(presented), now)
        return SignedIn(access, refresh_token(session.id, following, session.expires_at - now))

    async def end(self, presented: Sequence[str], session_id: UUID | None = None) -> None:
        """Sign out of the sessions of refresh tokens, and of the one an access token names, everywhere at once.

        Harmless to repeat, and with tokens that were never one.
        """
        matches = [match for each in presented if (match := REFRESH_TOKEN.fullmatch(each)) is not None]
        named = {UUID(match[1]) for match in matches} | ({session_id} if session_id is not None else set())
        if not named:
            return
        async with self._database.writing() as transaction:
            ending = sorted(named)
            over = [each for each in ending if await self._store.revoke(transaction, each, self._clock.now())]
            await self._admission.memory.announce(transaction, over)
        self._admission.memory.forget(ending)

    async def sweep(self) -> int:
        """Deletes expired sessions and returns how many there were."""
        async with self._database.writing() as transaction:
            return await self._store.discard_expired(transaction, self._clock.now())

    async def _found(self, presented: str) -> tuple[Session, str]:
        match = REFRESH_TOKEN.fullmatch(presented)
        if match is None:
            raise ended()
        async with self._database.snapshot() as transaction:
            session = await self._store.find(transaction, UUID(match[1]))
        if session is None:
            raise ended()
        return session, match[2]

    async def _repeated(self, session: Session, secret: str, now: datetime) -> SignedIn:
        if not is_good(session, now):
            raise ended()
        following = successor(session, secret, now)
        if following is None:
            raise await self._reused(session)
        access = await self._admission.admit(session.account, session.id)
        return SignedIn(access, refresh_token(session.id, following, session.expires_at - now))

    async def _reused(self, session: Session) -> SessionEnded:
        now = self._clock.now()
        async with self._database.writing() as transaction:
            if await self._store.revoke(transaction, session.id, now):
                await self._facts.record(transaction, [reuse(session, now)])
                await self._admission.memory.announce(transaction, [session.id])
        self._admission.memory.forget([session.id])
        return ended()


def ended() -> SessionEnded:
    """One text, whatever ended the session."""
    return SessionEnded("There is no session, or it has ended: sign in again.")


def is_good(session: Session, now: datetime) -> bool:
    """Whether anybody may go on with it."""
    return not session.is_revoked and session.expires_at > now and session.account.is_active


def successor(session: Session, secret: str, now: datetime) -> str | None:
    """The token that is good now, for who presents the one before it while that may be an accident."""
    if session.sealed is None or session.rotated_at is None or now - session.rotated_at > GRACE:
        return None
    following = masked(session.sealed, secret)
    return following.decode() if sha256(following).digest() == session.token_hash else None


def masked(token: bytes, secret: str) -> bytes:
    """Seals a token, or unseals it, by a mask that is used once: the secret before it, which is kept nowhere."""
    mask = hmac.digest(secret.encode(), b"the token that follows", "sha512")
    return bytes(a ^ b for a, b in zip(token, mask, strict=False))


def hashed(secret: str) -> bytes:
    """Secrets of 256 random bits need no slow hash."""
    return sha256(secret.encode()).digest()


def refresh_token(session_id: UUID, secret: str, lifetime: timedelta) -> RefreshToken:
    """As the browser keeps it."""
    return RefreshToken(f"{session_id.hex}.{secret}", int(lifetime.total_seconds()))


def reuse(session: Session, now: datetime) -> Fact:
    """The fact that a spent refresh token was used again."""
    account = session.account
    return Fact(
        aggregate_id=str(account.id),
        event=SessionReusedEvent(account.id),
        state=UserState(account.role, account.organization_id, account.is_active),
        user_id=str(account.id),
        organization_id=str(account.organization_id) if account.organization_id else None,
        operation_id=uuid5(session.id, SessionReusedEvent.topic),
        occurred_at=now,
    )
