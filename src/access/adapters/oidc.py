"""Tokens that another issuer signed (OpenID Connect), verified by the keys it publishes as a JWKS."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID

import jwt
import msgspec
import structlog

from access.domain import NoRoleHere, OrganizationSuspended, Role, TokenExpired, TokenInvalid
from access.ports import OidcSettings, OrganizationStanding
from shared.errors import Unavailable
from shared.ports import Caller, Clock

log = structlog.get_logger(__name__)

ALGORITHMS = ("RS256", "ES256", "EdDSA")
ROLES: tuple[Role, ...] = ("super_admin", "organization_admin", "service")
REFRESH_AFTER = timedelta(minutes=10)
FETCH_INTERVAL = timedelta(seconds=10)
REMEMBERED_FOR = timedelta(minutes=1)
CLOCK_SKEW = timedelta(seconds=30)
FETCH_SECONDS = 5.0
MAX_JWKS_BYTES = 1024 * 1024
MAX_KEYS = 100
MAX_TOKEN_LENGTH = 8192
MAX_SUBJECT_LENGTH = 255
MAX_REMEMBERED = 10_000

# Times are compared with our own clock, which tests can set.
DECODING: Any = {
    "require": ["sub", "exp", "iss", "aud"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "enforce_minimum_key_length": True,
}

Fetch = Callable[[str], Awaitable[bytes]]


class IssuerUnreachable(Unavailable):
    """The issuer's keys were never read, so nothing it signed can be verified."""


class Claims(msgspec.Struct, frozen=True):
    """What every token must say. Times are seconds since the epoch."""

    sub: str
    exp: float
    nbf: float = 0


async def fetch(url: str) -> bytes:
    """The document, read in a thread. Raises `OSError` or `ValueError`."""
    return await asyncio.to_thread(read, url)


