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

from registry.commands import (
    ActivateModule,
    Command,
    DeactivateModule,
    DeleteModule,
    RegisterModule,
    UpdateModule,
)
from registry.domain import (
    DESCRIPTIVE,
    INITIAL,
    ConfigSchemaUnusable,
    DefaultConfigInvalid,
    DeletedModule,
    Module,
    ModuleAlreadyRegistered,
    ModuleInUse,
    ModuleNotFound,
    ModuleResult,
    RegistryFacts,
    Usage,
    decide,
    evolve,
)
from registry.events import EVENTS, ModuleRegisteredEvent, ModuleUpdatedEvent
from shared.errors import Refused
from shared.messages import Decision, Event, FieldChange

REGISTER = RegisterModule(
    module_id="ledger",
    module_name="Ledger",
    description="Books and balances.",
    category="Core",
    service_name="ledger-service",
    api_endpoint="/ledger",
    version="1.0",
    metadata={"icon": "book"},
    default_config={"year_starts": 1},
)
RENAME = UpdateModule("ledger", module_name="General ledger")
ACTIVATE, DEACTIVATE, DELETE = ActivateModule("ledger"), DeactivateModule("ledger"), DeleteModule("ledger")
UNUSED = RegistryFacts({"ledger": Usage()})


def fold(state: Module, decision: Decision) -> Module:
    return reduce(evolve, decision.events, state)


def after(*commands: Command) -> Module:
    return reduce(lambda state, command: fold(state, decide(state, UNUSED, command)), commands, INITIAL)


def told(state: Module, command: Command) -> Decision:
    return decide(state, UNUSED, command)


def test_a_registered_module_is_active_unless_said_otherwise() -> None:
    assert after(REGISTER).status == "active"
    assert after(replace(REGISTER, is_active=False)).status == "inactive"


def test_registering_the_same_again_changes_nothing_and_says_what_is_there() -> None:
    decision = told(after(REGISTER), REGISTER)
    assert decision.events == ()
    assert isinstance(decision.result, ModuleResult)
    assert decision.result.module_name == "Ledger"


@pytest.mark.parametrize(
    "other",
    [
        replace(REGISTER, module_name="Other"),
        replace(REGISTER, is_active=False),
        replace(REGISTER, metadata={}),
        replace(REGISTER, default_config={"year_starts": True}),
    ],
)
def test_a_living_id_cannot_be_registered_with_other_values(other: RegisterModule) -> None:
    with pytest.raises(ModuleAlreadyRegistered, match="PATCH /api/v1/module-registry/ledger"):
        told(after(REGISTER), other)


def test_a_deleted_id_comes_back_with_the_new_values() -> None:
    revived = after(REGISTER, DELETE, replace(REGISTER, module_name="Ledger II", is_active=False))
    assert (revived.status, revived.module_name) == ("inactive", "Ledger II")


@pytest.mark.parametrize("command", [RENAME, ACTIVATE, DEACTIVATE, DELETE])
@pytest.mark.parametrize("state", [INITIAL, after(REGISTER, DELETE)], ids=["absent", "deleted"])
def test_what_does_not_live_is_not_found(state: Module, command: Command) -> None:
    with pytest.raises(ModuleNotFound, match="ledger"):
        told(state, command)


def test_an_update_records_what_differs_with_its_value_before() -> None:
    update = UpdateModule("ledger", module_name="General ledger", version="1.0", metadata={"colour": "red"})
    assert told(after(REGISTER), update).events == (
        ModuleUpdatedEvent(
            "ledger",
            {
                "module_name": FieldChange("Ledger", "General ledger"),
                "metadata": FieldChange({"icon": "book"}, {"colour": "red"}),
            },
        ),
    )


def test_an_update_without_a_difference_changes_nothing() -> None:
    assert told(after(REGISTER), UpdateModule("ledger", module_name="Ledger")).events == ()
    assert told(after(REGISTER), UpdateModule("ledger")).events == ()


@pytest.mark.parametrize("value", [True, 1.0])
def test_a_config_value_of_another_json_type_is_a_difference(value: Any) -> None:
    decision = told(after(REGISTER), UpdateModule("ledger", default_config={"year_starts": value}))
    assert len(decision.events) == 1


def test_an_update_leaves_the_status_alone() -> None:
    assert after(REGISTER, DEACTIVATE, RENAME).status == "inactive"


def test_switching_changes_the_status_once() -> None:
    inactive = after(REGISTER, DEACTIVATE)
    assert inactive.status == "inactive"
    assert told(inactive, DEACTIVATE).events == ()
    assert fold(inactive, told(inactive, ACTIVATE)).status == "active"
    assert told(after(REGISTER), ACTIVATE).events == ()


