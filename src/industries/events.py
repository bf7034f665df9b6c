"""What happened to an industry template. Other contexts may read these."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from shared.messages import Event, FieldChange


class TemplateModule(Struct, frozen=True):
    """One module of a template; its place in the list is its display order."""

    module_id: str
    is_required: bool
    default_config: dict[str, Any] = {}


class IndustryCreatedEvent(Event, frozen=True):
    """The template exists, again after a `deleted` of the same stream. `modules` is the whole list of `version`."""

    topic: ClassVar[str] = "tenant.industry.created"

    industry_code: str
    industry_name: str
    description: str
    is_active: bool
    version: int
    modules: tuple[TemplateModule, ...]


class IndustryUpdatedEvent(Event, frozen=True):
    """The named fields, and no others, have new values.

    `modules`: the whole list of a new version, named in `changes`, else null. `modules_before`: the list of the version
    before; null, too, when the event is older than the field.
    """

    topic: ClassVar[str] = "tenant.industry.updated"

    industry_code: str
    changes: Mapping[str, FieldChange]
    version: int
    modules: tuple[TemplateModule, ...] | None = None
    modules_before: tuple[TemplateModule, ...] | None = None


class IndustryDeletedEvent(Event, frozen=True):
    """The template is gone. `organizations` had it applied and keep their modules."""

    topic: ClassVar[str] = "tenant.industry.deleted"
    incidental: ClassVar[Sequence[str]] = ("organizations",)

    industry_code: str
    organizations: int


EVENTS: dict[str, type[Event]] = {
    event.topic: event for event in (IndustryCreatedEvent, IndustryUpdatedEvent, IndustryDeletedEvent)
}
