"""Signs users in, and keeps them signed in by a refresh token that changes at every use."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

from msgspec import Struct

from access.domain import (
    Account,
    OrganizationSuspended,
    Session,
    SessionEnded,
    UserState,
    WrongCredentials,
    is_text,
)
from access.events import SessionReusedEvent
from access.ports import (
    AccessAuditLog,
    AccessTokens,
    EndedCredentials,
    IssuedToken,
    Passwords,
    Secrets,
    SessionStore,
    SignInAttempts,
    Users,
)
from shared.eventlog.audit_log import AuditEvent
from shared.ports import Clock, Database, OrganizationStatuses
from shared.text.emails import email_of

SESSION_LIFETIME = timedelta(days=30)
# An answer that was lost can be had again for so long: by a page reloaded before it came, or a second tab.
GRACE = timedelta(seconds=10)
REFRESH_TOKEN = re.compile(r"([0-9a-f]{32})\.([\w-]{43})", re.ASCII)


class RefreshToken(Struct, frozen=True):
    value: str
    seconds: int

    def __repr__(self) -> str:
        return f"RefreshToken(seconds={self.seconds})"


class SignedIn(Struct, frozen=True):
    access: IssuedToken
    refresh: RefreshToken


@dataclass
class Sessions:
    """A session is one sign-in and lasts 30 days at most, however often it is refreshed."""

    database: Database
    store: SessionStore
    statuses: OrganizationStatuses
    tokens: AccessTokens
    memory: EndedCredentials
    secrets: Secrets
    audit_log: AccessAuditLog
    clock: Clock

    async def start(self, account: Account) -> SignedIn:
        """Raise `OrganizationSuspended`."""
        await self._require_active_organization(account)
        secret, now = self.secrets.new(), self.clock.now()
        async with self.database.writing() as transaction:
            expires_at = now + SESSION_LIFETIME
            session_id = await self.store.open(transaction, account.id, hashed(secret), now, expires_at)
        return await self._signed_in(account, session_id, secret, SESSION_LIFETIME)

    async def refresh(self, presented: str) -> SignedIn:
        """Return a next token, the same to all requests within `GRACE`. A request that comes later ends the session.

        Raise `SessionEnded`, or `OrganizationSuspended`, which leaves the session as it is.
        """
        session, secret = await self._session_of(presented)
        now = self.clock.now()
        if session.token_hash != hashed(secret):
            return await self._repeated(session, secret, now)
        if not is_good(session, now):
            raise session_ended()
        following = self.secrets.new()
        signed_in = await self._signed_in(session.account, session.id, following, session.expires_at - now)
        async with self.database.writing() as transaction:
            sealed = masked(following.encode(), successor_mask(secret))
            rotated = await self.store.rotate(transaction, session, hashed(following), sealed, now)
        return signed_in if rotated else await self._repeated(*await self._session_of(presented), now)

    async def end(self, presented: Sequence[str], session_id: UUID | None = None) -> None:
        """End the sessions of refresh tokens and `session_id` in every process. Idempotent; other texts are ignored."""
        matches = [match for each in presented if (match := REFRESH_TOKEN.fullmatch(each)) is not None]
        named = {UUID(match[1]) for match in matches} | ({session_id} if session_id is not None else set())
        if not named:
            return
        async with self.database.writing() as transaction:
            ending = sorted(named)
            over = [each for each in ending if await self.store.revoke(transaction, each, self.clock.now())]
            await self.memory.announce(transaction, over)
        self.memory.forget(ending)

    async def sweep(self) -> int:
        async with self.database.writing() as transaction:
            return await self.store.discard_expired(transaction, self.clock.now())

    async def _signed_in(self, account: Account, session_id: UUID, secret: str, lifetime: timedelta) -> SignedIn:
        await self._require_active_organization(account)
        access = await self.tokens.access_token(account, session_id)
        return SignedIn(access, RefreshToken(f"{session_id.hex}.{secret}", int(lifetime.total_seconds())))

    async def _require_active_organization(self, account: Account) -> None:
        if account.organization_id and await self.statuses.is_suspended(account.organization_id):
            raise OrganizationSuspended(
                "Your organization is suspended: none of its users can sign in. Ask the operator to reactivate it."
            )

    async def _session_of(self, presented: str) -> tuple[Session, str]:
        match = REFRESH_TOKEN.fullmatch(presented)
        if match is None:
            raise session_ended()
        async with self.database.snapshot() as transaction:
            session = await self.store.find(transaction, UUID(match[1]))
        if session is None:
            raise session_ended()
        return session, match[2]

    async def _repeated(self, session: Session, secret: str, now: datetime) -> SignedIn:
        if not is_good(session, now):
            raise session_ended()
        following = successor(session, secret, now)
        if following is None:
            raise await self._reused(session)
        return await self._signed_in(session.account, session.id, following, session.expires_at - now)

    async def _reused(self, session: Session) -> SessionEnded:
        now = self.clock.now()
        async with self.database.writing() as transaction:
            if await self.store.revoke(transaction, session.id, now):
                await self.audit_log.record(transaction, [reuse(session, now)])
                await self.memory.announce(transaction, [session.id])
        self.memory.forget([session.id])
        return session_ended()


@dataclass
class SignIn:
    database: Database
    users: Users
    passwords: Passwords
    sessions: Sessions
    attempts: SignInAttempts

    async def __call__(self, email: str, password: str, address: str) -> SignedIn:
        """Raise `WrongCredentials`, `TooManyAttempts`, or, only after the right password, `OrganizationSuspended`."""
        await self.attempts.begin(email, address)
        account = await self._account(email)
        known_hash = account.password_hash if account else None
        verified = await self.passwords.verifies(known_hash, password if is_text(password) else "")
        if account is None or not verified or not account.is_active:
            raise WrongCredentials("E-mail or password is wrong. Check both and try again.")
        await self.attempts.succeeded(email, address)
        return await self.sessions.start(account)

    async def _account(self, text: str) -> Account | None:
        email = email_of(text)
        if email is None:
            return None
        async with self.database.snapshot() as transaction:
            return await self.users.by_email(transaction, email)


def session_ended() -> SessionEnded:
    return SessionEnded("There is no session, or it has ended: sign in again.")


def is_good(session: Session, now: datetime) -> bool:
    return not session.is_revoked and session.expires_at > now and session.account.is_active


def successor(session: Session, secret: str, now: datetime) -> str | None:
    """Return the token that is valid now, to a holder of its predecessor within `GRACE`."""
    if session.sealed is None or session.rotated_at is None or now - session.rotated_at > GRACE:
        return None
    following = masked(session.sealed, successor_mask(secret))
    return following.decode() if sha256(following).digest() == session.token_hash else None


def successor_mask(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"the token that follows", "sha512")


def masked(text: bytes, mask: bytes) -> bytes:
    """Seal or unseal a text by a mask that is used once. Raise `ValueError` when the mask is shorter."""
    if len(text) > len(mask):
        raise ValueError("The secret is longer than its mask.")
    return bytes(a ^ b for a, b in zip(text, mask, strict=False))


def hashed(secret: str) -> bytes:
    """Hash fast: secrets of 256 random bits need no slow hash."""
    return sha256(secret.encode()).digest()


def reuse(session: Session, now: datetime) -> AuditEvent:
    account = session.account
    return AuditEvent(
        aggregate_id=str(account.id),
        event=SessionReusedEvent(account.id),
        state=UserState(account.role, account.organization_id, account.is_active),
        user_id=str(account.id),
        organization_id=account.organization_id,
        operation_id=uuid5(session.id, SessionReusedEvent.topic),
        occurred_at=now,
    )
