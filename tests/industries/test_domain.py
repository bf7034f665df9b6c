from collections.abc import Sequence
from contextlib import suppress
from functools import reduce
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from industries.commands import Command, CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.domain import (
    INITIAL,
    DeletedIndustry,
    Industry,
    IndustryAlreadyExists,
    IndustryNotFound,
    IndustryResult,
    decide,
    evolve,
)
from industries.events import EVENTS, IndustryDeletedEvent, IndustryUpdatedEvent, TemplateModule
from industries.facts import ConfigInvalid, DuplicateModules, IndustryFacts, IndustryNameTaken, UnknownModules, state_of
from registry.contract import ModuleFact
from shared.errors import FieldError, Refused
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema
from shared.messages import Decision, Event, FieldChange

OVEN = TemplateModule("oven", is_required=True, default_config={"degrees": 200})
TILL = TemplateModule("till", is_required=False)
FLOUR = TemplateModule("flour", is_required=False)
FACTS = IndustryFacts(modules={"oven": "active", "till": "active", "flour": "inactive", "candle": "deleted"})
CREATE = CreateIndustry("bakery", "Bakery", "Bread and cake.", modules=[OVEN, TILL])
DELETE = DeleteIndustry("bakery")


def entry(module_id: str) -> TemplateModule:
    return TemplateModule(module_id, is_required=True)


def fold(state: Industry, decision: Decision) -> Industry:
    return reduce(evolve, decision.events, state)


def after(*commands: Command) -> Industry:
    return reduce(lambda state, command: fold(state, decide(state, FACTS, command)), commands, INITIAL)


def told(state: Industry, command: Command, facts: IndustryFacts = FACTS) -> Decision:
    return decide(state, facts, command)


def pointers(refused: Refused) -> list[str]:
    return [error.pointer for error in refused.errors]


def test_a_created_template_publishes_version_one_in_the_order_asked() -> None:
    assert after(CREATE) == Industry("active", "Bakery", "Bread and cake.", 1, (OVEN, TILL))
    assert after(replace(CREATE, modules=[TILL, OVEN])).modules == (TILL, OVEN)


def test_an_empty_template_is_a_version_too() -> None:
    assert after(replace(CREATE, modules=[])).version == 1


def test_creating_the_same_again_changes_nothing_even_when_its_modules_are_gone() -> None:
    decision = told(after(CREATE), CREATE, IndustryFacts())
    assert decision.events == ()
    assert decision.result == IndustryResult("bakery", "Bakery", "Bread and cake.", True, 1, (OVEN, TILL))


@pytest.mark.parametrize(
    "other",
    [
        replace(CREATE, industry_name="Bakeries"),
        replace(CREATE, is_active=False),
        replace(CREATE, modules=[TILL, OVEN]),
        replace(CREATE, modules=[replace(OVEN, default_config={"degrees": 200.0}), TILL]),
    ],
)
def test_a_living_code_cannot_be_created_with_other_values(other: CreateIndustry) -> None:
    with pytest.raises(IndustryAlreadyExists, match="PATCH /api/v1/industries/bakery"):
        told(after(CREATE), other)


def test_a_deleted_code_comes_back_and_goes_on_counting() -> None:
    assert after(CREATE, DELETE, CREATE).version == 1
    assert after(CREATE, DELETE, replace(CREATE, modules=[TILL])) == Industry(
        "active", "Bakery", "Bread and cake.", 2, (TILL,)
    )


def test_a_revived_code_may_not_bring_back_modules_that_are_gone() -> None:
    with pytest.raises(UnknownModules):
        told(after(CREATE, DELETE), CREATE, IndustryFacts())


def test_all_unknown_modules_are_named_at_once() -> None:
    modules = [OVEN, entry("candle"), TILL, entry("comet")]
    with pytest.raises(UnknownModules) as refused:
        told(INITIAL, replace(CREATE, modules=modules))
    assert refused.value.errors == (
        FieldError("/modules/1/module_id", "candle is not registered"),
        FieldError("/modules/3/module_id", "comet is not registered"),
    )


def test_an_inactive_module_may_be_listed() -> None:
    assert after(replace(CREATE, modules=[FLOUR])).modules == (FLOUR,)


@pytest.mark.parametrize("state", [INITIAL, after(CREATE)], ids=["create", "update"])
def test_a_module_named_twice_is_refused_where_it_is_repeated(state: Industry) -> None:
    modules = [OVEN, TILL, OVEN, OVEN]
    command = UpdateIndustry("bakery", modules=modules) if state.is_living else replace(CREATE, modules=modules)
    with pytest.raises(DuplicateModules) as refused:
        told(state, command)
    assert pointers(refused.value) == ["/modules/2/module_id", "/modules/3/module_id"]


def test_modules_of_the_present_version_never_block_an_update() -> None:
    decision = told(after(CREATE), UpdateIndustry("bakery", modules=[TILL, OVEN]), IndustryFacts())
    assert fold(after(CREATE), decision).modules == (TILL, OVEN)


