"""Decisions about an organization's assignments."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from assignments.commands import (
    ApplyIndustryTemplate,
    AssignmentResult,
    AssignModule,
    BulkAssignModules,
    Command,
    ConfigResult,
    Mode,
    RestoreAssignments,
    UnassignModule,
    UpdateModuleConfig,
)
from assignments.domain import decide
from assignments.errors import (
    ConfigDiffers,
    ConfigTooLarge,
    DuplicateModules,
    IndustryInactive,
    ModuleInactive,
    ModuleNotAssigned,
    ModuleRequired,
    NotInTemplate,
    OrganizationNotFound,
    OrganizationSuspended,
    TemplateNotApplicable,
    UnknownIndustry,
    UnknownModules,
    UnknownVersion,
)
from assignments.events import (
    EVENTS,
    AssignmentEvent,
    IndustryTemplateAppliedEvent,
    ModuleAssignedEvent,
    ModuleConfigUpdatedEvent,
    ModulesBulkAssignedEvent,
    ModuleUnassignedEvent,
    Source,
)
from assignments.facts import Facts, required_by
from assignments.state import INITIAL, Assignments, evolve
from industries.contract import TemplateFact, TemplateModule
from organizations.contract import OrganizationFact
from registry.contract import ModuleStatus
from shared.errors import Refused
from shared.json.documents import CONFIG_BYTES
from shared.messages import Decision, Event

ORG = "0190a000-0000-7000-8000-000000000001"
ADA = Source("explicit", by="ada")


def entries(**required: bool) -> Sequence[TemplateModule]:
    return [TemplateModule(module_id, is_required) for module_id, is_required in required.items()]


BAKERY = TemplateFact(
    "active",
    2,
    {1: entries(ovens=True, flour=False, rota=False), 2: entries(till=True, ovens=True, flour=False)},
)
FLORIST = TemplateFact("active", 1, {1: entries(till=True, vases=False)})
FACTS = Facts(
    organizations={ORG: OrganizationFact("active", "bakery")},
    modules=dict.fromkeys(["ovens", "flour", "rota", "till", "vases"], "active"),
    templates={"bakery": BAKERY, "florist": FLORIST},
)


def with_modules(facts: Facts = FACTS, **statuses: ModuleStatus) -> Facts:
    return replace(facts, modules={**facts.modules, **statuses})


def with_industry(code: str | None) -> Facts:
    return replace(FACTS, organizations={ORG: OrganizationFact("active", code)})


def with_template(code: str, template: TemplateFact) -> Facts:
    return replace(FACTS, templates={**FACTS.templates, code: template})


def template_source(code: str, version: int) -> Source:
    return Source("template", industry_code=code, version=version)


def assign(module_id: str, config: dict[str, Any] | None = None, by: str = "ada") -> AssignModule:
    return AssignModule(ORG, module_id, by) if config is None else AssignModule(ORG, module_id, by, config)


def bulk(*module_ids: str, industry_code: str | None = None) -> BulkAssignModules:
    return BulkAssignModules(ORG, list(module_ids), "ada", industry_code)


def apply(code: str, version: int | None = None, mode: Mode = "add") -> ApplyIndustryTemplate:
    return ApplyIndustryTemplate(ORG, code, version, mode)


def unassign(module_id: str, *, force: bool = False) -> UnassignModule:
    return UnassignModule(ORG, module_id, force)


def patch(module_id: str, patch: dict[str, Any]) -> UpdateModuleConfig:
    return UpdateModuleConfig(ORG, module_id, patch)


def fold(state: Assignments, events: Sequence[Event]) -> Assignments:
    for event in events:
        state = evolve(state, cast("AssignmentEvent", event))
    return state


def after(*commands: Command, state: Assignments = INITIAL, facts: Facts = FACTS) -> Assignments:
    for command in commands:
        state = fold(state, decide(state, facts, command).events)
    return state


def result_of(decision: Decision) -> AssignmentResult:
    assert isinstance(decision.result, AssignmentResult)
    return decision.result


def types_of(decision: Decision) -> list[type[Event]]:
    return [type(event) for event in decision.events]


RESTORE = RestoreAssignments(ORG, UUID(int=1))
EVERY_COMMAND = [assign("till"), unassign("till"), bulk("till"), apply("bakery"), patch("till", {"a": 1}), RESTORE]
SUSPENDED = replace(FACTS, organizations={ORG: OrganizationFact("suspended")})
CORRECTION = UpdateModuleConfig(ORG, "till", {"lanes": 3}, as_operator=True)


@pytest.mark.parametrize("command", EVERY_COMMAND)
def test_nothing_is_done_for_an_unknown_organization(command: Command) -> None:
    with pytest.raises(OrganizationNotFound):
        decide(INITIAL, replace(FACTS, organizations={}), command)


@pytest.mark.parametrize("command", [assign("flour"), bulk("flour"), apply("bakery"), patch("till", {"a": 1}), RESTORE])
def test_a_suspended_organization_is_given_nothing_and_its_own_people_change_nothing(command: Command) -> None:
    with pytest.raises(OrganizationSuspended):
        decide(after(assign("till")), SUSPENDED, command)


def test_an_operator_corrects_what_a_suspended_organization_has() -> None:
    state = after(apply("bakery"), patch("till", {"lanes": 2}))
    state = after(CORRECTION, state=state, facts=SUSPENDED)
    assert state.modules["till"].config == {"lanes": 3}
    with pytest.raises(ModuleRequired):
        decide(state, SUSPENDED, unassign("till"))
    assert after(unassign("till", force=True), state=state, facts=SUSPENDED).kept == {"till": {"lanes": 3}}


# Assigning


def test_an_assigned_module_has_its_config_and_who_gave_it() -> None:
    held = after(assign("till", {"lanes": 2})).modules["till"]
    assert (held.config, held.sources) == ({"lanes": 2}, (ADA,))


@pytest.mark.parametrize("status", ["deleted", None])
def test_an_unregistered_or_deleted_module_is_pointed_to(status: ModuleStatus | None) -> None:
    facts = with_modules(till=status) if status else replace(FACTS, modules={})
    with pytest.raises(UnknownModules) as refused:
        decide(INITIAL, facts, assign("till"))
    assert [error.pointer for error in refused.value.errors] == ["/module_id"]


def test_an_inactive_module_is_not_assigned() -> None:
    with pytest.raises(ModuleInactive):
        decide(INITIAL, with_modules(till="inactive"), assign("till"))


@pytest.mark.parametrize("config", [None, {"lanes": 2}])
def test_assigning_again_with_the_same_or_no_config_changes_nothing(config: dict[str, Any] | None) -> None:
    decision = decide(after(assign("till", {"lanes": 2})), FACTS, assign("till", config, by="bob"))
    assert decision.events == []
    assert result_of(decision).unchanged == ["till"]


@pytest.mark.parametrize("config", [{}, {"lanes": 3}, {"lanes": True}])
def test_assigning_again_with_another_config_points_to_patch(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigDiffers) as refused:
        decide(after(assign("till", {"lanes": 1})), FACTS, assign("till", config))
    assert refused.value.extra["link"] == f"/api/v1/organizations/{ORG}/modules/till"


def test_assigning_what_a_template_gave_records_the_explicit_source() -> None:
    state = after(apply("bakery"))
    decision = decide(state, FACTS, assign("till"))
    assert types_of(decision) == [ModuleAssignedEvent]
    assert [change.change for change in cast("ModuleAssignedEvent", decision.events[0]).modules] == ["sources"]
    assert fold(state, decision.events).modules["till"].sources == (template_source("bakery", 2), ADA)


def test_a_config_of_more_than_its_bound_is_refused() -> None:
    fits = {"a": "x" * (CONFIG_BYTES - len('{"a":""}'))}
    assert decide(INITIAL, FACTS, assign("till", fits)).events
    with pytest.raises(ConfigTooLarge) as refused:
        decide(INITIAL, FACTS, assign("till", {"a": fits["a"] + "x"}))
    assert refused.value.errors[0].pointer == "/config"


@pytest.mark.parametrize("again", [assign("till"), bulk("till"), apply("florist")])
def test_a_kept_config_comes_back_once(again: Command) -> None:
    state = after(assign("till", {"lanes": 2}), unassign("till"))
    assert state.kept == {"till": {"lanes": 2}}
    state = after(again, state=state)
    assert (state.modules["till"].config, state.kept) == ({"lanes": 2}, {})


def test_a_config_given_wins_over_the_kept_one() -> None:
    state = after(assign("till", {"lanes": 2}), unassign("till"), assign("till", {}))
    assert (state.modules["till"].config, state.kept) == ({}, {})


# Bulk


def test_a_bulk_assignment_adds_what_is_missing_and_says_what_was_there() -> None:
    decision = decide(after(assign("till")), FACTS, bulk("ovens", "till", "flour"))
    assert types_of(decision) == [ModulesBulkAssignedEvent]
    assert cast("ModulesBulkAssignedEvent", decision.events[0]).module_ids == ["ovens", "flour"]
    assert decision.result == AssignmentResult(assigned=["ovens", "flour"], unchanged=["till"])


def test_a_bulk_assignment_of_what_is_there_changes_nothing() -> None:
    assert decide(after(bulk("till", "ovens")), FACTS, bulk("ovens", "till")).events == []


def test_repeated_ids_are_pointed_to() -> None:
    with pytest.raises(DuplicateModules) as refused:
        decide(INITIAL, FACTS, bulk("till", "ovens", "till", "till"))
    assert [error.pointer for error in refused.value.errors] == ["/module_ids/2", "/module_ids/3"]


def test_all_unknown_ids_are_pointed_to() -> None:
    with pytest.raises(UnknownModules) as refused:
        decide(INITIAL, with_modules(flour="deleted"), bulk("nope", "till", "flour"))
    assert [error.pointer for error in refused.value.errors] == ["/module_ids/0", "/module_ids/2"]


def test_all_inactive_modules_are_named() -> None:
    with pytest.raises(ModuleInactive) as refused:
        decide(INITIAL, with_modules(flour="inactive", till="inactive"), bulk("till", "ovens", "flour"))
    assert refused.value.extra["modules"] == ["till", "flour"]


def test_a_bulk_assignment_of_an_industry_takes_the_template_as_source() -> None:
    state = after(bulk("flour", industry_code="bakery"))
    assert state.modules["flour"].sources == (template_source("bakery", 2),)
    assert state.templates == {"bakery": 2}


def test_a_part_of_a_template_is_of_the_version_that_is_applied() -> None:
    state = after(apply("bakery", 1), unassign("flour"), bulk("flour", industry_code="bakery"))
    assert state.modules["flour"].sources == (template_source("bakery", 1),)
    assert state.templates == {"bakery": 1}


def test_a_part_that_only_a_newer_version_has_needs_that_version_first() -> None:
    state = after(apply("bakery", 1))
    with pytest.raises(NotInTemplate, match="Apply version 2 first") as refused:
        decide(state, FACTS, bulk("flour", "till", industry_code="bakery"))
    assert [error.pointer for error in refused.value.errors] == ["/module_ids/1"]
    assert refused.value.extra == {"version": 1, "current_version": 2}
    state = after(apply("bakery"), bulk("till", industry_code="bakery"), state=state)
    assert state.modules["till"].sources == (template_source("bakery", 2),)


def test_ids_outside_the_template_are_pointed_to() -> None:
    with pytest.raises(NotInTemplate) as refused:
        decide(INITIAL, FACTS, bulk("rota", "till", "vases", industry_code="bakery"))
    assert [error.pointer for error in refused.value.errors] == ["/module_ids/0", "/module_ids/2"]


NAMES_BAKERY = [apply("bakery"), bulk("till", industry_code="bakery")]


@pytest.mark.parametrize("command", NAMES_BAKERY)
def test_an_unknown_or_deleted_industry_is_pointed_to(command: Command) -> None:
    for facts in (replace(FACTS, templates={}), with_template("bakery", replace(BAKERY, status="deleted"))):
        with pytest.raises(UnknownIndustry) as refused:
            decide(INITIAL, facts, command)
        assert refused.value.errors[0].pointer == "/industry_code"


@pytest.mark.parametrize("command", NAMES_BAKERY)
def test_an_inactive_industry_is_not_given(command: Command) -> None:
    with pytest.raises(IndustryInactive):
        decide(INITIAL, with_template("bakery", replace(BAKERY, status="inactive")), command)


# Applying a template


def test_applying_adds_what_is_missing_in_display_order_and_keeps_configs() -> None:
    state = after(assign("ovens", {"heat": 9}))
    decision = decide(state, FACTS, apply("bakery"))
    assert types_of(decision) == [ModulesBulkAssignedEvent, IndustryTemplateAppliedEvent]
    assert decision.result == AssignmentResult(
        assigned=["till", "flour"], unchanged=["ovens"], industry_code="bakery", version=2, sets_industry=False
    )
    state = fold(state, decision.events)
    assert state.modules["ovens"].config == {"heat": 9}
    assert state.modules["ovens"].sources == (ADA, template_source("bakery", 2))
    assert state.modules["till"].config == {}


def test_applying_again_changes_nothing() -> None:
    assert decide(after(apply("bakery")), FACTS, apply("bakery")).events == []


def test_all_required_modules_that_cannot_be_had_are_named_and_nothing_is_applied() -> None:
    with pytest.raises(TemplateNotApplicable) as refused:
        decide(INITIAL, with_modules(till="inactive", ovens="deleted", flour="inactive"), apply("bakery"))
    assert refused.value.extra["modules"] == [
        {"module_id": "till", "reason": "module_inactive"},
        {"module_id": "ovens", "reason": "module_unknown"},
    ]


@pytest.mark.parametrize(("status", "reason"), [("inactive", "module_inactive"), ("deleted", "module_unknown")])
def test_an_optional_module_that_cannot_be_had_is_skipped_and_named(status: ModuleStatus, reason: str) -> None:
    decision = decide(INITIAL, with_modules(flour=status), apply("bakery"))
    result = result_of(decision)
    assert [(skip.module_id, skip.reason) for skip in result.skipped] == [("flour", reason)]
    assert result.assigned == ["till", "ovens"]


def test_an_inactive_module_that_is_assigned_keeps_its_place() -> None:
    state = after(assign("till"))
    decision = decide(state, with_modules(till="inactive"), apply("bakery"))
    assert result_of(decision).unchanged == ["till"]
    assert template_source("bakery", 2) in fold(state, decision.events).modules["till"].sources


def test_a_skipped_module_that_is_assigned_stays_as_it_is() -> None:
    state = after(apply("bakery", 1))
    decision = decide(state, with_modules(flour="deleted"), apply("bakery"))
    assert [skip.module_id for skip in result_of(decision).skipped] == ["flour"]
    assert fold(state, decision.events).modules["flour"].sources == (template_source("bakery", 1),)


def test_a_newer_version_moves_sources_and_drops_what_it_lost() -> None:
    state = after(apply("bakery", 1), patch("rota", {"week": 6}), assign("flour"))
    decision = decide(state, FACTS, apply("bakery"))
    assert result_of(decision).removed == ["rota"]
    state = fold(state, decision.events)
    assert state.modules["flour"].sources == (template_source("bakery", 2), ADA)
    assert (state.kept, state.templates) == ({"rota": {"week": 6}}, {"bakery": 2})


def test_a_module_the_newer_version_dropped_stays_while_another_source_explains_it() -> None:
    state = after(apply("bakery", 1), assign("rota"), apply("bakery"))
    assert state.modules["rota"].sources == (ADA,)


def test_the_pinned_version_is_applied_though_a_newer_exists() -> None:
    state = after(apply("bakery", 1))
    assert list(state.modules) == ["ovens", "flour", "rota"]
    assert state.templates == {"bakery": 1}


def test_a_version_that_was_never_published_is_pointed_to() -> None:
    with pytest.raises(UnknownVersion) as refused:
        decide(INITIAL, FACTS, apply("bakery", 3))
    assert refused.value.errors[0].pointer == "/version"


def test_a_second_template_adds_its_source_and_comes_last() -> None:
    state = after(apply("bakery"), apply("florist"))
    assert state.modules["till"].sources == (template_source("bakery", 2), template_source("florist", 1))
    assert list(state.templates) == ["bakery", "florist"]


def test_a_template_applied_again_with_a_change_moves_to_the_end() -> None:
    state = after(apply("bakery", 1), apply("florist"), apply("bakery"))
    assert list(state.templates.items()) == [("florist", 1), ("bakery", 2)]


def test_replacing_takes_the_sources_of_other_templates_away() -> None:
    state = after(apply("bakery"), assign("flour"), patch("ovens", {"heat": 9}))
    decision = decide(state, FACTS, apply("florist", mode="replace"))
    assert (result_of(decision).assigned, result_of(decision).removed) == (["vases"], ["ovens"])
    state = fold(state, decision.events)
    assert state.modules["till"].sources == (template_source("florist", 1),)
    assert state.modules["flour"].sources == (ADA,)
    assert (state.kept, state.templates) == ({"ovens": {"heat": 9}}, {"florist": 1})


@pytest.mark.parametrize(
    ("industry", "mode", "sets"),
    [(None, "add", True), ("florist", "add", False), ("florist", "replace", True), ("bakery", "replace", False)],
)
def test_a_template_becomes_the_industry_where_there_is_none_or_it_replaces(
    industry: str | None, mode: Mode, sets: bool
) -> None:
    assert result_of(decide(INITIAL, with_industry(industry), apply("bakery", mode=mode))).sets_industry is sets


def test_setting_the_industry_alone_records_the_application_alone() -> None:
    decision = decide(after(apply("bakery")), with_industry(None), apply("bakery"))
    assert types_of(decision) == [IndustryTemplateAppliedEvent]


def test_replacing_a_template_of_which_nothing_is_left_records_the_application_alone() -> None:
    state = after(apply("florist"), apply("bakery"), unassign("vases"))
    state = replace(state, modules={k: replace(v, sources=v.sources[-1:]) for k, v in state.modules.items()})
    decision = decide(state, FACTS, apply("bakery", mode="replace"))
    assert types_of(decision) == [IndustryTemplateAppliedEvent]
    assert fold(state, decision.events).templates == {"bakery": 2}


# Unassigning


def test_unassigning_takes_all_sources_and_keeps_the_config() -> None:
    state = after(apply("bakery"), assign("flour"), patch("flour", {"kind": "rye"}))
    decision = decide(state, FACTS, unassign("flour"))
    assert result_of(decision).removed == ["flour"]
    state = fold(state, decision.events)
    assert "flour" not in state.modules
    assert state.kept == {"flour": {"kind": "rye"}}


@pytest.mark.parametrize("command", [unassign("till"), patch("till", {})])
def test_what_is_not_assigned_is_not_found(command: Command) -> None:
    with pytest.raises(ModuleNotAssigned):
        decide(INITIAL, FACTS, command)


def test_a_required_module_stays_and_the_industries_are_named() -> None:
    with pytest.raises(ModuleRequired) as refused:
        decide(after(apply("bakery"), apply("florist")), FACTS, unassign("till"))
    assert refused.value.extra["industries"] == ["bakery", "florist"]
    assert "force" in refused.value.detail


def test_force_overrules_the_requirement_and_says_so() -> None:
    decision = decide(after(apply("bakery")), FACTS, unassign("till", force=True))
    assert cast("ModuleUnassignedEvent", decision.events[0]).overruled == ["bakery"]


@pytest.mark.parametrize(("status", "required"), [("active", True), ("inactive", True), ("deleted", False)])
def test_a_template_requires_until_it_is_deleted(status: ModuleStatus, required: bool) -> None:
    templates = {"bakery": replace(BAKERY, status=status)}
    sources = (ADA, template_source("bakery", 2))
    assert required_by("till", sources, templates) == (["bakery"] if required else [])


def test_the_version_of_the_source_says_what_is_required() -> None:
    assert required_by("till", (template_source("bakery", 1),), FACTS.templates) == []


@pytest.mark.parametrize("status", ["inactive", "deleted", None])
def test_a_module_is_taken_away_whatever_became_of_it(status: ModuleStatus | None) -> None:
    facts = with_modules(till=status) if status else replace(FACTS, modules={})
    assert after(unassign("till"), state=after(assign("till")), facts=facts).modules == {}


# Config


def test_a_patch_changes_the_organizations_layer_and_tells_what_it_was() -> None:
    decision = decide(after(assign("till", {"a": 1, "b": {"c": 1}})), FACTS, patch("till", {"a": None, "b": {"d": 2}}))
    assert decision.result == ConfigResult("till", {"b": {"c": 1, "d": 2}})
    assert cast("ModuleConfigUpdatedEvent", decision.events[0]).before == {"a": 1, "b": {"c": 1}}


def test_a_patch_without_a_difference_changes_nothing() -> None:
    assert decide(after(assign("till", {"a": 1})), FACTS, patch("till", {"a": 1, "b": None})).events == []


def test_true_is_not_one() -> None:
    assert after(assign("till", {"a": 1}), patch("till", {"a": True})).modules["till"].config["a"] is True


def test_a_patch_cannot_exceed_the_bound() -> None:
    with pytest.raises(ConfigTooLarge):
        decide(after(assign("till", {"a": 1})), FACTS, patch("till", {"b": "x" * CONFIG_BYTES}))


# Any sequence of commands

modules = st.sampled_from(["ovens", "flour", "rota", "till", "vases", "ghost"])
codes = st.sampled_from(["bakery", "florist", "ghost"])
configs = st.dictionaries(st.sampled_from("abc"), st.sampled_from([1, True, None, {"x": 1}, {"x": None}]), max_size=3)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(assign, modules, st.none() | configs, st.sampled_from(["ada", "bob"])),
    st.builds(unassign, modules, force=st.booleans()),
    st.builds(
        BulkAssignModules,
        st.just(ORG),
        st.lists(modules, max_size=4),
        st.just("ada"),
        st.none() | codes,
    ),
    st.builds(apply, codes, st.sampled_from([None, 1, 2]), st.sampled_from(["add", "replace"])),
    st.builds(patch, modules, configs),
    st.builds(RestoreAssignments, st.just(ORG), st.integers(0, 11).map(lambda step: UUID(int=step))),
)
statuses = st.sampled_from(["active", "active", "active", "inactive", "deleted"])
worlds = st.builds(
    Facts,
    organizations=st.builds(OrganizationFact, st.just("active"), st.none() | codes).map(lambda fact: {ORG: fact}),
    modules=st.fixed_dictionaries(dict.fromkeys(FACTS.modules, statuses)),
    templates=st.fixed_dictionaries(
        {"bakery": st.builds(replace, st.just(BAKERY), status=statuses), "florist": st.just(FLORIST)}
    ),
)
histories = st.lists(st.tuples(worlds, commands), max_size=12)
"""The number of a command in its history is its operation."""


def encoded(value: object) -> bytes:
    return msgspec.json.encode(value)


def reread(event: Event) -> AssignmentEvent:
    return cast("AssignmentEvent", msgspec.json.decode(encoded(event), type=EVENTS[event.topic]))


def decided(state: Assignments, facts: Facts, command: Command) -> Decision | None:
    """The decision, or None when refused. Deciding itself never changes anything."""
    before = encoded([state, facts, command])
    try:
        return decide(state, facts, command)
    except Refused:
        return None
    finally:
        assert encoded([state, facts, command]) == before


def told(state: Assignments, decision: Decision) -> AssignmentResult | ConfigResult:
    """The result as the events imply it; what only the result can know is taken from it."""
    changes = [change for event in decision.events for change in getattr(event, "modules", ())]
    held = {module_id: assignment.sources for module_id, assignment in state.modules.items()}
    assert all(change.sources_before == held.get(change.module_id, ()) for change in changes)
    if isinstance(decision.result, ConfigResult):
        return ConfigResult(decision.result.module_id, changes[0].config) if changes else decision.result
    result = result_of(decision)
    assert set(result.unchanged) <= set(state.modules)
    for event in decision.events:
        if isinstance(event, IndustryTemplateAppliedEvent):
            assert (event.unchanged, event.skipped) == (result.unchanged, result.skipped)
            assert (event.applied, event.removed) == (result.assigned, result.removed)
    added = [change.module_id for change in changes if change.change == "added"]
    removed = [change.module_id for change in changes if change.change == "removed"]
    return replace(result, assigned=added, removed=removed)


def unassignments(decisions: Mapping[int, Decision]) -> dict[UUID, ModuleUnassignedEvent]:
    """What the log tells of those taken back."""
    return {
        UUID(int=step): event
        for step, decision in decisions.items()
        for event in decision.events
        if isinstance(event, ModuleUnassignedEvent)
    }


def played(history: Sequence[tuple[Facts, Command]]) -> Iterator[tuple[Assignments, Command, Decision, Assignments]]:
    """Each command that was not refused: the state before it, its decision, and the state after it."""
    state, decisions = INITIAL, dict[int, Decision]()
    for step, (facts, command) in enumerate(history):
        decision = decided(state, replace(facts, unassignments=unassignments(decisions)), command)
        if decision is not None:
            decisions[step], before = decision, state
            state = fold(state, decision.events)
            yield before, command, decision, state


def check_invariants(state: Assignments) -> None:
    assert not state.modules.keys() & state.kept.keys()
    for held in state.modules.values():
        origins = [source.industry_code for source in held.sources]
        assert origins
        assert len(origins) == len(set(origins))
        assert {code for code in origins if code} <= state.templates.keys()


@given(histories)
def test_any_history_folds_from_its_log_and_tells_the_truth(history: list[tuple[Facts, Command]]) -> None:
    state, log = INITIAL, list[AssignmentEvent]()
    for before, _, decision, state in played(history):
        assert told(before, decision) == decision.result
        log += [reread(event) for event in decision.events]
        check_invariants(state)
    assert encoded(fold(INITIAL, log)) == encoded(state)
    assert encoded(msgspec.json.decode(encoded(state), type=Assignments)) == encoded(state)


@given(histories, worlds, commands)
def test_what_was_done_is_not_done_twice(history: list[tuple[Facts, Command]], facts: Facts, command: Command) -> None:
    state, decisions = INITIAL, dict[int, Decision]()
    for step, (_, _, decision, after_it) in enumerate(played(history)):
        state, decisions[step] = after_it, decision
    facts = replace(facts, unassignments=unassignments(decisions))
    first = decided(state, facts, command)
    if first is None or isinstance(command, UnassignModule) or getattr(first.result, "sets_industry", None):
        return
    second = decided(fold(state, first.events), facts, command)
    assert second is not None
    assert second.events == []


@given(commands)
def test_a_command_travels_as_json(command: Command) -> None:
    assert encoded(msgspec.json.decode(encoded(command), type=Command)) == encoded(command)


@given(histories)
def test_every_event_folds_into_any_state(history: list[tuple[Facts, Command]]) -> None:
    state = after(apply("florist"), assign("rota", {"a": 1}))
    for _, _, decision, _ in played(history):
        state = fold(state, decision.events)
    assert encoded(msgspec.json.decode(encoded(state), type=Assignments)) == encoded(state)
