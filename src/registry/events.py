"""What happened to a module. Other contexts may read these."""

from collections.abc import Mapping
from typing import Any, ClassVar

from shared.messages import Event, FieldChange


class ModuleRegisteredEvent(Event, frozen=True):
    """The module exists from now on; after a `deleted` of the same stream it came back."""

    topic: ClassVar[str] = "tenant.module.registered"

    module_id: str
    module_name: str
    description: str
    category: str
    service_name: str
    api_endpoint: str
    version: str
    metadata: dict[str, Any]
    default_config: dict[str, Any]
    is_active: bool
    config_schema: dict[str, Any] | None = None


class ModuleUpdatedEvent(Event, frozen=True):
    """The named fields, and no others, have new values."""

    topic: ClassVar[str] = "tenant.module.updated"

    module_id: str
    changes: Mapping[str, FieldChange]


class ModuleActivatedEvent(Event, frozen=True):
    """The module can be assigned, and takes effect where it is."""

    topic: ClassVar[str] = "tenant.module.activated"

    module_id: str


class ModuleDeactivatedEvent(Event, frozen=True):
    """The module takes effect nowhere, though its assignments stay."""

    topic: ClassVar[str] = "tenant.module.deactivated"

    module_id: str


class ModuleDeletedEvent(Event, frozen=True):
    """The module is gone. Nobody had it."""

    topic: ClassVar[str] = "tenant.module.deleted"

    module_id: str


EVENTS: dict[str, type[Event]] = {
    event.topic: event
    for event in (
        ModuleRegisteredEvent,
        ModuleUpdatedEvent,
        ModuleActivatedEvent,
        ModuleDeactivatedEvent,
        ModuleDeletedEvent,
    )
}
