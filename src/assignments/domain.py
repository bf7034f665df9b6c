"""Decides about all assignments of one organization. Pure: state and facts in, events or a refusal out."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, assert_never, cast

from msgspec import UNSET

from assignments.commands import (
    ApplyIndustryTemplate,
    AssignModule,
    BulkAssignModules,
    Command,
    ConfigResult,
    RestoreAssignments,
    UnassignModule,
    UpdateModuleConfig,
)
from assignments.config_validation import require_valid_configs, unfit_kept
from assignments.errors import (
    AssignedAgain,
    ConfigDiffers,
    ConfigTooLarge,
    DuplicateModules,
    IndustryDeleted,
    ModuleDeleted,
    ModuleInactive,
    ModuleNotAssigned,
    ModuleRequired,
    RemovedAgain,
    TemplateMoved,
    UnknownUnassignment,
)
from assignments.events import (
    AssignmentEvent,
    ModuleAssignedEvent,
    ModuleChange,
    ModuleConfigUpdatedEvent,
    ModuleUnassignedEvent,
    Source,
)
from assignments.facts import (
    Facts,
    applicable_template,
    known_organization,
    require_active_modules,
    require_in_template,
    required_by,
)
from assignments.state import (
    Assignment,
    Assignments,
    bulk_event,
    changes_to,
    evolve,
    result_of,
    sources_of,
    with_source,
)
from assignments.template_application import apply_template, decided_by_template
from shared.errors import FieldError
from shared.json.documents import CONFIG_BYTES, CONFIG_DEPTH, too_large, within
from shared.json.patches import merge_patch, same_json
from shared.messages import Decision

Removals = Sequence[ModuleChange]


def decide(state: Assignments, facts: Facts, command: Command) -> Decision:
    """Return the events of the command, none when nothing changes. Raise a `Refused`."""
    decision = _decision(state, facts, command)
    if facts.rules and decision.events:
        after = reduce(evolve, cast("Sequence[AssignmentEvent]", decision.events), state)
        settled = decided_by_template(decision) if isinstance(command, ApplyIndustryTemplate) else ()
        require_valid_configs(state, after, facts, command, settled)
    return decision


def _decision(state: Assignments, facts: Facts, command: Command) -> Decision:
    organization = known_organization(facts, command.organization_id, is_correction=_is_correction(command))
    match command:
        case AssignModule():
            return _assign(state, facts, command)
        case UnassignModule():
            return _unassign(state, facts, command)
        case BulkAssignModules():
            return _bulk_assign(state, facts, command)
        case ApplyIndustryTemplate():
            return apply_template(state, facts, command, organization)
        case UpdateModuleConfig():
            return _update_config(state, command)
        case RestoreAssignments():
            return _restore(state, facts, command)
        case _ as never:
            assert_never(never)


def _is_correction(command: Command) -> bool:
    """Return whether a suspended organization accepts the command."""
    return isinstance(command, UnassignModule) or (isinstance(command, UpdateModuleConfig) and command.as_operator)


def _assign(state: Assignments, facts: Facts, command: AssignModule) -> Decision:
    module_id = command.module_id
    config = None if command.config is UNSET else command.config
    _require_small(config, "/config")
    require_active_modules(facts, {"/module_id": module_id})
    held = state.modules.get(module_id)
    if held and config is not None and not same_json(config, held.config):
        link = f"/api/v1/organizations/{command.organization_id}/modules/{module_id}"
        detail = f"{module_id} is assigned with another config. Change it with PATCH {link}."
        raise ConfigDiffers(detail, link=link)
    after = {module_id: with_source(sources_of(state, module_id), Source("explicit", by=command.by))}
    changes = changes_to(state, after, config, unfit_kept(state, after, facts))
    events = [ModuleAssignedEvent(command.organization_id, module_id, changes)] if changes else []
    return Decision(events, result_of([module_id], changes))


def _unassign(state: Assignments, facts: Facts, command: UnassignModule) -> Decision:
    module_id = command.module_id
    requiring = required_by(module_id, _held(state, module_id).sources, facts.templates)
    if requiring and not command.force:
        detail = f"{module_id} is required by {', '.join(requiring)}. Set force to remove it all the same."
        raise ModuleRequired(detail, industries=requiring)
    changes = changes_to(state, {module_id: ()})
    event = ModuleUnassignedEvent(command.organization_id, module_id, changes, overruled=requiring)
    return Decision([event], result_of([], changes))


def _bulk_assign(state: Assignments, facts: Facts, command: BulkAssignModules) -> Decision:
    pointers = {f"/module_ids/{position}": module_id for position, module_id in enumerate(command.module_ids)}
    _require_distinct(pointers)
    source = _bulk_source(state, facts, command, pointers)
    require_active_modules(facts, pointers)
    after = {module_id: with_source(sources_of(state, module_id), source) for module_id in command.module_ids}
    changes = changes_to(state, after, unfit=unfit_kept(state, after, facts))
    events = [bulk_event(command.organization_id, changes, source)] if changes else []
    return Decision(events, result_of(command.module_ids, changes))


def _bulk_source(state: Assignments, facts: Facts, command: BulkAssignModules, pointers: Mapping[str, str]) -> Source:
    if command.industry_code is None:
        return Source("explicit", by=command.by)
    code = command.industry_code
    template = applicable_template(facts, code)
    version = state.templates.get(code, template.version)
    require_in_template(template, code, version, pointers)
    return Source("template", industry_code=code, version=version)


def _update_config(state: Assignments, command: UpdateModuleConfig) -> Decision:
    module_id = command.module_id
    held = _held(state, module_id)
    _require_small(command.patch, "")
    config: dict[str, Any] = merge_patch(held.config, command.patch)
    _require_small(config, "")
    result = ConfigResult(module_id, config)
    if same_json(config, held.config):
        return Decision([], result)
    changes = [ModuleChange(module_id, config, held.sources, "config", held.sources)]
    return Decision([ModuleConfigUpdatedEvent(command.organization_id, module_id, changes, held.config)], result)


def _restore(state: Assignments, facts: Facts, command: RestoreAssignments) -> Decision:
    module_id, removals = _removals(facts, command)
    named = [removal.module_id for removal in removals]
    absent = [removal for removal in removals if not _is_back(state, removal)]
    if not absent:
        return Decision([], result_of(named, []))
    advice = f"Assign it anew: POST /api/v1/modules/assign/{command.organization_id}."
    _require_untouched(state, absent, advice)
    _require_active(facts, absent)
    _require_templates(state, facts, absent, advice)
    changes = [ModuleChange(one.module_id, one.config, one.sources_before, "added") for one in absent]
    event = ModuleAssignedEvent(command.organization_id, module_id, changes, restores=command.operation_id)
    return Decision([event], result_of(named, changes))


def _removals(facts: Facts, command: RestoreAssignments) -> tuple[str, Removals]:
    """Return the module and its removals. Events older than `sources_before` cannot be undone."""
    record = facts.unassignments.get(command.operation_id)
    removals = [] if record is None else [change for change in record.modules if change.change == "removed"]
    is_own = record is not None and record.organization_id == command.organization_id
    if record is None or not is_own or not removals or not all(one.sources_before for one in removals):
        message = "took no module away from this organization, or does not tell any more why it had it"
        raise UnknownUnassignment(
            "There is nothing to take back. Name the operation of an unassignment: the events of the organization, "
            f"GET /api/v1/events?organization_id={command.organization_id}, have it as operation_id.",
            errors=[FieldError("/operation_id", message)],
        )
    return record.module_id, removals


def _is_back(state: Assignments, removal: ModuleChange) -> bool:
    held = state.modules.get(removal.module_id)
    return held is not None and same_json(held, Assignment(removal.config, tuple(removal.sources_before)))


def _require_untouched(state: Assignments, removals: Removals, advice: str) -> None:
    again = [one.module_id for one in removals if one.module_id in state.modules]
    if again:
        raise AssignedAgain(
            f"Assigned again since, and not as before: {', '.join(again)}. Leave it, or unassign it first.",
            modules=again,
        )
    other = [one.module_id for one in removals if not same_json(state.kept.get(one.module_id), one.config)]
    if other:
        detail = f"Assigned and removed again since, with another config: {', '.join(other)}. {advice}"
        raise RemovedAgain(detail, modules=other)


def _require_active(facts: Facts, removals: Removals) -> None:
    statuses = {one.module_id: facts.modules.get(one.module_id, "deleted") for one in removals}
    deleted = [module_id for module_id, status in statuses.items() if status == "deleted"]
    if deleted:
        detail = f"No longer in the module registry: {', '.join(deleted)}. Register it first."
        raise ModuleDeleted(detail, modules=deleted)
    inactive = [module_id for module_id, status in statuses.items() if status == "inactive"]
    if inactive:
        raise ModuleInactive(f"Inactive: {', '.join(inactive)}. Activate it first.", modules=inactive)


def _require_templates(state: Assignments, facts: Facts, removals: Removals, advice: str) -> None:
    """Refuse sources that contradict the applied templates. An inactive template is no obstacle."""
    sources = [source for one in removals for source in one.sources_before if source.industry_code is not None]
    deleted = _codes(source for source in sources if _is_deleted(facts, source))
    if deleted:
        raise IndustryDeleted(f"It came from a deleted industry: {', '.join(deleted)}. {advice}", industries=deleted)
    moved = _codes(source for source in sources if state.templates.get(source.industry_code or "") != source.version)
    if moved:
        versions = ", ".join(f"{source.industry_code} in version {source.version}" for source in sources)
        detail = f"It came from {versions}, and the organization has not applied that any more. {advice}"
        raise TemplateMoved(detail, industries=moved)


def _is_deleted(facts: Facts, source: Source) -> bool:
    template = facts.templates.get(source.industry_code or "")
    return template is None or template.status == "deleted"


def _codes(sources: Iterable[Source]) -> list[str]:
    return list(dict.fromkeys(source.industry_code or "" for source in sources))


def _held(state: Assignments, module_id: str) -> Assignment:
    held = state.modules.get(module_id)
    if held is None:
        raise ModuleNotAssigned(f"The organization does not have {module_id}. Assign it first, or check the id.")
    return held


def _require_small(config: dict[str, Any] | None, pointer: str) -> None:
    if config is not None and (errors := too_large(config)):
        raise ConfigTooLarge(
            f"A config holds at most {CONFIG_BYTES} bytes of JSON, nested {CONFIG_DEPTH} levels deep. Shorten it.",
            errors=within(pointer, errors),
        )


def _require_distinct(pointers: Mapping[str, str]) -> None:
    first: dict[str, str] = {}
    for at, name in pointers.items():
        first.setdefault(name, at)
    repeated = [FieldError(at, f"{name} is at {first[name]}") for at, name in pointers.items() if first[name] != at]
    if repeated:
        raise DuplicateModules("Each module may be named once. Leave the repetitions out.", errors=repeated)
