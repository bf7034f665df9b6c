"""All assignments of one organization, and how events change them. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, assert_never

from msgspec import Struct
from msgspec.structs import replace

from assignments.commands import AssignmentResult, Mode
from assignments.events import (
    AssignmentEvent,
    IndustryTemplateAppliedEvent,
    ModuleAssignedEvent,
    ModuleChange,
    ModuleConfigUpdatedEvent,
    ModulesBulkAssignedEvent,
    ModuleUnassignedEvent,
    Source,
)
from shared.messages import Difference

Sources = tuple[Source, ...]


class Assignment(Struct, frozen=True):
    """One module of the organization. `config` is its own layer alone; defaults are layered under it by reads."""

    config: dict[str, Any]
    sources: Sources


class Assignments(Struct, frozen=True):
    """The state. `kept`: configs of removed modules; `templates`: versions by code, in the order of application."""

    modules: dict[str, Assignment] = {}
    kept: dict[str, dict[str, Any]] = {}
    templates: dict[str, int] = {}


INITIAL = Assignments()


def evolve(state: Assignments, event: AssignmentEvent) -> Assignments:
    """Return the state after the event. Defined for every event in every state."""
    match event:
        case ModuleAssignedEvent() | ModuleUnassignedEvent() | ModuleConfigUpdatedEvent():
            return changed(state, event.modules)
        case ModulesBulkAssignedEvent(industry_code=str(code), version=int(version)):
            templates = {**state.templates, code: state.templates.get(code, version)}
            return replace(changed(state, event.modules), templates=templates)
        case ModulesBulkAssignedEvent():
            return changed(state, event.modules)
        case IndustryTemplateAppliedEvent(industry_code=code, version=version, mode=mode):
            return replace(state, templates=applied_templates(state.templates, code, version, mode))
        case _ as never:
            assert_never(never)


def changed(state: Assignments, changes: Sequence[ModuleChange]) -> Assignments:
    modules, kept = dict(state.modules), dict(state.kept)
    for change in changes:
        if change.change == "removed":
            modules.pop(change.module_id, None)
            kept[change.module_id] = change.config
        else:
            modules[change.module_id] = Assignment(change.config, change.sources)
            kept.pop(change.module_id, None)
    return Assignments(modules, kept, state.templates)


def applied_templates(templates: Mapping[str, int], code: str, version: int, mode: Mode) -> dict[str, int]:
    others = {} if mode == "replace" else {c: v for c, v in templates.items() if c != code}
    return {**others, code: version}


def differences(before: Assignments, after: Assignments, event: AssignmentEvent) -> list[Difference]:
    """List what the event changes: modules by kind of change, templates as `template` with their versions."""
    modules = [] if isinstance(event, IndustryTemplateAppliedEvent) else event.modules
    codes = dict.fromkeys([*before.templates, *after.templates])
    return [
        *(
            Difference(m.module_id, m.change, before.modules.get(m.module_id), after.modules.get(m.module_id))
            for m in modules
        ),
        *(
            Difference(code, "template", old, new)
            for code in codes
            if (old := before.templates.get(code)) != (new := after.templates.get(code))
        ),
    ]


def changes_to(
    state: Assignments,
    after: Mapping[str, Sources],
    config: dict[str, Any] | None = None,
    unfit: Collection[str] = (),
) -> list[ModuleChange]:
    """List the changes. A new module gets `config`, else its kept one, unless the module is among `unfit`."""
    changes = []
    for module_id, sources in after.items():
        held = state.modules.get(module_id)
        if held is None:
            discarded = config is None and module_id in unfit
            kept = {} if discarded else state.kept.get(module_id, {})
            given = kept if config is None else config
            changes.append(ModuleChange(module_id, given, sources, "added", config_discarded=discarded))
        elif sources != held.sources:
            changes.append(
                ModuleChange(module_id, held.config, sources, "sources" if sources else "removed", held.sources)
            )
    return changes


def with_source(sources: Sources, source: Source) -> Sources:
    """Add an explicit source if there is none; put a template's in place of its other version."""
    if source.kind == "explicit":
        return sources if any(s.kind == "explicit" for s in sources) else (*sources, source)
    moved = tuple(source if s.industry_code == source.industry_code else s for s in sources)
    return moved if source in moved else (*sources, source)


def sources_of(state: Assignments, module_id: str) -> Sources:
    held = state.modules.get(module_id)
    return held.sources if held else ()


def template_sources(sources: Sources, templates: Iterable[str]) -> list[Source]:
    """Return the sources that are templates, in the order in which `templates` were applied, unknown ones first."""
    places = {code: place for place, code in enumerate(templates)}
    named = [source for source in sources if source.industry_code is not None]
    return sorted(named, key=lambda source: places.get(source.industry_code or "", -1))


def template_versions(sources: Iterable[Source]) -> list[tuple[str, int]]:
    return [(s.industry_code, s.version) for s in sources if s.industry_code is not None and s.version is not None]


def versions_by_code(sources: Iterable[Source]) -> dict[str, set[int]]:
    versions: dict[str, set[int]] = {}
    for code, version in template_versions(sources):
        versions.setdefault(code, set()).add(version)
    return versions


def result_of(module_ids: Sequence[str], changes: Sequence[ModuleChange]) -> AssignmentResult:
    """Sort the modules that a command names, and those that it removed, by their outcome."""
    added = {change.module_id for change in changes if change.change == "added"}
    return AssignmentResult(
        assigned=[module_id for module_id in module_ids if module_id in added],
        unchanged=[module_id for module_id in module_ids if module_id not in added],
        removed=[change.module_id for change in changes if change.change == "removed"],
        discarded_configs=[change.module_id for change in changes if change.config_discarded],
    )


def bulk_event(organization_id: str, changes: Sequence[ModuleChange], source: Source) -> ModulesBulkAssignedEvent:
    module_ids = [change.module_id for change in changes]
    return ModulesBulkAssignedEvent(organization_id, module_ids, changes, source.industry_code, source.version)
