"""Tokens that another issuer signed (OpenID Connect), verified by the keys it publishes as a JWKS (RFC 7517)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID

import jwt
import msgspec
import structlog
from cachetools import TLRUCache

from access.adapters.oidc_claims import claim, claims_of, organization_in, require_bearer, role_in, scopes_in
from access.domain import NoRoleHere, OrganizationSuspended, TokenExpired, TokenInvalid
from access.ports import OidcSettings
from shared.errors import Unavailable
from shared.ports import Caller, Clock, OrganizationStatuses

log = structlog.get_logger(__name__)

ALGORITHMS = ("RS256", "ES256", "EdDSA")
REFRESH_AFTER = timedelta(minutes=10)
FETCH_INTERVAL = timedelta(seconds=10)
FETCH_SECONDS = 5.0
MAX_JWKS_BYTES = 1024 * 1024
MAX_KEYS = 100
MAX_TRIED = 10
KEY_TYPES = ("RSA", "EC", "OKP")
REMEMBERED_FOR = timedelta(minutes=1)
CLOCK_SKEW = timedelta(seconds=30)
MAX_TOKEN_LENGTH = 8192
MAX_REMEMBERED = 10_000

# Times are compared with our own clock, which tests can set.
DECODING: Any = {
    "require": ["sub", "exp", "iss", "aud"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "enforce_minimum_key_length": True,
}


class IssuerUnreachable(Unavailable):
    """The issuer's present keys cannot be read, so that the token cannot be verified."""


class IssuerHasNoKeys(Unavailable):
    """The issuer answers, and publishes no key that could verify anything."""


def read(url: str) -> bytes:
    """Return a megabyte at most. Raises `OSError` or `ValueError`."""
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310 - PyJWKClient takes http and https alone
    with urlopen(request, timeout=FETCH_SECONDS) as response:  # noqa: S310 - the same
        body: bytes = response.read(MAX_JWKS_BYTES + 1)
    if len(body) > MAX_JWKS_BYTES:
        raise ValueError("The JWKS is larger than a megabyte.")
    return body


class JwksDocument(msgspec.Struct):
    keys: list[Any]


class BoundedJwks(jwt.PyJWKClient):
    """PyJWT's client without caches, and with bounds of size: it would read whatever the issuer sends."""

    def __init__(self, url: str, read: Callable[[str], bytes]) -> None:
        super().__init__(url, cache_jwk_set=False)
        self._read = read

    def fetch_data(self) -> dict[str, Any]:
        listed = msgspec.json.decode(self._read(self.uri), type=JwksDocument).keys[:MAX_KEYS]
        return {"keys": [key for key in listed if isinstance(key, dict) and may_verify(key)]}

    def usable_keys(self) -> Sequence[jwt.PyJWK]:
        keys: Sequence[jwt.PyJWK] = ()
        with suppress(jwt.PyJWKSetError):
            keys = [key for key in self.get_jwk_set() if key.algorithm_name in ALGORITHMS]
        if not keys:
            log.warning("jwks_without_usable_key", algorithms=ALGORITHMS)
        return keys


class IssuerKeys:
    """Reads the keys every ten minutes, and at once, at most every ten seconds, for an unknown key id."""

    def __init__(self, url: str, clock: Clock, read: Callable[[str], bytes] = read) -> None:
        self._jwks = BoundedJwks(url, read)
        self._clock = clock
        self._keys: Sequence[jwt.PyJWK] = ()
        self._failed = False
        self._tried_at: datetime | None = None
        self._fetching: asyncio.Task[None] | None = None

    def names(self, kid: str | None) -> bool:
        return kid is not None and any(key_id(each) == kid for each in self._keys)

    def candidates(self, kid: str | None, algorithm: str) -> Sequence[jwt.PyJWK]:
        """Return the keys with the token's `kid`, else those without; without `kid` all of the algorithm."""
        if self._keys and self._is_older_than(REFRESH_AFTER):
            self._begin()
        allowed = {kid} if self.names(kid) else {None, *(key_id(each) for each in self._keys if kid is None)}
        fitting = [each for each in self._keys if key_id(each) in allowed and each.algorithm_name == algorithm]
        return fitting[:MAX_TRIED]

    async def look_again(self) -> None:
        """Do nothing within ten seconds of the last try. After a failure `require_known` raises."""
        if self._is_older_than(FETCH_INTERVAL):
            self._begin()
        if self._fetching is not None:
            await asyncio.shield(self._fetching)

    def require_known(self) -> None:
        """Raise `IssuerUnreachable` or `IssuerHasNoKeys` where a key that is missing proves nothing."""
        if self._failed or self._tried_at is None:
            raise IssuerUnreachable("The token's issuer does not answer. Try again in a few seconds.")
        if not self._keys:
            raise IssuerHasNoKeys("The token's issuer publishes no key that could verify it. Ask who administers it.")

    def _is_older_than(self, age: timedelta) -> bool:
        return self._tried_at is None or abs(self._clock.now() - self._tried_at) >= age

    def _begin(self) -> None:
        if self._fetching is None:
            self._tried_at = self._clock.now()
            self._fetching = asyncio.create_task(self._refresh())

    async def _refresh(self) -> None:
        try:
            self._keys = await asyncio.to_thread(self._jwks.usable_keys)
            self._failed = False
        except (OSError, LookupError, TypeError, ValueError, jwt.PyJWTError, msgspec.MsgspecError) as error:
            self._failed = True
            log.warning("jwks_not_read", error=str(error)[:200])
        finally:
            self._fetching = None


