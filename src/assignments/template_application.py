"""Decides about applying an industry template. Pure."""

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec
from msgspec.structs import replace

from assignments.commands import ApplyIndustryTemplate, AssignmentResult, Mode
from assignments.config_validation import Errors, at_modules, config_invalid, invalid_configs, unfit_kept
from assignments.errors import TemplateNotApplicable
from assignments.events import IndustryTemplateAppliedEvent, SkippedModule, Source
from assignments.facts import Facts, applicable_template, entries_of
from assignments.state import (
    Assignments,
    Sources,
    applied_templates,
    bulk_event,
    changed,
    changes_to,
    result_of,
    sources_of,
    with_source,
)
from industries.contract import TemplateModule
from organizations.contract import OrganizationFact
from shared.json.documents import capped
from shared.messages import Decision, Event

Entries = Sequence[TemplateModule]

REASONS: Mapping[str, str] = {
    "module_inactive": "inactive",
    "module_unknown": "not registered",
    "config_invalid": "its config does not fit",
}


def apply_template(
    state: Assignments, facts: Facts, command: ApplyIndustryTemplate, organization: OrganizationFact
) -> Decision:
    """Refuse the whole template when a module that it requires cannot be assigned."""
    code, mode = command.industry_code, command.mode
    template = applicable_template(facts, code)
    version = template.version if command.version is None else command.version
    entries = entries_of(template, code, version)
    source = Source("template", industry_code=code, version=version)
    skipped = _skipped(state, facts, entries, source, mode)
    left = {module.module_id for module in skipped}
    given = [entry.module_id for entry in entries if entry.module_id not in left]
    sources = _applied_sources(state, given, left, source, mode)
    changes = changes_to(state, sources, unfit=unfit_kept(state, sources, facts))
    sets_industry = organization.industry_code is None or (mode == "replace" and organization.industry_code != code)
    result = replace(
        result_of(given, changes), skipped=skipped, industry_code=code, version=version, sets_industry=sets_industry
    )
    events: list[Event] = [bulk_event(command.organization_id, changes, source)] if changes else []
    if changes or sets_industry or applied_templates(state.templates, code, version, mode) != state.templates:
        events.append(_applied_event(command, version, result))
    return Decision(events, result)


def decided_by_template(decision: Decision) -> Sequence[str]:
    result = cast("AssignmentResult", decision.result)
    return [*result.assigned, *result.unchanged]


def _skipped(state: Assignments, facts: Facts, entries: Entries, source: Source, mode: Mode) -> list[SkippedModule]:
    """List the optional modules that cannot be assigned; refuse when a required one cannot."""
    obstacles = {entry.module_id: found for entry in entries if (found := _obstacle(state, facts, entry.module_id))}
    invalid = _invalid(state, facts, [entry for entry in entries if entry.module_id not in obstacles], source, mode)
    obstacles |= {module_id: SkippedModule(module_id, "config_invalid") for module_id in invalid}
    hindered = [entry for entry in entries if entry.module_id in obstacles]
    blocking = [entry.module_id for entry in hindered if entry.is_required]
    if blocking:
        _refuse(source, [obstacles[module_id] for module_id in blocking], invalid)
    return [obstacles[entry.module_id] for entry in hindered]


def _obstacle(state: Assignments, facts: Facts, module_id: str) -> SkippedModule | None:
    status = facts.modules.get(module_id, "deleted")
    if status == "deleted":
        return SkippedModule(module_id, "module_unknown")
    if status == "inactive" and module_id not in state.modules:
        return SkippedModule(module_id, "module_inactive")
    return None


def _invalid(state: Assignments, facts: Facts, entries: Entries, source: Source, mode: Mode) -> Mapping[str, Errors]:
    if not facts.rules:
        return {}
    given = [entry.module_id for entry in entries]
    sources = _applied_sources(state, given, (), source, mode)
    after = changed(state, changes_to(state, sources, unfit=unfit_kept(state, sources, facts)))
    code, version = source.industry_code or "", source.version or 0
    after = replace(after, templates=applied_templates(state.templates, code, version, mode))
    found = invalid_configs(state, after, facts)
    return {module_id: found[module_id] for module_id in given if module_id in found}


def _refuse(source: Source, blocking: Sequence[SkippedModule], invalid: Mapping[str, Errors]) -> None:
    of_configs = {module.module_id: invalid[module.module_id] for module in blocking if module.module_id in invalid}
    errors = at_modules(of_configs, dict.fromkeys(of_configs, "/industry_code"))
    if len(of_configs) == len(blocking):
        raise config_invalid(of_configs, errors)
    reasons = ", ".join(f"{module.module_id} ({REASONS[module.reason]})" for module in blocking)
    raise TemplateNotApplicable(
        f"{source.industry_code} requires modules that cannot be assigned: {reasons}. "
        "Activate them or change the template.",
        errors=capped(errors),
        modules=msgspec.to_builtins(blocking),
    )


def _applied_sources(
    state: Assignments, given: Sequence[str], untouched: Sequence[str] | set[str], source: Source, mode: Mode
) -> dict[str, Sources]:
    """Return the sources after applying: of the given modules in display order, then of all others."""
    code, holds = source.industry_code, set(given)
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
