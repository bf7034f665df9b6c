"""What happened to an organization. Other contexts may read these."""

from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from shared.messages import Event, FieldChange


class OrganizationRegisteredEvent(Event, frozen=True):
    """The organization and its owner's account exist. `template_version`: the version that the signup gets."""

    topic: ClassVar[str] = "tenant.organization.registered"
    incidental: ClassVar[Sequence[str]] = ("organization_id", "owner_id")

    organization_id: str
    name: str
    industry_code: str | None
    industry_name: str | None
    template_version: int | None
    owner_id: UUID


class OrganizationUpdatedEvent(Event, frozen=True):
    """The named fields (`name`, `industry_code`, `industry_name`), and no others, have new values."""

    topic: ClassVar[str] = "tenant.organization.updated"

    organization_id: str
    changes: Mapping[str, FieldChange]


class OrganizationSuspendedEvent(Event, frozen=True):
    """Its modules take effect no longer and its people cannot sign in."""

    topic: ClassVar[str] = "tenant.organization.suspended"

    organization_id: str


class OrganizationReactivatedEvent(Event, frozen=True):
    """The suspension ended."""

    topic: ClassVar[str] = "tenant.organization.reactivated"

    organization_id: str


EVENTS: dict[str, type[Event]] = {
    event.topic: event
    for event in (
        OrganizationRegisteredEvent,
        OrganizationUpdatedEvent,
        OrganizationSuspendedEvent,
        OrganizationReactivatedEvent,
    )
}
