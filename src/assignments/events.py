"""What happened to an organization's assignments. Other contexts may read these.

Each change of an assignment is in exactly one event, as a `ModuleChange`; `IndustryTemplateAppliedEvent` summarizes.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal
from uuid import UUID

from msgspec import Struct

from shared.messages import Event


class Source(Struct, frozen=True):
    """Why an organization has a module: a person (`by`) or a template's version."""

    kind: Literal["explicit", "template"]
    by: str | None = None
    industry_code: str | None = None
    version: int | None = None


class ModuleChange(Struct, frozen=True):
    """One assignment after a change; a removed one has no sources, and `config` is what is kept of it.

    `sources_before` are those it had; none when it was added, or the event is older than the field.
    `config_discarded`: the config kept from an earlier assignment no longer fits its schema and did not come back.
    """

    module_id: str
    config: dict[str, Any]
    sources: tuple[Source, ...]
    change: Literal["added", "sources", "removed", "config"]
    sources_before: tuple[Source, ...] = ()
    config_discarded: bool = False


class SkippedModule(Struct, frozen=True):
    """A module of a template that could not be assigned. Deleted ones are unknown.

    `config_invalid`: the config it would have, or keep, does not fit its schema.
    """

    module_id: str
    reason: Literal["module_inactive", "module_unknown", "config_invalid"]


class ModuleAssignedEvent(Event, frozen=True):
    """A person assigned one module, or added the explicit source to one that was there, or took an unassignment back.

    `restores` is the operation whose unassignment was taken back: sources and config are as they were before it.
    """

    topic: ClassVar[str] = "tenant.module.assigned"

    organization_id: str
    module_id: str
    modules: Sequence[ModuleChange]
    restores: UUID | None = None


class ModuleUnassignedEvent(Event, frozen=True):
    """A module was taken away. `overruled` are the industries that required it, when that was forced."""

    topic: ClassVar[str] = "tenant.module.unassigned"

    organization_id: str
    module_id: str
    modules: Sequence[ModuleChange]
    overruled: Sequence[str] = ()


class ModulesBulkAssignedEvent(Event, frozen=True):
    """Several assignments changed at once; with a template, its code and version. Holds removed modules too."""

    topic: ClassVar[str] = "tenant.module.bulk_assigned"

    organization_id: str
    module_ids: Sequence[str]
    modules: Sequence[ModuleChange]
    industry_code: str | None = None
    version: int | None = None


class ModuleConfigUpdatedEvent(Event, frozen=True):
    """The organization's layer of a module's config changed; `before` is the layer as it was."""

    topic: ClassVar[str] = "tenant.module.config_updated"

    organization_id: str
    module_id: str
    modules: Sequence[ModuleChange]
    before: dict[str, Any]


class IndustryTemplateAppliedEvent(Event, frozen=True):
    """A template was applied; what it changed is in the `ModulesBulkAssignedEvent` before it, if anything was.

    `sets_industry`: the organization is to get this industry as its own.
    """

    topic: ClassVar[str] = "tenant.industry.applied"

    organization_id: str
    industry_code: str
    version: int
    mode: Literal["add", "replace"]
    applied: Sequence[str]
    unchanged: Sequence[str]
    skipped: Sequence[SkippedModule]
    removed: Sequence[str]
    sets_industry: bool


AssignmentEvent = (
    ModuleAssignedEvent
    | ModuleUnassignedEvent
    | ModulesBulkAssignedEvent
    | ModuleConfigUpdatedEvent
    | IndustryTemplateAppliedEvent
)

EVENTS: dict[str, type[Event]] = {
    event.topic: event
    for event in (
        ModuleAssignedEvent,
        ModuleUnassignedEvent,
        ModulesBulkAssignedEvent,
        ModuleConfigUpdatedEvent,
        IndustryTemplateAppliedEvent,
    )
}