def test_modules_newly_named_by_an_update_must_be_registered() -> None:
    with pytest.raises(UnknownModules) as refused:
        told(after(CREATE), UpdateIndustry("bakery", modules=[OVEN, TILL, entry("candle")]))
    assert pointers(refused.value) == ["/modules/2/module_id"]


@pytest.mark.parametrize("command", [replace(CREATE, industry_code="mill"), UpdateIndustry("mill", "BAKERY")])
def test_the_name_of_another_living_template_is_taken_whatever_the_case(command: Command) -> None:
    facts = replace(FACTS, names={"bakery": "bakery"})
    state = INITIAL if isinstance(command, CreateIndustry) else after(CREATE, UpdateIndustry("mill", "Mill"))
    with pytest.raises(IndustryNameTaken, match="Industry bakery is already named"):
        told(state, command, facts)


def test_a_template_may_change_the_case_of_its_own_name() -> None:
    decision = told(after(CREATE), UpdateIndustry("bakery", "BAKERY"), replace(FACTS, names={"bakery": "bakery"}))
    assert fold(after(CREATE), decision).industry_name == "BAKERY"


def test_an_update_records_what_differs_and_publishes_nothing_without_a_new_list() -> None:
    update = UpdateIndustry("bakery", "Bakeries", "Bread and cake.", is_active=False, modules=[OVEN, TILL])
    changes = {"industry_name": FieldChange("Bakery", "Bakeries"), "is_active": FieldChange(True, False)}
    assert told(after(CREATE), update).events == (IndustryUpdatedEvent("bakery", changes, 1),)
    assert after(CREATE, update).status == "inactive"


def test_a_changed_list_publishes_the_next_version() -> None:
    warmer = replace(OVEN, default_config={"degrees": 220})
    decision = told(after(CREATE), UpdateIndustry("bakery", modules=[warmer, TILL]))
    changes = {"version": FieldChange(1, 2)}
    assert decision.events == (IndustryUpdatedEvent("bakery", changes, 2, (warmer, TILL), (OVEN, TILL)),)


def test_an_update_without_a_difference_changes_nothing() -> None:
    assert told(after(CREATE), UpdateIndustry("bakery")).events == ()
    assert told(after(CREATE), UpdateIndustry("bakery", "Bakery", modules=[OVEN, TILL])).events == ()


def test_a_template_in_use_can_be_deleted_and_says_how_many_had_it() -> None:
    decision = told(after(CREATE), DELETE, IndustryFacts(organizations={"bakery": 7}))
    assert decision.events == [IndustryDeletedEvent("bakery", 7)]
    assert decision.result == DeletedIndustry("bakery", 7)
    assert fold(after(CREATE), decision) == replace(after(CREATE), status="deleted")


@pytest.mark.parametrize("command", [UpdateIndustry("bakery", "Bakeries"), DELETE])
@pytest.mark.parametrize("state", [INITIAL, after(CREATE, DELETE)], ids=["absent", "deleted"])
def test_what_does_not_live_is_not_found(state: Industry, command: Command) -> None:
    with pytest.raises(IndustryNotFound, match="bakery"):
        told(state, command)


def test_an_event_of_another_context_changes_nothing() -> None:
    assert evolve(after(CREATE), Event()) == after(CREATE)


# --- whatever is asked, in whatever order

configs = st.dictionaries(st.sampled_from("xy"), st.sampled_from([None, True, 1, 1.0, "a"]), max_size=1)
entries = st.builds(
    TemplateModule, st.sampled_from(["oven", "till", "flour", "candle", "comet"]), st.booleans(), configs
)
lists = st.lists(entries, max_size=3)
names = st.sampled_from(["Bakery", "bakery", "Mill"])
texts = st.sampled_from(["", "a"])
creations = st.builds(CreateIndustry, st.just("bakery"), names, texts, st.booleans(), lists)
updates = st.builds(
    UpdateIndustry,
    st.just("bakery"),
    names | st.just(UNSET),
    texts | st.just(UNSET),
    st.booleans() | st.just(UNSET),
    lists | st.just(UNSET),
)
commands = st.one_of(creations, st.just(CREATE), updates, st.just(DELETE))
facts = st.sampled_from(
    [FACTS, replace(FACTS, names={"mill": "mill", "bakery": "bakery"}), IndustryFacts(organizations={"bakery": 2})]
)
work = st.lists(st.tuples(facts, commands), max_size=12)


