"""Decides about undoing an unassignment. Pure."""

from collections.abc import Iterable, Sequence

from assignments.commands import RestoreAssignments
from assignments.errors import (
    AssignedAgain,
    IndustryDeleted,
    ModuleDeleted,
    ModuleInactive,
    RemovedAgain,
    TemplateMoved,
    UnknownUnassignment,
)
from assignments.events import ModuleAssignedEvent, ModuleChange, Source
from assignments.facts import Facts
from assignments.state import Assignment, Assignments, result_of
from shared.errors import FieldError
from shared.json.patches import same_json
from shared.messages import Decision

Removals = Sequence[ModuleChange]


def restore_assignments(state: Assignments, facts: Facts, command: RestoreAssignments) -> Decision:
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