@pytest.mark.parametrize("usage", [Usage(3), Usage(0, ["bakery"]), Usage(3, ["bakery", "mill"])])
def test_a_module_in_use_cannot_be_deleted(usage: Usage) -> None:
    with pytest.raises(ModuleInUse) as refused:
        decide(after(REGISTER), RegistryFacts({"ledger": usage}), DELETE)
    assert refused.value.code == "module_in_use"
    assert refused.value.extra == {
        "organizations": usage.organizations,
        "templates": list(usage.templates),
        "link": "/api/v1/module-registry/ledger/organizations",
    }
    assert f"organizations: {usage.organizations}, active templates: {len(usage.templates)}" in refused.value.detail


def test_an_inactive_module_nobody_has_can_be_deleted() -> None:
    decision = told(after(REGISTER, DEACTIVATE), DELETE)
    assert fold(after(REGISTER, DEACTIVATE), decision).status == "deleted"
    assert decision.result == DeletedModule("ledger")


def test_an_event_of_another_context_changes_nothing() -> None:
    assert evolve(after(REGISTER), Event()) == after(REGISTER)


# --- whatever is asked, in whatever order

words = st.text(min_size=1, max_size=4)
documents = st.dictionaries(words, st.none() | st.booleans() | st.integers(0, 2) | words, max_size=2)
schemas = st.none() | st.sampled_from([{}, {"required": ["b"]}, {"additionalProperties": {"type": "string"}}])
OF_JSON = {"metadata": documents, "default_config": documents, "config_schema": schemas}
registrations = st.builds(
    RegisterModule,
    module_id=st.just("ledger"),
    is_active=st.booleans(),
    **{name: OF_JSON.get(name, st.sampled_from("ab")) for name in DESCRIPTIVE},
)
updates = st.builds(
    UpdateModule,
    module_id=st.just("ledger"),
    module_name=words | st.just(UNSET),
    metadata=documents | st.just(UNSET),
    default_config=documents | st.just(UNSET),
    config_schema=schemas | st.just(UNSET),
)
commands = st.one_of(registrations, st.just(REGISTER), updates, st.sampled_from([ACTIVATE, DEACTIVATE, DELETE]))
usages = st.builds(RegistryFacts, st.fixed_dictionaries({"ledger": st.sampled_from([Usage(), Usage(), Usage(1)])}))
work = st.lists(st.tuples(usages, commands), max_size=12)


