"""What happened to users. Neither an e-mail nor a secret: the event log is kept for ever and read by many."""

from typing import ClassVar
from uuid import UUID

from access.domain import Role
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


EVENTS: dict[str, type[Event]] = {
    UserActivatedEvent.topic: UserActivatedEvent,
    UserPasswordReplacedEvent.topic: UserPasswordReplacedEvent,
}
