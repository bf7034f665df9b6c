"""Decides about all assignments of one organization. Pure: state and facts in, events or a refusal out."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from assignments.commands import (
    ApplyIndustryTemplate,
    AssignmentResult,
    AssignModule,
    BulkAssignModules,
    Command,
    ConfigResult,
    Mode,
    UnassignModule,
    UpdateModuleConfig,
)
from assignments.events import (
    IndustryTemplateAppliedEvent,
    ModuleAssignedEvent,
    ModuleChange,
    ModuleConfigUpdatedEvent,
    ModulesBulkAssignedEvent,
    ModuleUnassignedEvent,
    SkippedModule,
    Source,
)
from assignments.facts import (
    Facts,
    ModuleStatus,
    OrganizationFact,
    TemplateEntry,
    TemplateFact,
    active_organization,
    entries_of,
    living_template,
    require_active_modules,
    require_in_template,
    required_by,
)
from assignments.refusals import (
    ConfigDiffers,
    ConfigTooLarge,
    DuplicateModules,
    ModuleNotAssigned,
    ModuleRequired,
    TemplateNotApplicable,
)
from assignments.state import (
    INITIAL,
    Assignment,
    Assignments,
    Sources,
    applied_templates,
    changes_to,
    evolve,
    sources_of,
    with_source,
)
from shared.errors import FieldError
from shared.messages import Decision, Event, merge_patch

__all__ = [
    "CONFIG_BYTES",
    "INITIAL",
    "Assignment",
    "Assignments",
    "Facts",
    "ModuleStatus",
    "OrganizationFact",
    "TemplateEntry",
    "TemplateFact",
    "decide",
    "evolve",
    "required_by",
]

CONFIG_BYTES = 64 * 1024


def decide(state: Assignments, facts: Facts, command: Command) -> Decision:
    """Return what the command causes: no events when nothing changes. Raise a `Refused` when it may not be."""
    organization = active_organization(facts, command.organization_id)
    match command:
        case AssignModule():
            return _assign(state, facts, command)
        case UnassignModule():
            return _unassign(state, facts, command)
        case BulkAssignModules():
            return _bulk_assign(state, facts, command)
        case ApplyIndustryTemplate():
            return _apply(state, facts, command, organization)
        case UpdateModuleConfig():
            return _update_config(state, command)
        case _ as never:
            assert_never(never)


def _assign(state: Assignments, facts: Facts, command: AssignModule) -> Decision:
    module_id = command.module_id
    config = None if command.config is UNSET else command.config
    _require_small(config, "/config")
    require_active_modules(facts, {"/module_id": module_id})
    held = state.modules.get(module_id)
    if held and config is not None and not _same(config, held.config):
        link = f"/api/v1/organizations/{command.organization_id}/modules/{module_id}"
        detail = f"{module_id} is assigned with another config. Change it with PATCH {link}."
        raise ConfigDiffers(detail, link=link)
    after = {module_id: with_source(sources_of(state, module_id), Source("explicit", by=command.by))}
    changes = changes_to(state, after, config)
    events = [ModuleAssignedEvent(command.organization_id, module_id, changes)] if changes else []
    return Decision(events, _result([module_id], changes))


def _unassign(state: Assignments, facts: Facts, command: UnassignModule) -> Decision:
    module_id = command.module_id
    requiring = required_by(module_id, _held(state, module_id).sources, facts.templates)
    if requiring and not command.force:
        detail = f"{module_id} is required by {', '.join(requiring)}. Set force to remove it all the same."
        raise ModuleRequired(detail, industries=requiring)
    changes = changes_to(state, {module_id: ()})
    event = ModuleUnassignedEvent(command.organization_id, module_id, changes, overruled=requiring)
    return Decision([event], _result([], changes))


def _bulk_assign(state: Assignments, facts: Facts, command: BulkAssignModules) -> Decision:
    pointers = {f"/module_ids/{position}": module_id for position, module_id in enumerate(command.module_ids)}
    _require_distinct(pointers)
    source = _bulk_source(facts, command, pointers)
    require_active_modules(facts, pointers)
    after = {module_id: with_source(sources_of(state, module_id), source) for module_id in command.module_ids}
    changes = changes_to(state, after)
    events = [_bulk_event(command.organization_id, changes, source)] if changes else []
    return Decision(events, _result(command.module_ids, changes))


def _bulk_source(facts: Facts, command: BulkAssignModules, pointers: Mapping[str, str]) -> Source:
    if command.industry_code is None:
        return Source("explicit", by=command.by)
    template = living_template(facts, command.industry_code)
    require_in_template(template, command.industry_code, pointers)
    return Source("template", industry_code=command.industry_code, version=template.version)


def _bulk_event(organization_id: str, changes: Sequence[ModuleChange], source: Source) -> ModulesBulkAssignedEvent:
    module_ids = [change.module_id for change in changes]
    return ModulesBulkAssignedEvent(organization_id, module_ids, changes, source.industry_code, source.version)


def _apply(
    state: Assignments, facts: Facts, command: ApplyIndustryTemplate, organization: OrganizationFact
) -> Decision:
    code, mode = command.industry_code, command.mode
    template = living_template(facts, code)
    version = template.version if command.version is None else command.version
    entries = entries_of(template, code, version)
    skipped = _skipped(state, facts, code, entries)
    left = {module.module_id for module in skipped}
    given = [entry.module_id for entry in entries if entry.module_id not in left]
    source = Source("template", industry_code=code, version=version)
    changes = changes_to(state, _applied_sources(state, given, skipped, source, mode))
    sets_industry = organization.industry_code is None or (mode == "replace" and organization.industry_code != code)
    result = replace(
        _result(given, changes), skipped=skipped, industry_code=code, version=version, sets_industry=sets_industry
    )
    events: list[Event] = [_bulk_event(command.organization_id, changes, source)] if changes else []
    if changes or sets_industry or applied_templates(state.templates, code, version, mode) != state.templates:
        events.append(_applied_event(command, version, result))
    return Decision(events, result)


def _skipped(state: Assignments, facts: Facts, code: str, entries: Sequence[TemplateEntry]) -> list[SkippedModule]:
    """List the optional modules that cannot be assigned; refuse when a required one cannot."""
    skipped: list[SkippedModule] = []
    blocking: list[SkippedModule] = []
    for entry in entries:
        obstacle = _obstacle(state, facts, entry.module_id)
        if obstacle is not None:
            (blocking if entry.is_required else skipped).append(obstacle)
    if blocking:
        names = ", ".join(module.module_id for module in blocking)
        detail = f"{code} requires modules that are missing or inactive: {names}. Activate them or change the template."
        raise TemplateNotApplicable(detail, modules=msgspec.to_builtins(blocking))
    return skipped


def _obstacle(state: Assignments, facts: Facts, module_id: str) -> SkippedModule | None:
    """Say why a template cannot give the module. An inactive one that is assigned keeps its place."""
    status = facts.modules.get(module_id, "deleted")
    if status == "deleted":
        return SkippedModule(module_id, "module_unknown")
    if status == "inactive" and module_id not in state.modules:
        return SkippedModule(module_id, "module_inactive")
    return None


def _applied_sources(
    state: Assignments, given: Sequence[str], skipped: Sequence[SkippedModule], source: Source, mode: Mode
) -> dict[str, Sources]:
    """Give the sources after applying: of the given modules in display order, then of all others there."""
    code, holds, untouched = source.industry_code, set(given), {module.module_id for module in skipped}
    after: dict[str, Sources] = {}
    for module_id in dict.fromkeys([*given, *state.modules]):
        sources = sources_of(state, module_id)
        if mode == "replace":
            sources = tuple(s for s in sources if s.industry_code in {None, code})
        if module_id in holds:
            sources = with_source(sources, source)
        elif module_id not in untouched:
            sources = tuple(s for s in sources if s.industry_code != code)
        after[module_id] = sources
    return after


def _applied_event(
    command: ApplyIndustryTemplate, version: int, result: AssignmentResult
) -> IndustryTemplateAppliedEvent:
    return IndustryTemplateAppliedEvent(
        command.organization_id,
        command.industry_code,
        version,
        command.mode,
        applied=result.assigned,
        unchanged=result.unchanged,
        skipped=result.skipped,
        removed=result.removed,
        sets_industry=bool(result.sets_industry),
    )


def _update_config(state: Assignments, command: UpdateModuleConfig) -> Decision:
    module_id = command.module_id
    held = _held(state, module_id)
    config: dict[str, Any] = merge_patch(held.config, command.patch)
    _require_small(config, "")
    result = ConfigResult(module_id, config)
    if _same(config, held.config):
        return Decision([], result)
    changes = [ModuleChange(module_id, config, held.sources, "config")]
    return Decision([ModuleConfigUpdatedEvent(command.organization_id, module_id, changes, held.config)], result)


def _held(state: Assignments, module_id: str) -> Assignment:
    held = state.modules.get(module_id)
    if held is None:
        raise ModuleNotAssigned(f"The organization does not have {module_id}. Assign it first, or check the id.")
    return held


def _result(asked: Sequence[str], changes: Sequence[ModuleChange]) -> AssignmentResult:
    added = {change.module_id for change in changes if change.change == "added"}
    return AssignmentResult(
        assigned=[module_id for module_id in asked if module_id in added],
        unchanged=[module_id for module_id in asked if module_id not in added],
        removed=[change.module_id for change in changes if change.change == "removed"],
    )


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    # Python's own equality takes true for 1.
    return _encoded(one) == _encoded(other)


def _encoded(config: dict[str, Any]) -> bytes:
    return msgspec.json.encode(config, order="deterministic")


def _require_small(config: dict[str, Any] | None, pointer: str) -> None:
    if config is not None and len(_encoded(config)) > CONFIG_BYTES:
        errors = [FieldError(pointer, f"is larger than {CONFIG_BYTES} bytes")]
        raise ConfigTooLarge(f"A config holds at most {CONFIG_BYTES} bytes of JSON. Shorten it.", errors=errors)


def _require_distinct(pointers: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    for at, name in pointers.items():
        first.setdefault(name, at)
    repeated = [FieldError(at, f"{name} is at {first[name]}") for at, name in pointers.items() if first[name] != at]
    if repeated:
        raise DuplicateModules("Each module may be named once. Leave the repetitions out.", errors=repeated)
