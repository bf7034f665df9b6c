"""What this context asks of the world. All times are in UTC."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from access.domain import Account, ApiToken, PendingOwner, Session
from shared.eventlog.audit_log import AuditEvent
from shared.ports import Transaction


class IssuedToken(Struct, frozen=True):
    """A bearer token and the seconds it is good for."""

    token: str
    expires_in: int

    def __repr__(self) -> str:
        return f"IssuedToken(expires_in={self.expires_in})"


class SigningKey(Struct, frozen=True):
    """A key that signs and verifies tokens, named by `kid` in their headers."""

    kid: str
    secret: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.kid})"


Fact = AuditEvent


class KeyedWrite(Struct, frozen=True):
    """A write to which its caller gave an Idempotency-Key. `fingerprint` tells two requests with one key apart."""

    operation_id: UUID
    fingerprint: str
    key: str

    def __repr__(self) -> str:
        return f"KeyedWrite({self.operation_id})"


class KeptOutcome(Struct, frozen=True):
    """What a keyed write came to the first time. `sealed` is none once its secret is no longer kept."""

    body: bytes
    has_secret: bool
    sealed: bytes | None
    created_at: datetime


class WriteOutcomes(Protocol):
    """What keyed writes came to, by operation id."""

    async def claim(self, transaction: Transaction, write: KeyedWrite, now: datetime) -> KeptOutcome | None:
        """The first outcome; none: this is the first. Waits for one that is under way.

        Raises `IdempotencyKeyReused` where the first was another request.
        """
        ...

    async def keep(self, transaction: Transaction, operation_id: UUID, body: bytes, sealed: bytes | None) -> None: ...

    async def discard(self, transaction: Transaction, secrets_before: datetime, outcomes_before: datetime) -> int: ...


class Seals(Protocol):
    """Closes a secret so that only who repeats its request, at a service with the same signing keys, can open it."""

    async def seal(self, write: KeyedWrite, secret: str) -> bytes: ...

    async def unseal(self, write: KeyedWrite, sealed: bytes) -> str | None:
        """None when the key it was sealed with was retired."""
        ...


class LiveSessions(Protocol):
    """Which sign-ins still stand."""

    async def require(self, session_id: UUID) -> None:
        """Raises `SessionEnded`, or `Unavailable`."""
        ...


class EndedCredentials(Protocol):
    """The word that credentials ended, for whoever remembers having read them."""

    async def announce(self, transaction: Transaction, ended: Sequence[UUID] | None) -> None:
        """Have every process read these sessions and tokens again, with the commit. None: all."""
        ...

    def forget(self, ended: Sequence[UUID] | None) -> None:
        """The same in this process, at once: to be called after the commit."""
        ...


class FactLog(Protocol):
    """The event log and the heads of users' and API tokens' streams (context `access`, id the user's or token's)."""

    async def record(self, transaction: Transaction, facts: Sequence[Fact]) -> None:
        """Appends the facts, each with its stream's next sequence, and moves the heads to their states."""
        ...


class OrganizationStanding(Protocol):
    """The one fact this context needs of organizations."""

    async def is_suspended(self, organization_id: UUID) -> bool: ...


