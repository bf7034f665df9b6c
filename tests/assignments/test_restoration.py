"""Decisions about taking an unassignment back: all becomes as it was, or the refusal says what is in the way."""

from collections.abc import Sequence
from functools import reduce
from typing import Any, cast
from uuid import UUID

import pytest
from msgspec.structs import replace

from assignments.commands import (
    ApplyIndustryTemplate,
    AssignModule,
    Command,
    RestoreAssignments,
    UnassignModule,
    UpdateModuleConfig,
)
from assignments.domain import decide
from assignments.errors import (
    AssignedAgain,
    ConfigInvalid,
    IndustryDeleted,
    ModuleDeleted,
    ModuleInactive,
    OrganizationSuspended,
    RemovedAgain,
    TemplateMoved,
    UnknownUnassignment,
)
from assignments.events import AssignmentEvent, ModuleAssignedEvent, ModuleUnassignedEvent
from assignments.facts import Facts
from assignments.state import INITIAL, Assignments, evolve
from industries.contract import TemplateFact, TemplateModule
from organizations.contract import OrganizationFact
from shared.errors import Refused
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema

ORG, OTHER = (f"0190a000-0000-7000-8000-00000000000{number}" for number in (1, 2))
TAKEN = UUID(int=7)
ENTRIES = [TemplateModule("till", True, {"lanes": 1}), TemplateModule("oven", False)]
FACTS = Facts(
    organizations={ORG: OrganizationFact("active", "bakery"), OTHER: OrganizationFact("active", "bakery")},
    modules={"till": "active", "oven": "active"},
    templates={
        "bakery": TemplateFact("active", 3, {1: ENTRIES, 2: ENTRIES, 3: ENTRIES[:1]}),
        "florist": TemplateFact("active", 1, {1: ENTRIES}),
    },
)
RESTORE = RestoreAssignments(ORG, TAKEN)
HAD: Sequence[Command] = [
    ApplyIndustryTemplate(ORG, "bakery", 1),
    ApplyIndustryTemplate(ORG, "florist"),
    AssignModule(ORG, "oven", "ada"),
    UpdateModuleConfig(ORG, "oven", {"fan": True}),
]


def after(*commands: Command, state: Assignments = INITIAL, facts: Facts = FACTS) -> Assignments:
    for command in commands:
        state = reduce(evolve, cast("Sequence[AssignmentEvent]", decide(state, facts, command).events), state)
    return state


def recorded(state: Assignments, command: UnassignModule) -> Facts:
    """The world in which the log tells what the command took away."""
    (event,) = decide(state, FACTS, command).events
    return replace(FACTS, unassignments={TAKEN: cast("ModuleUnassignedEvent", event)})


BEFORE = after(*HAD)
KNOWN = recorded(BEFORE, UnassignModule(ORG, "oven"))
TAKEN_AWAY = after(UnassignModule(ORG, "oven"), state=BEFORE)


def refused(state: Assignments, facts: Facts, command: RestoreAssignments = RESTORE) -> Refused:
    with pytest.raises(Refused) as error:
        decide(state, facts, command)
    return error.value


def test_sources_versions_and_config_are_as_they_were() -> None:
    decision = decide(TAKEN_AWAY, KNOWN, RESTORE)
    (event,) = decision.events
    assert isinstance(event, ModuleAssignedEvent)
    assert (event.restores, event.module_id) == (TAKEN, "oven")
    assert [(change.module_id, change.change) for change in event.modules] == [("oven", "added")]
    result: Any = decision.result
    assert result.assigned == ["oven"]
    assert after(RESTORE, state=TAKEN_AWAY, facts=KNOWN) == BEFORE


def test_what_a_template_requires_comes_back_after_it_was_forced_away() -> None:
    forced = UnassignModule(ORG, "till", force=True)
    assert after(RESTORE, state=after(forced, state=BEFORE), facts=recorded(BEFORE, forced)) == BEFORE


def test_taking_it_back_twice_changes_nothing() -> None:
    decision = decide(BEFORE, KNOWN, RESTORE)
    result: Any = decision.result
    assert (decision.events, result.unchanged) == ([], ["oven"])


def test_an_inactive_template_is_no_reason_against_what_it_gave() -> None:
    idle = replace(KNOWN.templates["bakery"], status="inactive")
    facts = replace(KNOWN, templates={**KNOWN.templates, "bakery": idle})
    assert after(RESTORE, state=TAKEN_AWAY, facts=facts) == BEFORE


@pytest.mark.parametrize("command", [RestoreAssignments(ORG, UUID(int=8)), RestoreAssignments(OTHER, TAKEN)])
def test_what_took_nothing_away_from_this_organization_is_pointed_to(command: RestoreAssignments) -> None:
    error = refused(TAKEN_AWAY, KNOWN, command)
    assert isinstance(error, UnknownUnassignment)
    assert [each.pointer for each in error.errors] == ["/operation_id"]


def test_an_unassignment_that_does_not_tell_its_sources_cannot_be_taken_back() -> None:
    event = KNOWN.unassignments[TAKEN]
    old = replace(event, modules=[replace(change, sources_before=()) for change in event.modules])
    assert isinstance(refused(TAKEN_AWAY, replace(KNOWN, unassignments={TAKEN: old})), UnknownUnassignment)


@pytest.mark.parametrize(
    ("since", "kind", "named"),
    [
        ([AssignModule(ORG, "oven", "bob")], AssignedAgain, {"modules": ["oven"]}),
        (
            [AssignModule(ORG, "oven", "bob", {"fan": False}), UnassignModule(ORG, "oven")],
            RemovedAgain,
            {"modules": ["oven"]},
        ),
        ([ApplyIndustryTemplate(ORG, "bakery", 3)], TemplateMoved, {"industries": ["bakery"]}),
        ([ApplyIndustryTemplate(ORG, "bakery", 3, "replace")], TemplateMoved, {"industries": ["bakery", "florist"]}),
    ],
)
def test_what_happened_since_stands_in_the_way(
    since: Sequence[Command], kind: type[Refused], named: dict[str, Any]
) -> None:
    error = refused(after(*since, state=TAKEN_AWAY), KNOWN)
    assert isinstance(error, kind)
    assert error.extra == named


def test_what_became_of_organization_module_and_industry_stands_in_the_way() -> None:
    deleted = replace(KNOWN.templates["florist"], status="deleted")
    for facts, kind in (
        (replace(KNOWN, organizations={ORG: OrganizationFact("suspended")}), OrganizationSuspended),
        (replace(KNOWN, modules={"oven": "inactive"}), ModuleInactive),
        (replace(KNOWN, modules={"oven": "deleted"}), ModuleDeleted),
        (replace(KNOWN, modules={}), ModuleDeleted),
        (replace(KNOWN, templates={**KNOWN.templates, "florist": deleted}), IndustryDeleted),
    ):
        assert isinstance(refused(TAKEN_AWAY, facts), kind)


def test_a_config_that_no_longer_fits_stands_in_the_way_and_the_way_out_is_told() -> None:
    strict = {"oven": ConfigRules({}, JsonSchema({"additionalProperties": False}))}
    error = refused(TAKEN_AWAY, replace(KNOWN, rules=strict))
    assert isinstance(error, ConfigInvalid)
    assert [each.pointer for each in error.errors] == ["/operation_id"]
    assert f"POST /api/v1/modules/assign/{ORG}" in error.detail
    assert decide(TAKEN_AWAY, replace(KNOWN, rules=strict), AssignModule(ORG, "oven", "ada")).events
