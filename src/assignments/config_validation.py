"""Validates the effective configs that a change leads to. Pure."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from assignments.commands import (
    ApplyIndustryTemplate,
    BulkAssignModules,
    Command,
    RestoreAssignments,
    UpdateModuleConfig,
)
from assignments.errors import ConfigInvalid
from assignments.facts import Facts
from assignments.state import Assignment, Assignments, Sources, template_sources
from shared.errors import FieldError
from shared.json.documents import ABSENT, MAX_ERRORS, capped, value_at, within
from shared.json.patches import same_json
from shared.json.schemas import JsonSchema

Errors = Sequence[FieldError]


def invalid_configs(
    before: Assignments, after: Assignments, facts: Facts, settled: Collection[str] = ()
) -> dict[str, Errors]:
    """Return the new errors by module id: not those that the config had before, nor those of `settled` modules."""
    reordered = list(before.templates) != list(after.templates)
    found: dict[str, Errors] = {}
    for module_id, held in after.modules.items():
        earlier = before.modules.get(module_id)
        if module_id not in facts.rules or module_id in settled or (held is earlier and not reordered):
            continue
        config = _config(module_id, after, facts)
        errors = facts.rules[module_id].schema.errors(config)
        if errors and earlier is not None:
            errors = _new(errors, config, _config(module_id, before, facts), facts.rules[module_id].schema)
        if errors:
            found[module_id] = errors
    return found


def unfit_kept(state: Assignments, after: Mapping[str, Sources], facts: Facts) -> Collection[str]:
    """Return the new modules whose kept config no longer fits; it is discarded, since no caller sent it."""
    kept = {
        module_id: Assignment(state.kept[module_id], sources)
        for module_id, sources in after.items()
        if module_id not in state.modules and state.kept.get(module_id) and module_id in facts.rules
    }
    if not kept:
        return ()
    again = Assignments(kept, {}, state.templates)
    return {module_id for module_id in kept if facts.rules[module_id].schema.errors(_config(module_id, again, facts))}


def _config(module_id: str, state: Assignments, facts: Facts) -> dict[str, Any]:
    held = state.modules[module_id]
    given = [
        facts.template_configs.get((source.industry_code or "", source.version or 0, module_id), {})
        for source in template_sources(held.sources, state.templates)
    ]
    return facts.rules[module_id].config([*given, held.config])


def _new(errors: Errors, config: dict[str, Any], earlier: dict[str, Any], schema: JsonSchema) -> Errors:
    known = set(schema.errors(earlier))
    return [error for error in errors if error not in known or _is_written(error.pointer, config, earlier)]


def _is_written(pointer: str, config: dict[str, Any], earlier: dict[str, Any]) -> bool:
    """Return whether the value was changed; an object that stays an object counts as unchanged."""
    value, before = value_at(config, pointer), value_at(earlier, pointer)
    if value is ABSENT or (isinstance(value, dict) and isinstance(before, dict)):
        return False
    return before is ABSENT or not same_json(value, before)


def require_valid_configs(
    before: Assignments, after: Assignments, facts: Facts, command: Command, settled: Collection[str] = ()
) -> None:
    """Refuse a command that makes a config invalid. Removing keys from an invalid config is allowed."""
    invalid = invalid_configs(before, after, facts, settled)
    if not invalid or (
        isinstance(command, UpdateModuleConfig) and _only_removes_keys(before, after, facts, command.module_id)
    ):
        return
    match command:
        case UpdateModuleConfig(organization_id, module_id):
            link = f"/api/v1/organizations/{organization_id}/modules/{module_id}"
            raise config_invalid(invalid, invalid[module_id], link)
        case BulkAssignModules(module_ids=module_ids):
            places = {module_id: f"/module_ids/{place}" for place, module_id in enumerate(module_ids)}
            raise config_invalid(invalid, at_modules(invalid, places))
        case ApplyIndustryTemplate():
            raise config_invalid(invalid, at_modules(invalid, dict.fromkeys(invalid, "/industry_code")))
        case RestoreAssignments(organization_id):
            errors = at_modules(invalid, dict.fromkeys(invalid, "/operation_id"))
            raise config_invalid(
                invalid, errors, advice=f" Assign it anew: POST /api/v1/modules/assign/{organization_id}."
            )
        case _:
            raise config_invalid(invalid, within("/config", chain.from_iterable(invalid.values())))


def config_invalid(invalid: Mapping[str, Errors], errors: Errors, link: str = "", advice: str = "") -> ConfigInvalid:
    """Make the refusal. `errors` point into the body; `link` defaults to the first module's schema."""
    link = link or f"/api/v1/module-registry/{next(iter(invalid))}/config"
    names = ", ".join(invalid)
    detail = f"Not a valid config for {names}: see `errors`, and for what is valid the schema at {link}.{advice}"
    left = MAX_ERRORS
    configs: dict[str, Errors] = {}
    for module_id, found in invalid.items():
        configs[module_id] = capped(found)[:left]
        left -= len(configs[module_id])
    return ConfigInvalid(detail, errors=capped(errors), configs=msgspec.to_builtins(configs), link=link)


def at_modules(invalid: Mapping[str, Errors], places: Mapping[str, str]) -> Errors:
    """Point errors of configs that are not in the body to the place in the body that caused them."""
    return [
        FieldError(places[module_id], f"{module_id}{error.pointer}: {error.message}")
        for module_id, errors in invalid.items()
        for error in errors
    ]


def _only_removes_keys(before: Assignments, after: Assignments, facts: Facts, module_id: str) -> bool:
    if not _is_part(after.modules[module_id].config, before.modules[module_id].config):
        return False
    return bool(facts.rules[module_id].schema.errors(_config(module_id, before, facts)))


def _is_part(value: Any, whole: Any) -> bool:
    """Return whether a value equals `whole`, or `whole` with keys removed."""
    if isinstance(value, dict) and isinstance(whole, dict):
        return all(key in whole and _is_part(child, whole[key]) for key, child in value.items())
    return same_json(value, whole)
