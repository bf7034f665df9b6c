"""Tokens that another issuer signed (OpenID Connect), verified by the keys it publishes as a JWKS."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import structlog

from access.adapters.jwks import ALGORITHMS, IssuerKeys
from access.adapters.oidc_claims import claim, claims_of, organization_in, require_bearer, role_in, scopes_in
from access.domain import NoRoleHere, OrganizationSuspended, TokenExpired, TokenInvalid
from access.ports import OidcSettings
from shared.ports import Caller, Clock, OrganizationStanding

log = structlog.get_logger(__name__)

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
        """Raises `Unauthenticated`, `NoRoleHere`, `ClaimNotUnderstood`, `OrganizationSuspended`, or `Unavailable`."""
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
        require_bearer(said)
        caller = self._caller(claims.sub, said)
        await self._look_at_standing(caller)
        self._remember(token, caller, min(claims.exp, now + REMEMBERED_FOR.total_seconds()))
        return caller

    async def _said(self, token: str) -> Mapping[str, Any]:
        kid, algorithm = named_in(token)
        said = self._verified_by(self._keys.candidates(kid, algorithm), token)
        if said is None and not self._keys.names(kid):
            await self._keys.look_again()
            said = self._verified_by(self._keys.candidates(kid, algorithm), token)
        if said is not None:
            return said
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

    def _caller(self, subject: str, said: Mapping[str, Any]) -> Caller:
        name = self._settings.organization_claim
        role, organization_id = (
            role_in(claim(said, self._settings.role_claim)),
            organization_in(claim(said, name), name),
        )
        if role is None or (role == "organization_admin" and organization_id is None):
            raise NoRoleHere("The token is genuine, but its issuer gave you no role here: ask who administers it.")
        bound = None if role == "super_admin" else organization_id
        return Caller(f"oidc:{subject}", role, bound, scopes=scopes_in(said))

    async def _look_at_standing(self, caller: Caller) -> None:
        if caller.organization_id is not None and await self._standing.is_suspended(UUID(caller.organization_id)):
            raise OrganizationSuspended("Your organization is suspended. Ask the operator to reactivate it.")

    def _remember(self, token: str, caller: Caller, until: float) -> None:
        self._verified[token] = (caller, until)
        if len(self._verified) > MAX_REMEMBERED:
            self._verified.popitem(last=False)


def named_in(token: str) -> tuple[str | None, str]:
    """The key and the algorithm that a token's header names. Raises `TokenInvalid`."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise TokenInvalid("The token is damaged.") from error
    kid, algorithm = header.get("kid"), header.get("alg")
    if algorithm not in ALGORITHMS:
        raise TokenInvalid(f"The token must be signed by {', '.join(ALGORITHMS)}.")
    return (kid if isinstance(kid, str) else None), str(algorithm)