class Passwords(Protocol):
    """Slow hashing that neither blocks the loop nor takes more memory than a few hashes do.

    Both methods raise `Unavailable` when too many callers are waiting already.
    """

    async def hash(self, password: str) -> str: ...

    async def verifies(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the hashed one. Without a hash it is not, and finding out costs the same."""
        ...


class Users(Protocol):
    """Those who can sign in. E-mails are normalized."""

    async def by_email(self, transaction: Transaction, email: str) -> Account | None: ...

    async def add(self, transaction: Transaction, account: Account, email: str) -> bool:
        """Stores a user and ends every pending signup with that e-mail. False when a user with the e-mail exists."""
        ...

    async def replace_password(self, transaction: Transaction, account: Account, password_hash: str) -> bool:
        """False when the stored hash is no longer the account's."""
        ...


class UserDirectory(Protocol):
    """Users by id, locked until the transaction ends."""

    async def by_id(self, transaction: Transaction, user_id: UUID) -> Account | None: ...

    async def active_super_admins(self, transaction: Transaction) -> frozenset[UUID]: ...

    async def set_active(
        self, transaction: Transaction, user_id: UUID, now: datetime, *, is_active: bool
    ) -> Sequence[UUID]:
        """With a deactivation all sessions of the user end: their ids."""
        ...


class FreeEmails(Protocol):
    """Which e-mails a signup may still take."""

    async def is_free(self, transaction: Transaction, email: str, operation_id: UUID, now: datetime) -> bool:
        """Whether neither another user has the e-mail nor another operation holds it."""
        ...


class PendingOwnerStore(Protocol):
    """Owners who wait for their organization's registration to be decided."""

    async def hold(self, transaction: Transaction, owner: PendingOwner, now: datetime) -> bool:
        """Whether the owner's operation has the e-mail now, as a pending row or as a user; expired rows give way.

        False means that the transaction must be rolled back.
        """
        ...

    async def pending(self, transaction: Transaction, operation_ids: Sequence[UUID], now: datetime) -> frozenset[UUID]:
        """Those that wait, are not expired, and whose e-mail no user has; locked against deletion."""
        ...

    async def activate(
        self, transaction: Transaction, owners: Sequence[tuple[UUID, UUID]], now: datetime
    ) -> Sequence[tuple[UUID, UUID]]:
        """Turns (operation id, organization id) pairs into users, and returns those that were pending."""
        ...

    async def discard(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> None: ...

    async def discard_expired(self, transaction: Transaction, now: datetime) -> int: ...


class SessionStore(Protocol):
    """Sessions by their id, which nobody can guess."""

    async def open(
        self, transaction: Transaction, user_id: UUID, token_hash: bytes, now: datetime, expires_at: datetime
    ) -> UUID: ...

    async def find(self, transaction: Transaction, session_id: UUID) -> Session | None:
        """Revoked and expired ones too, until they are discarded."""
        ...

    async def rotate(
        self, transaction: Transaction, session: Session, token_hash: bytes, sealed: bytes, now: datetime
    ) -> bool:
        """Replaces the session's hash. False when it is no longer the given one, or the session was revoked."""
        ...

    async def revoke(self, transaction: Transaction, session_id: UUID, now: datetime) -> bool:
        """False when it is revoked already, or unknown."""
        ...

    async def discard_expired(self, transaction: Transaction, now: datetime) -> int: ...


class ApiTokenStore(Protocol):
    """API tokens by id."""

    async def add(self, transaction: Transaction, token: ApiToken, token_hash: bytes) -> None: ...

    async def find(self, transaction: Transaction, token_id: UUID) -> ApiToken | None: ...

    async def revoke(self, transaction: Transaction, token_ids: Sequence[UUID], now: datetime) -> Sequence[ApiToken]:
        """The revoked tokens, without those that were revoked already, or are unknown."""
        ...

    async def minted_by(self, transaction: Transaction, creators: Sequence[str]) -> Sequence[ApiToken]:
        """All tokens that these users and tokens made, revoked ones too; locked until the transaction ends."""
        ...

    async def may_mint(self, transaction: Transaction, creator: UUID) -> bool:
        """Whether the user or the token still stands, locked against its end. True for one nobody knows."""
        ...


class SignInAttempts(Protocol):
    """Bounds the guessing of passwords, by account and by address."""

    async def begin(self, email: str, address: str) -> None:
        """Counts the attempt as failed until it succeeds. Raises `TooManyAttempts`."""
        ...

    async def succeeded(self, email: str, address: str) -> None: ...


class Secrets(Protocol):
    """Secrets of 256 random bits, in 43 letters, digits, `-` and `_`."""

    def new(self) -> str: ...


class OidcSettings(Struct, frozen=True, kw_only=True):
    """An issuer whose tokens are taken, and the claims that name role and organization (dots lead into objects)."""

    issuer: str
    audience: str
    jwks_url: str
    role_claim: str
    organization_claim: str


class AccessSettings(Struct, frozen=True, kw_only=True):
    """What the operator sets. `cookie_secure`: the service is reached over https alone.

    `failures_per_…`: failed sign-ins in five minutes; 0: no limit.
    """

    cookie_secure: bool = False
    failures_per_account: int = 10
    failures_per_address: int = 100
    proxy_hops: int = 0
    oidc: OidcSettings | None = None


class SigningKeys(Protocol):
    """The keys all replicas share."""

    async def unretired(self) -> Sequence[SigningKey]:
        """Oldest first. A first key is made when there is none; of several processes that try, one wins."""
        ...


class AccessTokens(Protocol):
    """Issues the token a signed-in user works with."""

    async def access_token(self, account: Account, session_id: UUID) -> IssuedToken: ...
