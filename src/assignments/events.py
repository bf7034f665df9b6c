"""What happened to an organization's assignments. Each change is in exactly one event, as a `ModuleChange`."""

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
    """One assignment after a change. A removed one has no sources; its `config` is kept.

    `sources_before`: empty when it was added, or the event is older than the field. `config_discarded`: the config kept
    from an earlier assignment no longer fits its schema.
    """

    module_id: str
    config: dict[str, Any]
    sources: tuple[Source, ...]
    change: Literal["added", "sources", "removed", "config"]
    sources_before: tuple[Source, ...] = ()
    config_discarded: bool = False


class SkippedModule(Struct, frozen=True):
    """A module of a template that was not assigned. `module_unknown`: deleted or never registered."""

    module_id: str
    reason: Literal["module_inactive", "module_unknown", "config_invalid"]


class ModuleAssignedEvent(Event, frozen=True):
    """A module was assigned, gained the explicit source, or was restored.

    `restores` is the operation whose unassignment was undone: sources and config are as they were before it.
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
    """A template was applied; a `ModulesBulkAssignedEvent` before it has the changes, if there were any.

    `sets_industry`: the organization's own industry becomes this one.
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
