"""Decides about all assignments of one organization. Pure: state and facts in, events or a refusal out."""

from collections.abc import Mapping, Sequence
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
from assignments.errors import ConfigDiffers, ConfigTooLarge, DuplicateModules, ModuleNotAssigned, ModuleRequired
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
from assignments.restoration import restore_assignments
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
            return restore_assignments(state, facts, command)
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
