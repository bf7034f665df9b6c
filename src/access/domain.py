"""The rules for e-mails, names, passwords and tokens, and the errors of this context. Pure: no await, IO or clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct, structs

from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from shared.text.emails import MAX_EMAIL, email_of
from shared.text.forms import composed, flaw_of
from shared.text.moments import in_utc

Role = Literal["super_admin", "organization_admin", "service"]
ApiTokenRole = Literal["super_admin", "service"]
Scope = Literal["read", "write", "events:read"]

MAX_EMAIL_LENGTH = MAX_EMAIL
MAX_NAME_LENGTH = 200
MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 256
MAX_LOGIN_PASSWORD_LENGTH = 1024
MIN_DIFFERENT_CHARACTERS = 5
PENDING_OWNER_LIFETIME = timedelta(days=8)


class InvalidEmail(Invalid):
    """The text is no e-mail address."""


class InvalidName(Invalid):
    """The name is too long or has invisible characters."""


class UnacceptablePassword(Invalid):
    """The password is too short, too long, made of too few characters, or no valid text."""


class EmailTaken(Conflict):
    """A user, or a signup that is under way, has this e-mail."""


class EmailBelongsToOtherRole(Conflict):
    """The super admin's e-mail is that of a user who is no super admin."""


class PendingOwnerGone(Conflict):
    """An owner to be activated is no longer pending."""


class WrongCredentials(Unauthenticated):
    """No active user has this e-mail and this password."""


class OrganizationSuspended(Forbidden):
    """The credentials are right, and the user's organization is suspended."""


class TooManyAttempts(TooMany):
    """Signing in failed too often, for this account or from this address."""


class TokenExpired(Unauthenticated):
    """The token is genuine and has expired."""


class NoRoleHere(Forbidden):
    """The token is genuine and has no role of this service."""


class ClaimNotUnderstood(Forbidden):
    """The token is genuine, and a claim that limits it cannot be read."""


class TokenInvalid(Unauthenticated):
    """The token was not issued here, or was changed."""


class SessionEnded(Unauthenticated):
    """The refresh token is invalid, its session has ended, or it was used before."""


class UserNotFound(NotFound):
    """No user has this id."""


class LastSuperAdmin(Conflict):
    """The last active super admin cannot be deactivated."""


class InvalidApiToken(Invalid):
    """The properties of the new token contradict each other."""


class ApiTokenNotFound(NotFound):
    """No API token has this id."""


class CreatorLetGo(Unauthenticated):
    """The creator of a token was deactivated, or revoked, during the request."""


class SecretNotKept(Conflict):
    """The write is done, and its secret is no longer stored."""


class Account(Struct, frozen=True):
    id: UUID
    role: Role
    organization_id: UUID | None
    is_active: bool
    password_hash: str

    def __repr__(self) -> str:
        return f"Account({self.id})"


class Session(Struct, frozen=True):
    """`sealed`: the present refresh token, sealed by its predecessor; None before the first refresh."""

    id: UUID
    account: Account
    token_hash: bytes
    expires_at: datetime
    is_revoked: bool
    rotated_at: datetime | None
    sealed: bytes | None

    def __repr__(self) -> str:
        return f"Session({self.account.id})"


class PendingOwner(Struct, frozen=True):
    """The operation's id becomes the user's id."""

    operation_id: UUID
    email: str
    name: str | None
    password_hash: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"PendingOwner({self.operation_id})"


class ApiToken(Struct, frozen=True):
    """A program's token, without its secret. `created_by` is a user's or a token's id."""

    id: UUID
    name: str
    role: ApiTokenRole
    organization_id: UUID | None
    scopes: Sequence[Scope]
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class NamedToken(Struct, frozen=True):
    """An API token as an answer about something else names it."""

    id: UUID
    name: str


class ApiTokenState(Struct, frozen=True):
    role: ApiTokenRole
    organization_id: UUID | None
    scopes: Sequence[Scope]
    is_revoked: bool


class UserState(Struct, frozen=True):
    role: Role
    organization_id: UUID | None
    is_active: bool


def valid_email(text: str) -> str:
    """Return the e-mail normalized. Raises `InvalidEmail`."""
    email = email_of(text)
    if email is None:
        detail = f"Give an e-mail address such as name@example.com, at most {MAX_EMAIL_LENGTH} characters long."
        raise InvalidEmail(detail, errors=[FieldError("/email", detail)])
    return email


def valid_name(text: str | None) -> str | None:
    """Return the name normalized, None for an empty one. Raises `InvalidName`."""
    name = composed(text or "")
    if name and (flaw := flaw_of(name, limit=MAX_NAME_LENGTH)) is not None:
        detail = f"Give a name of at most {MAX_NAME_LENGTH} characters, visible and in one line."
        raise InvalidName(detail, errors=[FieldError("/name", flaw)])
    return name or None


def valid_password(text: str) -> str:
    """Return the password unchanged. Raises `UnacceptablePassword`, which never repeats it."""
    fits = MIN_PASSWORD_LENGTH <= len(text) <= MAX_PASSWORD_LENGTH and len(set(text)) >= MIN_DIFFERENT_CHARACTERS
    if not fits or not is_text(text):
        detail = (
            f"Choose a password of {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters, "
            f"at least {MIN_DIFFERENT_CHARACTERS} of them different."
        )
        raise UnacceptablePassword(detail, errors=[FieldError("/password", detail)])
    return text


def valid_api_token(token: ApiToken) -> ApiToken:
    """Return the token with its name trimmed. Raises `InvalidName` or `InvalidApiToken`."""
    name = valid_name(token.name)
    if name is None:
        raise invalid_api_token("/name", "Give the token a name by which people will know it.")
    if token.role == "service" and "write" in token.scopes:
        raise invalid_api_token("/scopes", "A service may only read: leave out the scope `write`.")
    if token.role == "super_admin" and token.organization_id is not None:
        raise invalid_api_token("/organization_id", "A super admin's token belongs to no organization: leave it out.")
    expires_at = None if token.expires_at is None else in_utc(token.expires_at)
    if token.expires_at is not None and (expires_at is None or expires_at <= token.created_at):
        raise invalid_api_token("/expires_at", "Give a time in the future and before the year 10000 (UTC), or none.")
    return structs.replace(token, name=name, expires_at=expires_at)


def invalid_api_token(pointer: str, detail: str) -> InvalidApiToken:
    return InvalidApiToken(detail, errors=[FieldError(pointer, detail)])


def is_text(text: str) -> bool:
    """Return whether the text can be encoded: a lone surrogate cannot."""
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)  # noqa: PLR2004 - Unicode's own numbers