def read(url: str) -> bytes:
    """At most a megabyte, over http or https alone."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("A JWKS is read over https or http.")
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310 - the scheme was looked at
    with urlopen(request, timeout=FETCH_SECONDS) as response:  # noqa: S310 - the same
        body: bytes = response.read(MAX_JWKS_BYTES + 1)
    if len(body) > MAX_JWKS_BYTES:
        raise ValueError("The JWKS is larger than a megabyte.")
    return body


class IssuerKeys:
    """The issuer's keys. They are read again every ten minutes, meanwhile the old ones serve.

    A key nobody knows leads to a look at once, but not more than one in ten seconds, whoever sends what.
    """

    def __init__(self, url: str, clock: Clock, fetch: Fetch = fetch) -> None:
        self._url = url
        self._clock = clock
        self._fetch = fetch
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._tried_at: datetime | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def named(self, kid: str) -> jwt.PyJWK | None:
        """None when the issuer has no such key. Raises `IssuerUnreachable` before its keys were ever read."""
        if kid not in self._keys and self._is_older_than(FETCH_INTERVAL):
            self._begin()
        elif self._is_older_than(REFRESH_AFTER):
            self._begin()
            return self._keys.get(kid)
        if kid not in self._keys and self._fetching is not None:
            await asyncio.shield(self._fetching)
        if not self._keys:
            raise IssuerUnreachable("The token's issuer does not answer. Try again in a few seconds.")
        return self._keys.get(kid)

    def _is_older_than(self, age: timedelta) -> bool:
        return self._tried_at is None or abs(self._clock.now() - self._tried_at) >= age

    def _begin(self) -> None:
        if self._fetching is None:
            self._tried_at = self._clock.now()
            self._fetching = asyncio.create_task(self._refresh())

    async def _refresh(self) -> None:
        try:
            self._keys = usable_keys(await self._fetch(self._url))
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            log.warning("jwks_not_read", error=str(error)[:200])
        finally:
            self._fetching = None


def usable_keys(document: bytes) -> Mapping[str, jwt.PyJWK]:
    """Public signing keys of the allowed algorithms by name; others are left out. Raises `MsgspecError`."""
    listed = msgspec.json.decode(document, type=dict[str, Any]).get("keys")
    entries: Sequence[Any] = listed if isinstance(listed, list) else ()
    found = {}
    for entry in entries[:MAX_KEYS]:
        if isinstance(entry, dict) and isinstance(entry.get("kid"), str) and entry.get("use", "sig") == "sig":
            key = usable_key(entry)
            if key is not None:
                found[entry["kid"]] = key
    return found


def usable_key(entry: dict[str, Any]) -> jwt.PyJWK | None:
    """The key, none when it is of another algorithm, or damaged."""
    try:
        key = jwt.PyJWK(entry)
    except jwt.PyJWTError as error:
        log.warning("jwk_left_out", error=type(error).__name__)
        return None
    return key if key.algorithm_name in ALGORITHMS else None


class OidcAuthenticator:
    """Remembers a verified token for a minute; then keys and the organization's standing are looked at again."""

    def __init__(self, settings: OidcSettings, keys: IssuerKeys, standing: OrganizationStanding, clock: Clock) -> None:
        self._settings = settings
        self._keys = keys
        self._standing = standing
        self._clock = clock
        self._verified: OrderedDict[str, tuple[Caller, float]] = OrderedDict()

    def speaks_for(self, token: str) -> bool:
        """Whether the token says that it comes from this issuer. Nothing is verified by this."""
        if token in self._verified:
            return True
        try:
            said = jwt.decode(token, options={"verify_signature": False}) if len(token) <= MAX_TOKEN_LENGTH else {}
        except (jwt.InvalidTokenError, ValueError):
            return False
        return bool(said.get("iss") == self._settings.issuer)

    async def authenticate(self, token: str) -> Caller:
        """Raises `TokenExpired`, `TokenInvalid`, `NoRoleHere`, `OrganizationSuspended`, or `IssuerUnreachable`."""
        known, now = self._verified.get(token), self._clock.now().timestamp()
        if known is not None and now < known[1]:
            return known[0]
        self._verified.pop(token, None)
        said = await self._said(token)
        claims = claims_of(said)
        if claims.exp <= now:
            raise TokenExpired("The token has expired: get a new one from its issuer.")
        if claims.nbf > now + CLOCK_SKEW.total_seconds():
            raise TokenInvalid("The token is not valid yet.")
        caller = self._caller(claims.sub, said)
        await self._look_at_standing(caller)
        self._remember(token, caller, min(claims.exp, now + REMEMBERED_FOR.total_seconds()))
        return caller

    async def _said(self, token: str) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            kid, algorithm = header.get("kid"), header.get("alg")
            key = await self._keys.named(kid) if isinstance(kid, str) and algorithm in ALGORITHMS else None
            if key is None:
                raise TokenInvalid("The token is signed by a key its issuer does not have.")
            settings = self._settings
            return jwt.decode(token, key, ALGORITHMS, DECODING, audience=settings.audience, issuer=settings.issuer)
        except (jwt.PyJWTError, ValueError) as error:
            raise TokenInvalid("The token is not meant for this service, or damaged.") from error

    def _caller(self, subject: str, said: Mapping[str, Any]) -> Caller:
        role = role_in(claim(said, self._settings.role_claim))
        organization_id = as_organization_id(claim(said, self._settings.organization_claim))
        if role is None or (role == "organization_admin" and organization_id is None):
            raise NoRoleHere("The token is genuine, but its issuer gave you no role here: ask who administers it.")
        return Caller(f"oidc:{subject}", role, None if role == "super_admin" else organization_id)

    async def _look_at_standing(self, caller: Caller) -> None:
        if caller.organization_id is not None and await self._standing.is_suspended(UUID(caller.organization_id)):
            raise OrganizationSuspended("Your organization is suspended. Ask the operator to reactivate it.")

    def _remember(self, token: str, caller: Caller, until: float) -> None:
        self._verified[token] = (caller, until)
        if len(self._verified) > MAX_REMEMBERED:
            self._verified.popitem(last=False)


def claims_of(said: Mapping[str, Any]) -> Claims:
    """The claims in their types, the subject fit to be kept. Raises `TokenInvalid`."""
    try:
        claims = msgspec.convert(said, Claims)
    except msgspec.ValidationError as error:
        raise TokenInvalid("The token's claims are not of the standard's types.") from error
    if not 0 < len(claims.sub) <= MAX_SUBJECT_LENGTH or not claims.sub.isprintable():
        raise TokenInvalid(f"The token's subject must have 1 to {MAX_SUBJECT_LENGTH} printable characters.")
    return claims


def claim(said: Mapping[str, Any], path: str) -> Any:
    """A claim by name; dots lead into objects (`realm_access.roles`) where no claim has the whole name."""
    if path in said:
        return said[path]
    value: Any = said
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def role_in(value: Any) -> Role | None:
    """The mightiest of our roles that a text or a list of texts names."""
    named = value if isinstance(value, list) else [value]
    return next((role for role in ROLES if role in named), None)


def as_organization_id(value: Any) -> str | None:
    """In our spelling; none when it is no UUID."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None
