"""What the claims of another issuer's token allow. One that is there and not understood allows nothing."""

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

# Under these names issuers list what a token may do (RFC 8693, and what Azure and others write).
SCOPE_CLAIMS = ("scope", "scp", "scopes")
# OpenID Connect's own: they say what a client may learn about the person, and nothing about a service.
PROTOCOL_SCOPES = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})
# What binds a token to more than its being shown: a key of the holder's (RFC 7800), or rights in detail (RFC 9396).
BINDING_CLAIMS = ("cnf", "authorization_details")


class Claims(msgspec.Struct, frozen=True):
    """What every token must say. Times are seconds since the epoch."""

    sub: str
    exp: float
    nbf: float = 0


def claims_of(said: Mapping[str, Any]) -> Claims:
    """The claims in their types, the subject fit to be kept. Raises `TokenInvalid`."""
    try:
        claims = msgspec.convert(said, Claims)
    except msgspec.ValidationError as error:
        raise TokenInvalid("The token's claims are not of the standard's types.") from error
    if not math.isfinite(claims.exp) or not math.isfinite(claims.nbf):
        raise TokenInvalid("The token's claims are not of the standard's types.")
    if not 0 < len(claims.sub) <= MAX_SUBJECT_LENGTH or not claims.sub.isprintable():
        raise TokenInvalid(f"The token's subject must have 1 to {MAX_SUBJECT_LENGTH} printable characters.")
    return claims


def require_bearer(said: Mapping[str, Any]) -> None:
    """Raise `TokenInvalid` for a token that is not good by itself, and would be taken as if it were."""
    for name in BINDING_CLAIMS:
        if name in said:
            raise TokenInvalid(f"The token has the claim `{name}`, which this service cannot check: get one without.")


def claim(said: Mapping[str, Any], path: str) -> Any:
    """A claim by name; dots lead into objects (`realm_access.roles`) where no claim has the whole name.

    `UNSET` without it. A path that begins in the token and ends nowhere is there, as nothing: the issuer meant to say
    something.
    """
    if path in said:
        return said[path]
    value: Any = said
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return msgspec.UNSET if value is said else None
        value = value[name]
    return value


def role_in(value: Any) -> Role | None:
    """The mightiest of our roles that a text or a list of texts names."""
    named = value if isinstance(value, list) else [value]
    return next((role for role in ROLES if role in named), None)


def organization_in(value: Any, name: str) -> str | None:
    """An organization's id in our spelling; none when the claim is absent. Raises `ClaimNotUnderstood`.

    A list of exactly one id counts as that id.
    """
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


def scopes_in(said: Mapping[str, Any]) -> frozenset[str]:
    """What the token is limited to: all scopes without such a claim. Raises `ClaimNotUnderstood`.

    A claim that lists OpenID Connect's own scopes alone says nothing about this service, as if it were absent.
    """
    allowed: frozenset[str] | None = None
    for name in SCOPE_CLAIMS:
        if name not in said:
            continue
        listed = words_in(said[name], name)
        if listed and listed <= PROTOCOL_SCOPES:
            continue
        allowed = listed if allowed is None else allowed & listed
    return ALL_SCOPES if allowed is None else allowed - PROTOCOL_SCOPES


def words_in(value: Any, name: str) -> frozenset[str]:
    """The words of a text, or of a list of texts. Raises `ClaimNotUnderstood`."""
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise ClaimNotUnderstood(f"The token's claim `{name}` must be a text of words, or a list of texts.")
    return frozenset(word for text in texts for word in text.split())