def as_json(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def run(steps: Sequence[tuple[IndustryFacts, Command]]) -> tuple[Industry, list[Event]]:
    """Decides each step on the state before it. Checks that decisions are consistent with their states."""
    state, log = INITIAL, list[Event]()
    for known, command in steps:
        try:
            decision = decide(state, known, command)
        except Refused:
            continue
        before, state = state, fold(state, decision)
        assert (as_json(state) == as_json(before)) == (not decision.events)
        assert_versions_follow(before, state)
        assert_told(state, decision)
        log.extend(decision.events)
    return state, log


def assert_versions_follow(before: Industry, state: Industry) -> None:
    publishes = before.version == 0 or as_json(before.modules) != as_json(state.modules)
    assert state.version == before.version + publishes


def assert_told(state: Industry, decision: Decision) -> None:
    if isinstance(decision.result, DeletedIndustry):
        assert state.status == "deleted"
        return
    assert decision.result == IndustryResult(
        "bakery", state.industry_name, state.description, state.is_active, state.version, state.modules
    )


@given(work)
def test_the_log_folds_to_the_state_also_after_a_rest_as_json(steps: list[tuple[IndustryFacts, Command]]) -> None:
    state, log = run(steps)
    rested = [msgspec.json.decode(msgspec.json.encode(event), type=EVENTS[event.topic]) for event in log]
    assert rested == log
    assert reduce(evolve, rested, INITIAL) == state
    assert msgspec.json.decode(msgspec.json.encode(state), type=Industry) == state


@given(work, commands)
def test_asking_twice_changes_nothing_more(steps: list[tuple[IndustryFacts, Command]], command: Command) -> None:
    state, _ = run(steps)
    try:
        once = fold(state, decide(state, FACTS, command))
        again = decide(once, FACTS, command)
    except Refused:
        return
    assert again.events == ()


@given(work, facts, commands)
def test_deciding_leaves_its_arguments_alone(
    steps: list[tuple[IndustryFacts, Command]], known: IndustryFacts, command: Command
) -> None:
    state, _ = run(steps)
    before = as_json([state, known, command])
    with suppress(Refused):
        decide(state, known, command)
    assert as_json([state, known, command]) == before


@given(commands)
def test_commands_travel_as_json(command: Command) -> None:
    assert msgspec.json.decode(msgspec.json.encode(command), type=Command) == command


def test_every_event_is_listed_by_its_topic() -> None:
    assert {event.__name__: topic for topic, event in EVENTS.items()} == {
        "IndustryCreatedEvent": "tenant.industry.created",
        "IndustryUpdatedEvent": "tenant.industry.updated",
        "IndustryDeletedEvent": "tenant.industry.deleted",
    }


# --- configs that have to fit a schema

HOT = ConfigRules(
    {"fan": True},
    JsonSchema(
        {
            "properties": {
                "degrees": {"maximum": 300},
                "fan": {"type": "boolean"},
                "door": {"enum": ["left", "right"]},
            },
            "required": ["door"],
        }
    ),
)
RULED = replace(FACTS, rules={"oven": HOT})


def with_config(**config: Any) -> TemplateModule:
    return TemplateModule("oven", is_required=True, default_config=config)


@pytest.mark.parametrize("state", [INITIAL, after(CREATE)], ids=["created", "updated"])
def test_wrong_values_in_a_config_are_pointed_to_and_missing_ones_are_not(state: Industry) -> None:
    def command(oven: TemplateModule) -> Command:
        modules = [TILL, oven]
        return UpdateIndustry("bakery", modules=modules) if state.is_living else replace(CREATE, modules=modules)

    with pytest.raises(ConfigInvalid) as refused:
        told(state, command(with_config(degrees=301, fan="no")), RULED)
    assert set(pointers(refused.value)) == {"/modules/1/default_config/degrees", "/modules/1/default_config/fan"}
    assert fold(state, told(state, command(with_config(degrees=300)), RULED)).modules[1].default_config == {
        "degrees": 300
    }


def test_a_config_that_no_longer_fits_stays_until_it_is_changed() -> None:
    state = after(replace(CREATE, modules=[with_config(degrees=500), TILL]))
    update = UpdateIndustry("bakery", modules=[TILL, with_config(degrees=500)])
    assert fold(state, told(state, update, RULED)).version == 2
    with pytest.raises(ConfigInvalid):
        told(state, UpdateIndustry("bakery", modules=[with_config(degrees=501), TILL]), RULED)


def test_a_config_without_bound_is_refused() -> None:
    with pytest.raises(ConfigInvalid) as refused:
        told(INITIAL, replace(CREATE, modules=[TILL, with_config(note="x" * 70_000)]))
    assert pointers(refused.value) == ["/modules/1/default_config"]


@pytest.mark.parametrize(
    ("module", "config", "state"),
    [
        (None, {}, "missing"),
        (ModuleFact("deleted", HOT), {}, "missing"),
        (ModuleFact("inactive", HOT), {}, "inactive"),
        (ModuleFact("active"), {"degrees": 500}, "assignable"),
        (ModuleFact("active", HOT), {"degrees": 500, "door": "left"}, "config_invalid"),
        (ModuleFact("active", HOT), {}, "config_invalid"),
        (ModuleFact("active", HOT), {"door": "left"}, "assignable"),
    ],
)
def test_a_module_can_be_given_when_it_is_active_and_its_config_complete(
    module: ModuleFact | None, config: dict[str, Any], state: str
) -> None:
    assert state_of(module, config) == state
