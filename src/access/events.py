"""Events of users and API tokens, without e-mails and secrets: the event log is kept for ever."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from access.domain import ApiTokenRole, Role
from shared.messages import Event


class UserActivatedEvent(Event, frozen=True):
    """A user can sign in from now on."""

    topic: ClassVar[str] = "access.user.activated"

    user_id: UUID
    organization_id: UUID | None
    role: Role


class UserPasswordReplacedEvent(Event, frozen=True):
    """A user signs in with another password from now on."""

    topic: ClassVar[str] = "access.user.password_replaced"

    user_id: UUID


class UserDeactivatedEvent(Event, frozen=True):
    """A user cannot sign in any more, and all sessions ended."""

    topic: ClassVar[str] = "access.user.deactivated"

    user_id: UUID


class UserReactivatedEvent(Event, frozen=True):
    """A deactivated user can sign in again."""

    topic: ClassVar[str] = "access.user.reactivated"

    user_id: UUID


class SessionReusedEvent(Event, frozen=True):
    """A used refresh token of the user was sent again, by its thief or its owner: the session was ended for both."""

    topic: ClassVar[str] = "access.session.reused"

    user_id: UUID


class ApiTokenCreatedEvent(Event, frozen=True):
    """A program can authenticate with this token from now on.

    `further_scopes` are those that `scopes` did not have at first: older readers of the event go on understanding it.
    """

    topic: ClassVar[str] = "access.api_token.created"

    token_id: UUID
    name: str
    role: ApiTokenRole
    organization_id: UUID | None
    scopes: Sequence[Literal["read", "write"]]
    expires_at: datetime | None
    further_scopes: Sequence[str] = ()


class ApiTokenRevokedEvent(Event, frozen=True):
    """The token is invalid from now on."""

    topic: ClassVar[str] = "access.api_token.revoked"

    token_id: UUID


EVENTS: dict[str, type[Event]] = {
    UserActivatedEvent.topic: UserActivatedEvent,
    UserPasswordReplacedEvent.topic: UserPasswordReplacedEvent,
    UserDeactivatedEvent.topic: UserDeactivatedEvent,
    UserReactivatedEvent.topic: UserReactivatedEvent,
    SessionReusedEvent.topic: SessionReusedEvent,
    ApiTokenCreatedEvent.topic: ApiTokenCreatedEvent,
    ApiTokenRevokedEvent.topic: ApiTokenRevokedEvent,
}
