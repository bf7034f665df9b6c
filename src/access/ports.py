"""The ports of this context. All times are in UTC."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from access.domain import Account, ApiToken, PendingOwner, Session
from shared.eventlog.audit_log import AuditLog
from shared.ports import Transaction


class IssuedToken(Struct, frozen=True):
    token: str
    expires_in: int

    def __repr__(self) -> str:
        return f"IssuedToken(expires_in={self.expires_in})"


class SigningKey(Struct, frozen=True):
    kid: str
    secret: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.kid})"


class KeyedWrite(Struct, frozen=True):
    """`fingerprint` distinguishes two requests with one key."""

    operation_id: UUID
    fingerprint: str
    key: str

    def __repr__(self) -> str:
        return f"KeyedWrite({self.operation_id})"


class KeptOutcome(Struct, frozen=True):
    """`sealed` is None once the secret is no longer stored."""

    body: bytes
    has_secret: bool
    sealed: bytes | None
    created_at: datetime


class WriteOutcomes(Protocol):
    async def claim(self, transaction: Transaction, write: KeyedWrite, now: datetime) -> KeptOutcome | None:
        """Wait for one in progress. Return None if this is the first. Raises `IdempotencyKeyReused`."""

    async def keep(self, transaction: Transaction, operation_id: UUID, body: bytes, sealed: bytes | None) -> None: ...

    async def discard(self, transaction: Transaction, secrets_before: datetime, outcomes_before: datetime) -> int: ...


class Seals(Protocol):
    """Seals a secret so that only a repetition of its request can open it, at a service with the same signing keys."""

    async def seal(self, write: KeyedWrite, secret: str) -> bytes: ...

    async def unseal(self, write: KeyedWrite, sealed: bytes) -> str | None:
        """Return None when the key it was sealed with was retired."""


class LiveSessions(Protocol):
    async def require(self, session_id: UUID) -> None:
        """Raise `SessionEnded`, or `Unavailable`."""


class EndedCredentials(Protocol):
    async def announce(self, transaction: Transaction, ended: Sequence[UUID] | None) -> None:
        """Have every process read these sessions and tokens again, with the commit. None: all."""

    def forget(self, ended: Sequence[UUID] | None) -> None:
        """Call it after the commit."""


class AccessAuditLog(AuditLog, Protocol):
    """The audit log of context `access`, whose streams are users and API tokens."""


class Passwords(Protocol):
    """Hashes slowly, without blocking the loop. Both methods raise `Unavailable` when too many callers wait already."""

    async def hash(self, password: str) -> str: ...

    async def verifies(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password is the hashed one. Without a hash it is not, and the check takes as long."""


class Users(Protocol):
    """E-mails are normalized."""

    async def by_email(self, transaction: Transaction, email: str) -> Account | None: ...

    async def add(self, transaction: Transaction, account: Account, email: str) -> bool:
        """Store a user and end every pending signup with that e-mail. False when a user with the e-mail exists."""

    async def replace_password(self, transaction: Transaction, account: Account, password_hash: str) -> bool:
        """Return False when the stored hash is no longer the account's."""


class UserDirectory(Protocol):
    """Users by id, locked until the transaction ends."""

    async def by_id(self, transaction: Transaction, user_id: UUID) -> Account | None: ...

    async def active_super_admins(self, transaction: Transaction) -> frozenset[UUID]: ...

    async def set_active(
        self, transaction: Transaction, user_id: UUID, now: datetime, *, is_active: bool
    ) -> Sequence[UUID]:
        """End all sessions of the user with a deactivation, and return their ids."""


class FreeEmails(Protocol):
    async def is_free(self, transaction: Transaction, email: str, operation_id: UUID, now: datetime) -> bool: ...


class PendingOwnerStore(Protocol):
    async def hold(self, transaction: Transaction, owner: PendingOwner, now: datetime) -> bool:
        """Return whether the operation or its user has the e-mail now; expired rows give way. Roll back after False."""

    async def pending(self, transaction: Transaction, operation_ids: Sequence[UUID], now: datetime) -> frozenset[UUID]:
        """Return those that are neither expired nor have an e-mail of a user; locked against deletion."""

    async def activate(
        self, transaction: Transaction, owners: Sequence[tuple[UUID, UUID]], now: datetime
    ) -> Sequence[tuple[UUID, UUID]]:
        """Return those of the (operation id, organization id) pairs that were pending."""

    async def discard(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> None: ...

    async def discard_expired(self, transaction: Transaction, now: datetime) -> int: ...


class SessionStore(Protocol):
    async def open(
        self, transaction: Transaction, user_id: UUID, token_hash: bytes, now: datetime, expires_at: datetime
    ) -> UUID: ...

    async def find(self, transaction: Transaction, session_id: UUID) -> Session | None:
        """Return revoked and expired ones too, until they are discarded."""

    async def rotate(
        self, transaction: Transaction, session: Session, token_hash: bytes, sealed: bytes, now: datetime
    ) -> bool:
        """Replace the session's hash. False when it is no longer the given one, or the session was revoked."""

    async def revoke(self, transaction: Transaction, session_id: UUID, now: datetime) -> bool:
        """Return False when it is revoked already, or unknown."""

    async def discard_expired(self, transaction: Transaction, now: datetime) -> int: ...


class ApiTokenStore(Protocol):
    async def add(self, transaction: Transaction, token: ApiToken, token_hash: bytes) -> None: ...

    async def find(self, transaction: Transaction, token_id: UUID) -> ApiToken | None: ...

    async def revoke(self, transaction: Transaction, token_ids: Sequence[UUID], now: datetime) -> Sequence[ApiToken]:
        """Return the tokens that were not revoked before."""

    async def minted_by(self, transaction: Transaction, creators: Sequence[str]) -> Sequence[ApiToken]:
        """Return all tokens these users and tokens made, revoked ones too; locked until the transaction ends."""

    async def may_mint(self, transaction: Transaction, creator: UUID) -> bool:
        """Return whether the user or token has not ended, locked against its end. True for an unknown one."""


class SignInAttempts(Protocol):
    async def begin(self, email: str, address: str) -> None:
        """Count the attempt as failed until it succeeds. Raises `TooManyAttempts`."""

    async def succeeded(self, email: str, address: str) -> None: ...


class Secrets(Protocol):
    """Secrets of 256 random bits, in 43 letters, digits, `-` and `_`."""

    def new(self) -> str: ...


class OidcSettings(Struct, frozen=True, kw_only=True):
    """Dots in the claims of role and organization lead into objects."""

    issuer: str
    audience: str
    jwks_url: str
    role_claim: str
    organization_claim: str


class AccessSettings(Struct, frozen=True, kw_only=True):
    """`cookie_secure`: the service is reached over https alone. `failures_per_…`: in five minutes; 0: no limit."""

    cookie_secure: bool = False
    failures_per_account: int = 10
    failures_per_address: int = 100
    proxy_hops: int = 0
    oidc: OidcSettings | None = None


class SigningKeys(Protocol):
    async def unretired(self) -> Sequence[SigningKey]:
        """Return the oldest first. Creates a key when there is none; of several processes that try, one wins."""


class AccessTokens(Protocol):
    async def access_token(self, account: Account, session_id: UUID) -> IssuedToken: ...