def as_json(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def run(steps: Sequence[tuple[RegistryFacts, Command]]) -> tuple[Module, list[Event]]:
    """Decides each step on the state before it. Checks that decisions are consistent with their states."""
    state, log = INITIAL, list[Event]()
    for facts, command in steps:
        try:
            decision = decide(state, facts, command)
        except Refused:
            continue
        before, state = state, fold(state, decision)
        assert (as_json(state) == as_json(before)) == (not decision.events)
        assert_told(state, decision)
        log.extend(decision.events)
    return state, log


def assert_told(state: Module, decision: Decision) -> None:
    if isinstance(decision.result, DeletedModule):
        assert state.status == "deleted"
        return
    assert isinstance(decision.result, ModuleResult)
    assert decision.result.is_active == (state.status == "active")
    assert all(getattr(decision.result, name) == getattr(state, name) for name in DESCRIPTIVE)


@given(work)
def test_the_log_folds_to_the_state_also_after_a_rest_as_json(steps: list[tuple[RegistryFacts, Command]]) -> None:
    state, log = run(steps)
    rested = [msgspec.json.decode(msgspec.json.encode(event), type=EVENTS[event.topic]) for event in log]
    assert rested == log
    assert reduce(evolve, rested, INITIAL) == state
    assert msgspec.json.decode(msgspec.json.encode(state), type=Module) == state


@given(work, commands)
def test_asking_twice_changes_nothing_more(steps: list[tuple[RegistryFacts, Command]], command: Command) -> None:
    state, _ = run(steps)
    try:
        once = fold(state, decide(state, UNUSED, command))
        again = decide(once, UNUSED, command)
    except Refused:
        return
    assert again.events == ()


@given(work, commands)
def test_deciding_leaves_its_arguments_alone(steps: list[tuple[RegistryFacts, Command]], command: Command) -> None:
    state, _ = run(steps)
    before = as_json([state, command])
    with suppress(Refused):
        decide(state, UNUSED, command)
    assert as_json([state, command]) == before


@given(commands)
def test_commands_travel_as_json(command: Command) -> None:
    assert msgspec.json.decode(msgspec.json.encode(command), type=Command) == command


def test_every_event_is_listed_by_its_topic() -> None:
    assert {event.__name__: topic for topic, event in EVENTS.items()} == {
        "ModuleRegisteredEvent": "tenant.module.registered",
        "ModuleUpdatedEvent": "tenant.module.updated",
        "ModuleActivatedEvent": "tenant.module.activated",
        "ModuleDeactivatedEvent": "tenant.module.deactivated",
        "ModuleDeletedEvent": "tenant.module.deleted",
    }
    assert EVENTS["tenant.module.registered"] is ModuleRegisteredEvent


# --- config schemas

OF_YEARS = {"properties": {"year_starts": {"type": "integer", "maximum": 12}}, "required": ["currency"]}
WITH_SCHEMA = replace(REGISTER, config_schema=OF_YEARS)


def pointers(refused: pytest.ExceptionInfo[Any]) -> list[str]:
    return [error.pointer for error in refused.value.errors]


def test_a_schema_is_kept_and_told_and_taken_away_by_null() -> None:
    state = after(WITH_SCHEMA)
    assert state.config_schema == OF_YEARS
    told_back = told(state, UpdateModule("ledger")).result
    assert isinstance(told_back, ModuleResult)
    assert told_back.config_schema == OF_YEARS
    assert after(WITH_SCHEMA, UpdateModule("ledger", config_schema=None)).config_schema is None
    assert after(WITH_SCHEMA, UpdateModule("ledger", version="2.0")).config_schema == OF_YEARS


def test_a_module_registered_with_another_schema_is_another_one() -> None:
    with pytest.raises(ModuleAlreadyRegistered):
        told(after(WITH_SCHEMA), REGISTER)


@pytest.mark.parametrize(
    "command",
    [replace(REGISTER, config_schema={"type": 7}), UpdateModule("ledger", config_schema={"type": 7})],
)
def test_a_schema_that_is_none_is_refused_where_it_is_wrong(command: Command) -> None:
    state = INITIAL if isinstance(command, RegisterModule) else after(REGISTER)
    with pytest.raises(ConfigSchemaUnusable) as refused:
        told(state, command)
    assert pointers(refused) == ["/config_schema/type"]


@pytest.mark.parametrize(
    ("state", "command"),
    [
        (INITIAL, replace(WITH_SCHEMA, default_config={"year_starts": "May"})),
        (after(WITH_SCHEMA), UpdateModule("ledger", default_config={"year_starts": 13})),
        (after(replace(REGISTER, default_config={"year_starts": 13})), UpdateModule("ledger", config_schema=OF_YEARS)),
    ],
    ids=["registered", "new defaults", "new schema"],
)
def test_defaults_that_do_not_fit_the_schema_are_refused(state: Module, command: Command) -> None:
    with pytest.raises(DefaultConfigInvalid) as refused:
        told(state, command)
    assert pointers(refused) == ["/default_config/year_starts"]


def test_defaults_may_leave_to_others_what_the_schema_requires() -> None:
    assert after(replace(WITH_SCHEMA, default_config={})).default_config == {}


def test_defaults_may_leave_out_nothing_in_a_list_which_others_can_only_replace() -> None:
    steps = {"type": "array", "items": {"required": ["name"]}}
    schema = {"properties": {"steps": steps, "first": {"required": ["name"]}}}
    with pytest.raises(DefaultConfigInvalid, match="inside a list") as refused:
        told(INITIAL, replace(REGISTER, config_schema=schema, default_config={"steps": [{}], "first": {}}))
    assert pointers(refused) == ["/default_config/steps/0/name"]


def test_defaults_that_fit_no_longer_keep_nobody_from_changing_something_else() -> None:
    broken = replace(after(REGISTER), config_schema={"required": ["x"], "maxProperties": 0})
    assert fold(broken, told(broken, RENAME)).module_name == "General ledger"


@pytest.mark.parametrize("field", ["default_config", "config_schema"])
@pytest.mark.parametrize(
    "document", [{"x": "y" * 70_000}, {"a": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}]
)
def test_a_document_without_bound_is_refused(field: str, document: dict[str, Any]) -> None:
    update = replace(UpdateModule("ledger"), **{field: document})
    with pytest.raises((DefaultConfigInvalid, ConfigSchemaUnusable)) as refused:
        told(after(REGISTER), update)
    assert pointers(refused) == [f"/{field}"]


def test_events_and_states_from_before_there_were_schemas_are_read() -> None:
    event = msgspec.to_builtins(told(INITIAL, REGISTER).events[0])
    del event["config_schema"]
    old = msgspec.json.decode(msgspec.json.encode(event), type=ModuleRegisteredEvent)
    assert evolve(INITIAL, old) == after(REGISTER)
    state = msgspec.to_builtins(after(REGISTER))
    del state["config_schema"]
    assert msgspec.json.decode(msgspec.json.encode(state), type=Module) == after(REGISTER)
