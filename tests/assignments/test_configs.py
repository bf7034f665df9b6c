"""Decisions about configs that have to fit a schema: whatever a command breaks refuses it, and nothing else does."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from assignments.commands import (
    ApplyIndustryTemplate,
    AssignModule,
    BulkAssignModules,
    Command,
    Mode,
    UnassignModule,
    UpdateModuleConfig,
)
from assignments.config_validation import invalid_configs
from assignments.domain import decide
from assignments.errors import ConfigInvalid, ConfigTooLarge, TemplateNotApplicable
from assignments.facts import Facts
from assignments.state import INITIAL, Assignments, evolve
from industries.contract import TemplateFact, TemplateModule
from organizations.contract import OrganizationFact
from shared.errors import Refusal, Refused
from shared.json.documents import CONFIG_DEPTH, MAX_ERRORS
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema

ORG = "0190a000-0000-7000-8000-000000000001"
OVEN = ConfigRules(
    {"degrees": 180},
    JsonSchema(
        {
            "properties": {
                "degrees": {"type": "integer", "maximum": 300},
                "fan": {"type": "boolean"},
                "door": {"properties": {"side": {"enum": ["left", "right"]}}, "additionalProperties": False},
            }
        }
    ),
)
TILL = ConfigRules({}, JsonSchema({"required": ["currency"], "properties": {"currency": {"pattern": "^[A-Z]{3}$"}}}))
RULES = {"oven": OVEN, "till": TILL}
Config = dict[str, Any]


def template(*versions: Sequence[tuple[str, bool, Config]]) -> TemplateFact:
    lists = {number: [TemplateModule(*entry) for entry in entries] for number, entries in enumerate(versions, 1)}
    return TemplateFact("active", len(versions), lists)


def facts(rules: dict[str, ConfigRules] | None = None, **templates: TemplateFact) -> Facts:
    kept = RULES if rules is None else rules
    return Facts(
        organizations={ORG: OrganizationFact("active", "bakery")},
        modules=dict.fromkeys(["oven", "till", "flour"], "active"),
        templates=templates,
        rules=kept,
        template_configs={
            (code, version, entry.module_id): entry.default_config
            for code, fact in templates.items()
            for version, entries in fact.versions.items()
            for entry in entries
            if entry.module_id in kept
        },
    )


FACTS = facts(
    bakery=template([("oven", True, {"degrees": 220}), ("till", True, {"currency": "EUR"}), ("flour", False, {})]),
)
FREE = replace(FACTS, rules={}, template_configs={})
"""The world before there were schemas."""


def assign(module_id: str, config: Config | None = None) -> AssignModule:
    return AssignModule(ORG, module_id, "ada") if config is None else AssignModule(ORG, module_id, "ada", config)


def bulk(*module_ids: str, industry_code: str | None = None) -> BulkAssignModules:
    return BulkAssignModules(ORG, list(module_ids), "ada", industry_code)


def apply(code: str, version: int | None = None, mode: Mode = "add") -> ApplyIndustryTemplate:
    return ApplyIndustryTemplate(ORG, code, version, mode)


def patch(module_id: str, change: Config) -> UpdateModuleConfig:
    return UpdateModuleConfig(ORG, module_id, change)


def after(*commands: Command, state: Assignments = INITIAL, known: Facts = FACTS) -> Assignments:
    for command in commands:
        state = reduce(evolve, decide(state, known, command).events, state)  # type: ignore[arg-type]
    return state


def refused(state: Assignments, command: Command, known: Facts = FACTS) -> Refused:
    with pytest.raises((ConfigInvalid, TemplateNotApplicable)) as error:
        decide(state, known, command)
    return error.value


def told(error: Refused) -> dict[str, str]:
    return {each.pointer: each.message for each in error.errors}


# Each way a config comes to be


def test_a_config_that_is_given_has_to_fit_with_the_defaults_under_it() -> None:
    assert after(assign("oven", {"fan": True})).modules["oven"].config == {"fan": True}
    error = refused(INITIAL, assign("oven", {"fan": 1, "door": {"side": "top", "knob": 1}}))
    assert told(error) == {
        "/config/fan": 'the value is not of type "boolean"',
        "/config/door/side": 'the value is not one of "left" or "right"',
        "/config/door/knob": "is not a known key",
    }
    assert [each["pointer"] for each in error.extra["configs"]["oven"]] == ["/fan", "/door/side", "/door/knob"]


def test_a_required_key_may_come_from_any_layer_and_has_to_come_from_one() -> None:
    assert told(refused(INITIAL, assign("till"))) == {"/config/currency": "is missing"}
    assert after(assign("till", {"currency": "EUR"})).modules
    assert after(apply("bakery")).modules["till"].config == {}


@pytest.mark.parametrize(
    "again", [assign("oven"), bulk("flour", "oven"), bulk("oven", industry_code="bakery"), apply("bakery")]
)
def test_a_kept_config_that_no_longer_fits_stands_in_no_ones_way_and_that_is_told(again: Command) -> None:
    state = after(assign("oven", {"fan": "strong"}), UnassignModule(ORG, "oven"), known=FREE)
    decision = decide(state, FACTS, again)
    result: Any = decision.result
    assert result.discarded_configs == ["oven"]
    assert "oven" in result.assigned
    event: Any = decision.events[0]
    assert {change.module_id for change in event.modules if change.config_discarded} == {"oven"}
    state = after(again, state=state)
    assert (state.modules["oven"].config, state.kept) == ({}, {})


@pytest.mark.parametrize("again", [assign("oven"), bulk("oven"), apply("bakery")])
def test_a_kept_config_that_fits_comes_back_and_nothing_is_told(again: Command) -> None:
    state = after(assign("oven", {"fan": True}), UnassignModule(ORG, "oven"))
    result: Any = decide(state, FACTS, again).result
    assert result.discarded_configs == []
    assert after(again, state=state).modules["oven"].config == {"fan": True}


def test_without_a_kept_config_that_does_not_fit_what_is_missing_is_told_of_what_is_asked() -> None:
    state = after(assign("till", {"currency": "euro"}), UnassignModule(ORG, "till"), known=FREE)
    assert told(refused(state, assign("till"))) == {"/config/currency": "is missing"}
    optional = facts(bakery=template([("till", False, {})]))
    result: Any = decide(state, optional, apply("bakery")).result
    assert ([skip.module_id for skip in result.skipped], result.discarded_configs) == (["till"], [])
    assert after(assign("till", {"currency": "EUR"}), state=state).modules["till"].config == {"currency": "EUR"}


def test_all_that_a_bulk_assignment_breaks_is_pointed_to() -> None:
    strict = facts({"till": TILL, "oven": ConfigRules({}, JsonSchema({"required": ["degrees"]}))})
    error = refused(INITIAL, bulk("till", "flour", "oven"), strict)
    assert list(told(error)) == ["/module_ids/0", "/module_ids/2"]
    assert error.extra["configs"].keys() == {"till", "oven"}


def test_a_bulk_assignment_from_a_template_counts_what_the_template_gives() -> None:
    assert after(bulk("till", industry_code="bakery")).modules.keys() == {"till"}
    wrong = facts(bakery=template([("oven", True, {"degrees": 500})]))
    assert list(told(refused(INITIAL, bulk("oven", industry_code="bakery"), wrong))) == ["/module_ids/0"]


def test_a_patch_has_to_leave_a_valid_config() -> None:
    state = after(assign("oven", {"fan": True}))
    error = refused(state, patch("oven", {"degrees": 301, "door": {"side": "top"}}))
    assert list(told(error)) == ["/degrees", "/door/side"]
    assert error.extra["link"] == f"/api/v1/organizations/{ORG}/modules/oven"
    assert after(patch("oven", {"degrees": 300}), state=state).modules["oven"].config == {"fan": True, "degrees": 300}
    assert list(told(refused(after(assign("till", {"currency": "EUR"})), patch("till", {"currency": None})))) == [
        "/currency"
    ]


def test_the_errors_of_an_answer_are_bounded() -> None:
    many = {"oven": ConfigRules({}, JsonSchema({"additionalProperties": {"type": "integer"}}))}
    error = refused(INITIAL, assign("oven", {f"k{n}": "x" for n in range(200)}), facts(many))
    assert len(error.errors) == len(error.extra["configs"]["oven"]) == MAX_ERRORS


@pytest.mark.parametrize("command", [assign("oven", {"a": [[]]}), patch("oven", {"a": [[]]})])
def test_a_config_is_bounded_in_depth(command: Command) -> None:
    state = after(assign("oven")) if isinstance(command, UpdateModuleConfig) else INITIAL
    deep: Any = []
    for _ in range(CONFIG_DEPTH):
        deep = [deep]
    name = "patch" if isinstance(command, UpdateModuleConfig) else "config"
    with pytest.raises(ConfigTooLarge, match="levels deep"):
        decide(state, FREE, replace(command, **{name: {"a": deep}}))


# Applying a template


def test_required_modules_without_a_valid_config_refuse_the_whole() -> None:
    wrong = facts(bakery=template([("oven", True, {"degrees": 500}), ("till", True, {}), ("flour", False, {})]))
    error = refused(INITIAL, apply("bakery"), wrong)
    assert isinstance(error, ConfigInvalid)
    assert [(each.pointer, each.message.partition(":")[0]) for each in error.errors] == [
        ("/industry_code", "oven/degrees"),
        ("/industry_code", "till/currency"),
    ]


def test_an_optional_module_without_a_valid_config_is_skipped_and_named() -> None:
    wrong = facts(bakery=template([("oven", True, {}), ("till", False, {}), ("flour", False, {})]))
    result: Any = decide(INITIAL, wrong, apply("bakery")).result
    assert [(skip.module_id, skip.reason) for skip in result.skipped] == [("till", "config_invalid")]
    assert result.assigned == ["oven", "flour"]
    assert after(apply("bakery"), known=wrong).modules.keys() == {"oven", "flour"}


def test_a_refusal_names_inactive_modules_and_invalid_configs_alike() -> None:
    wrong = facts(bakery=template([("oven", True, {"degrees": 500}), ("flour", True, {})]))
    error = refused(INITIAL, apply("bakery"), replace(wrong, modules={"oven": "active", "flour": "inactive"}))
    assert isinstance(error, TemplateNotApplicable)
    assert error.extra["modules"] == [
        {"module_id": "oven", "reason": "config_invalid"},
        {"module_id": "flour", "reason": "module_inactive"},
    ]
    assert [each.pointer for each in error.errors] == ["/industry_code"]


def test_the_organizations_own_config_may_mend_what_a_template_leaves_open() -> None:
    wrong = facts(bakery=template([("oven", True, {"degrees": 500}), ("till", True, {})]))
    state = after(assign("oven", {"degrees": 200}), assign("till", {"currency": "EUR"}))
    assert after(apply("bakery"), state=state, known=wrong).templates == {"bakery": 1}


def test_a_template_that_breaks_a_module_it_does_not_name_is_refused() -> None:
    two = facts(
        bakery=template([("till", False, {"currency": "EUR"})], [("flour", False, {})]),
        florist=template([("flour", False, {})]),
    )
    state = after(apply("bakery", 1), assign("till"), known=two)
    for command in (apply("bakery", 2), apply("florist", mode="replace")):
        assert told(refused(state, command, two)) == {"/industry_code": "till/currency: is missing"}


def test_a_template_that_comes_to_lie_above_another_is_judged_by_what_counts_then() -> None:
    two = facts(
        cold=template([("oven", True, {"degrees": 100}), ("flour", False, {})], [("oven", True, {"degrees": 100})]),
        hot=template([("oven", True, {"degrees": 250})]),
    )
    state = after(apply("cold", 1), apply("hot"), known=two)
    strict = {"oven": ConfigRules({}, JsonSchema({"properties": {"degrees": {"minimum": 200}}}))}
    again = replace(two, rules=strict)
    assert list(told(refused(state, apply("cold", 2), again))) == ["/industry_code"]
    assert after(patch("oven", {"fan": True}), state=state, known=again).modules["oven"].config == {"fan": True}


# What is broken already


def test_a_broken_config_keeps_nobody_from_changing_something_else() -> None:
    state = after(assign("oven", {"fan": 1}), assign("till", {}), known=FREE)
    assert after(patch("oven", {"degrees": 200}), state=state).modules["oven"].config == {"fan": 1, "degrees": 200}
    assert after(bulk("flour"), apply("bakery"), state=state).modules.keys() == {"oven", "till", "flour"}
    assert after(UnassignModule(ORG, "oven"), state=state).modules.keys() == {"till"}
    assert list(told(refused(state, patch("oven", {"degrees": 999})))) == ["/degrees"]
    assert list(told(refused(state, patch("oven", {"fan": 2})))) == ["/fan"]


def test_of_many_broken_values_one_can_be_mended_at_a_time() -> None:
    many = facts({"oven": ConfigRules({}, JsonSchema({"additionalProperties": {"type": "integer"}}))})
    state = after(assign("oven", {f"k{n}": "x" for n in range(120)}), known=FREE)
    assert after(patch("oven", {"k0": 1}), state=state, known=many).modules["oven"].config["k0"] == 1


def test_from_a_broken_config_keys_can_always_be_taken_away() -> None:
    strict = facts({"oven": ConfigRules({}, JsonSchema({"required": ["mode"], "properties": {"mode": {"const": 1}}}))})
    state = after(assign("oven", {"mode": "old", "door": {"side": "left"}}), known=FREE)
    assert after(patch("oven", {"mode": None}), state=state, known=strict).modules["oven"].config == {
        "door": {"side": "left"}
    }
    assert list(told(refused(state, patch("oven", {"mode": "new"}), strict))) == ["/mode"]
    assert list(told(refused(state, patch("oven", {"mode": {"a": None}}), strict))) == ["/mode"]
    whole = after(assign("oven", {"mode": 1}), known=strict)
    assert list(told(refused(whole, patch("oven", {"mode": None}), strict))) == ["/mode"]


# Whatever is asked, in whatever order

configs = st.fixed_dictionaries(
    {},
    optional={
        "degrees": st.sampled_from([1, 1.5, True, 500, None]),
        "fan": st.booleans() | st.just(1),
        "currency": st.sampled_from(["EUR", "euro", None]),
    },
)
entries = st.tuples(st.sampled_from(["oven", "till", "flour"]), st.booleans(), configs)
versions = st.lists(entries, max_size=3, unique_by=lambda entry: entry[0])
worlds = st.builds(
    facts,
    bakery=st.builds(template, versions, versions),
    florist=st.builds(template, versions),
)
module_ids = st.sampled_from(["oven", "till", "flour"])
codes = st.sampled_from(["bakery", "florist"])
modes: st.SearchStrategy[Mode] = st.sampled_from(["add", "replace"])
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(assign, module_ids, st.none() | configs),
    st.builds(patch, module_ids, configs),
    st.builds(UnassignModule, st.just(ORG), module_ids, st.booleans()),
    st.builds(bulk, module_ids, industry_code=st.none() | codes),
    st.builds(apply, codes, st.none(), modes),
    st.just(apply("bakery", 1)),
)


@given(worlds, st.lists(commands, max_size=12))
def test_where_the_schemas_were_there_first_nothing_invalid_ever_comes_to_be(
    world: Facts, history: list[Command]
) -> None:
    state = INITIAL
    for command in history:
        try:
            state = after(command, state=state, known=world)
        except Refused:
            continue
        assert invalid_configs(INITIAL, state, world) == {}


@given(worlds, st.lists(commands, max_size=8), commands)
def test_where_schemas_came_later_nothing_gets_worse(world: Facts, history: list[Command], command: Command) -> None:
    state, lawless = INITIAL, replace(world, rules={}, template_configs={})
    for earlier in history:
        try:
            state = after(earlier, state=state, known=lawless)
        except Refused:
            continue
    try:
        then = after(command, state=state, known=world)
    except Refused:
        return
    worse = invalid_configs(state, then, world)
    assert worse == {} or (
        isinstance(command, UpdateModuleConfig) and invalid_configs(INITIAL, state, world).keys() >= worse.keys()
    )


@given(worlds, st.lists(commands, max_size=8))
def test_a_refusal_about_configs_travels_as_json(world: Facts, history: list[Command]) -> None:
    state = INITIAL
    for command in history:
        try:
            state = after(command, state=state, known=world)
        except Refused as error:
            refusal = error.refusal()
            told = msgspec.json.decode(msgspec.json.encode(refusal), type=Refusal)
            break
    else:
        return
    assert (told.code, list(told.errors)) == (refusal.code, list(refusal.errors))