def may_verify(key: Mapping[str, Any]) -> bool:
    allowed = key.get("kty") in KEY_TYPES and key.get("alg") in (*ALGORITHMS, None)
    return allowed and key.get("use", "sig") == "sig"


def key_id(key: jwt.PyJWK) -> str | None:
    return key.key_id if isinstance(key.key_id, str) else None


class OidcAuthenticator:
    """Remembers a verified token for a minute; then its signature and the organization's status are checked again."""

    def __init__(self, settings: OidcSettings, keys: IssuerKeys, statuses: OrganizationStatuses, clock: Clock) -> None:
        self._settings = settings
        self._keys = keys
        self._statuses = statuses
        self._clock = clock
        self._verified: TLRUCache[str, tuple[Caller, float]] = TLRUCache(
            MAX_REMEMBERED, lambda _, verified, __: verified[1], lambda: clock.now().timestamp()
        )

    def may_have_issued(self, token: str) -> bool:
        """Return whether the token claims to come from this issuer. Verifies nothing."""
        if token in self._verified:
            return True
        try:
            claims = jwt.decode(token, options={"verify_signature": False}) if len(token) <= MAX_TOKEN_LENGTH else {}
        except (jwt.InvalidTokenError, ValueError):
            return False
        return bool(claims.get("iss") == self._settings.issuer)

    async def authenticate(self, token: str) -> Caller:
        known, now = self._verified.get(token), self._clock.now().timestamp()
        if known is not None:
            return known[0]
        claims = await self._verified_claims(token)
        needed = claims_of(claims)
        if needed.exp <= now:
            raise TokenExpired("The token has expired: get a new one from its issuer.")
        if needed.nbf > now + CLOCK_SKEW.total_seconds():
            raise TokenInvalid("The token is not valid yet.")
        require_bearer(claims)
        caller = self._caller(needed.sub, claims)
        await self._require_active_organization(caller)
        self._verified[token] = caller, min(needed.exp, now + REMEMBERED_FOR.total_seconds())
        return caller

    async def _verified_claims(self, token: str) -> Mapping[str, Any]:
        kid, algorithm = named_in(token)
        claims = self._verified_by(self._keys.candidates(kid, algorithm), token)
        if claims is None and not self._keys.names(kid):
            await self._keys.look_again()
            claims = self._verified_by(self._keys.candidates(kid, algorithm), token)
        if claims is not None:
            return claims
        if not self._keys.names(kid):
            self._keys.require_known()
        log.debug("oidc_token_of_no_known_key", kid=str(kid)[:100], algorithm=algorithm)
        raise TokenInvalid("The token is signed by a key its issuer does not have.")

    def _verified_by(self, keys: Sequence[jwt.PyJWK], token: str) -> Mapping[str, Any] | None:
        settings = self._settings
        for key in keys:
            try:
                return jwt.decode(token, key, ALGORITHMS, DECODING, audience=settings.audience, issuer=settings.issuer)
            except jwt.InvalidSignatureError:
                continue
            except (jwt.PyJWTError, ValueError) as error:
                raise TokenInvalid("The token is not meant for this service, or damaged.") from error
        return None

    def _caller(self, subject: str, claims: Mapping[str, Any]) -> Caller:
        name = self._settings.organization_claim
        role, organization_id = (
            role_in(claim(claims, self._settings.role_claim)),
            organization_in(claim(claims, name), name),
        )
        if role is None or (role == "organization_admin" and organization_id is None):
            raise NoRoleHere("The token is genuine, but its issuer gave you no role here: ask who administers it.")
        bound = None if role == "super_admin" else organization_id
        return Caller(f"oidc:{subject}", role, bound, scopes=scopes_in(claims))

    async def _require_active_organization(self, caller: Caller) -> None:
        if caller.organization_id is not None and await self._statuses.is_suspended(UUID(caller.organization_id)):
            raise OrganizationSuspended("Your organization is suspended. Ask the operator to reactivate it.")


def named_in(token: str) -> tuple[str | None, str]:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise TokenInvalid("The token is damaged.") from error
    kid, algorithm = header.get("kid"), header.get("alg")
    if algorithm not in ALGORITHMS:
        raise TokenInvalid(f"The token must be signed by {', '.join(ALGORITHMS)}.")
    return (kid if isinstance(kid, str) else None), str(algorithm)
