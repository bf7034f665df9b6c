"""Bearer tokens: JSON Web Tokens signed by a key that all replicas share (HS256)."""

import asyncio
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import msgspec
from cachetools import LRUCache

from access.domain import Account, TokenExpired, TokenInvalid
from access.ports import IssuedToken, KeyedWrite, LiveSessions, SigningKey, SigningKeys
from access.sessions import masked
from shared.ports import Caller, Clock

ALGORITHM = "HS256"
ISSUER = "modplane"
SIGNUP_ROLE = "signup"
ACCESS_LIFETIME = timedelta(minutes=15)
OPERATION_LIFETIME = timedelta(hours=1)
SIGNING_KEY_AGE = timedelta(seconds=60)
FETCH_INTERVAL = timedelta(seconds=5)
MAX_TOKEN_LENGTH = 2048
MAX_REMEMBERED = 10_000

# Times are compared with our own clock, which tests can set.
DECODING: Any = {
    "require": ["sub", "role", "iat", "exp", "iss"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


class Claims(msgspec.Struct, frozen=True):
    """Times are seconds since the epoch."""

    sub: str
    role: str
    exp: int
    org: str | None = None
    op: UUID | None = None
    sid: UUID | None = None


class KeyRing:
    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._known: dict[str, SigningKey] = {}
        self._fetched_at: datetime | None = None
        self._fetching = asyncio.Lock()

    async def signing(self) -> SigningKey:
        """Return the newest key, at most a minute out of date."""
        await self._fetch_unless_younger_than(SIGNING_KEY_AGE)
        return next(reversed(self._known.values()))

    async def verifying(self, kid: str) -> SigningKey | None:
        """Return None for an unknown or a retired `kid`, after reading the store at most once in five seconds."""
        if kid not in self._known:
            await self._fetch_unless_younger_than(FETCH_INTERVAL)
        return self._known.get(kid)

    async def _fetch_unless_younger_than(self, age: timedelta) -> None:
        async with self._fetching:
            if self._known and self._fetched_at and abs(self._clock.now() - self._fetched_at) < age:
                return
            self._known = {key.kid: key for key in await self._keys.unretired()}
            self._fetched_at = self._clock.now()


@dataclass
class JwtIssuer:
    keys: KeyRing
    clock: Clock
    lifetime: timedelta = ACCESS_LIFETIME

    async def access_token(self, account: Account, session_id: UUID) -> IssuedToken:
        organization_id = str(account.organization_id) if account.organization_id else None
        claims = {"sub": str(account.id), "role": account.role, "org": organization_id, "sid": str(session_id)}
        return await self._issue(claims, self.lifetime)

    async def operation_token(self, operation_id: UUID) -> IssuedToken:
        """Issue a token for reading one operation, valid for an hour: its holder is no user yet."""
        claims = {"sub": str(operation_id), "role": SIGNUP_ROLE, "op": str(operation_id)}
        return await self._issue(claims, OPERATION_LIFETIME)

    async def _issue(self, claims: dict[str, Any], lifetime: timedelta) -> IssuedToken:
        key = await self.keys.signing()
        issued_at, seconds = int(self.clock.now().timestamp()), int(lifetime.total_seconds())
        dated = {**claims, "iss": ISSUER, "iat": issued_at, "exp": issued_at + seconds}
        return IssuedToken(jwt.encode(dated, key.secret, ALGORITHM, {"kid": key.kid}), seconds)


class TokenAuthenticator:
    """Remembers verified tokens, so that the signature of a repeated one is not checked again.

    Users of a suspended organization lose their tokens when these expire.
    """

    def __init__(
        self, keys: KeyRing, sessions: LiveSessions, clock: Clock, *, max_remembered: int = MAX_REMEMBERED
    ) -> None:
        self._keys = keys
        self._sessions = sessions
        self._clock = clock
        self._verified: LRUCache[str, tuple[Caller, int]] = LRUCache(max_remembered)

    async def authenticate(self, token: str) -> Caller:
        known = self._verified.get(token)
        caller, expires_at = known or await self._verify(token)
        if expires_at <= self._clock.now().timestamp():
            self._verified.pop(token, None)
            raise TokenExpired("The token has expired: sign in again.")
        if known is None:
            self._verified[token] = caller, expires_at
        if caller.session_id is not None:
            await self._sessions.require(caller.session_id)
        return caller

    async def _verify(self, token: str) -> tuple[Caller, int]:
        kid = key_name(token)
        key = await self._keys.verifying(kid) if kid else None
        claims = verified_claims(token, key) if key else None
        if claims is None:
            raise TokenInvalid("The token is unknown or damaged: sign in again.")
        return Caller(claims.sub, claims.role, claims.org, claims.op, session_id=claims.sid), claims.exp


def key_name(token: str) -> str | None:
    """Return the `kid` of a token's header, None when it cannot be read. Verifies nothing."""
    if len(token) > MAX_TOKEN_LENGTH:
        return None
    try:
        name = jwt.get_unverified_header(token).get("kid")
    except (jwt.InvalidTokenError, ValueError):
        return None
    return str(name) if name else None


def verified_claims(token: str, key: SigningKey) -> Claims | None:
    """Return the claims if the key signed the token, expired or not."""
    try:
        return msgspec.convert(jwt.decode(token, key.secret, [ALGORITHM], DECODING, issuer=ISSUER), Claims)
    except (jwt.InvalidTokenError, msgspec.ValidationError):
        return None


class SigningKeySeals:
    """Seals by a mask that is used once, made of a signing key and of the Idempotency-Key, which is stored nowhere."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def seal(self, write: KeyedWrite, secret: str) -> bytes:
        key = await self._keys.signing()
        return key.kid.encode() + b"\n" + masked(secret.encode(), mask(key.secret, write))

    async def unseal(self, write: KeyedWrite, sealed: bytes) -> str | None:
        kid, _, hidden = sealed.partition(b"\n")
        key = await self._keys.verifying(kid.decode())
        return None if key is None else masked(hidden, mask(key.secret, write)).decode()


def mask(secret: bytes, write: KeyedWrite) -> bytes:
    text = f"sealed outcome\x1f{write.operation_id}\x1f{write.fingerprint}\x1f{write.key}"
    return hmac.digest(secret, text.encode(), "sha512")
