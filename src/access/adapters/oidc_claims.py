"""The claims of another issuer's token, and the rights they give. One that is not understood gives none."""

import math
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from access.domain import ClaimNotUnderstood, Role, TokenInvalid
from shared.ports import ALL_SCOPES

ROLES: tuple[Role, ...] = ("super_admin", "organization_admin", "service")
MAX_SUBJECT_LENGTH = 255
MAX_ORGANIZATION_ID = 60

# Claims in which issuers list scopes (RFC 8693, and what Azure and others write).
SCOPE_CLAIMS = ("scope", "scp", "scopes")
# OpenID Connect's own: what a client may learn about the user, and nothing about a service.
PROTOCOL_SCOPES = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})
# With these a token alone is not enough: a key of the holder (RFC 7800), or rights in detail (RFC 9396).
BINDING_CLAIMS = ("cnf", "authorization_details")


class Claims(msgspec.Struct, frozen=True):
    """Times are seconds since the epoch."""

    sub: str
    exp: float
    nbf: float = 0


def claims_of(claims: Mapping[str, Any]) -> Claims:
    """Check the claims' types, and that the subject can be stored. Raises `TokenInvalid`."""
    try:
        needed = msgspec.convert(claims, Claims)
    except msgspec.ValidationError as error:
        raise TokenInvalid("The token's claims are not of the standard's types.") from error
    if not math.isfinite(needed.exp) or not math.isfinite(needed.nbf):
        raise TokenInvalid("The token's claims are not of the standard's types.")
    if not 0 < len(needed.sub) <= MAX_SUBJECT_LENGTH or not needed.sub.isprintable():
        raise TokenInvalid(f"The token's subject must have 1 to {MAX_SUBJECT_LENGTH} printable characters.")
    return needed


def require_bearer(claims: Mapping[str, Any]) -> None:
    """Raise `TokenInvalid` for a token whose holder would have to prove more than possession of it."""
    for name in BINDING_CLAIMS:
        if name in claims:
            raise TokenInvalid(f"The token has the claim `{name}`, which this service cannot check: get one without.")


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim; dots lead into objects where none has the whole name. `UNSET`: absent; None: malformed."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return msgspec.UNSET if value is claims else None
        value = value[name]
    return value


def role_in(value: Any) -> Role | None:
    """Return the role with the most rights in a text or a list of texts."""
    named = value if isinstance(value, list) else [value]
    return next((role for role in ROLES if role in named), None)


def organization_in(value: Any, name: str) -> str | None:
    """Return the normalized id of a text or a list of one. Raises `ClaimNotUnderstood`."""
    if value is msgspec.UNSET:
        return None
    only = value[0] if isinstance(value, list) and len(value) == 1 else value
    try:
        if isinstance(only, str) and len(only) <= MAX_ORGANIZATION_ID:
            return str(UUID(only))
    except ValueError:
        pass
    raise ClaimNotUnderstood(
        f"The token's claim `{name}` is not the id of one organization. Have its issuer send the id (a UUID), or "
        "leave the claim out."
    )


def scopes_in(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the token's scopes, all if it lists none or OpenID Connect's own alone. Raises `ClaimNotUnderstood`."""
    allowed: frozenset[str] | None = None
    for name in SCOPE_CLAIMS:
        if name not in claims:
            continue
        listed = words_in(claims[name], name)
        if listed and listed <= PROTOCOL_SCOPES:
            continue
        allowed = listed if allowed is None else allowed & listed
    return ALL_SCOPES if allowed is None else allowed - PROTOCOL_SCOPES


def words_in(value: Any, name: str) -> frozenset[str]:
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise ClaimNotUnderstood(f"The token's claim `{name}` must be a text of words, or a list of texts.")
    return frozenset(word for text in texts for word in text.split())
