from collections.abc import Sequence
from contextlib import suppress
from functools import reduce
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from industries.contract import IndustryFact
from organizations.commands import (
    Command,
    ReactivateOrganization,
    RegisterOrganization,
    SetIndustry,
    SuspendOrganization,
    UpdateOrganization,
)
from organizations.domain import (
    INITIAL,
    IndustryInactive,
    IndustryNotApplicable,
    Organization,
    OrganizationAlreadyRegistered,
    OrganizationFacts,
    OrganizationNotFound,
    OrganizationResult,
    OrganizationSuspended,
    SignupExpired,
    UnknownIndustry,
    decide,
    evolve,
)
from organizations.events import EVENTS, OrganizationRegisteredEvent, OrganizationUpdatedEvent
from shared.errors import FieldError, Refused
from shared.messages import Decision, Event, FieldChange

ID = "018f6b1e-0000-7000-8000-000000000001"
OWNER = UUID("018f6b1e-0000-7000-8000-0000000000aa")
SOMEBODY = UUID("018f6b1e-0000-7000-8000-0000000000bb")
FACTS = OrganizationFacts(
    templates={
        "bakery": IndustryFact("active", "Bakery", 3),
        "mill": IndustryFact("active", "Mill", 1, blocked_by={"stone": "inactive", "wind": "config_invalid"}),
        "forge": IndustryFact("inactive", "Forge", 2),
        "candles": IndustryFact("deleted", "Candles", 1),
    },
    pending_owners=frozenset({OWNER}),
)
REGISTER = RegisterOrganization(ID, "Crumbs", "bakery", OWNER)
RENAME, SUSPEND, REACTIVATE = UpdateOrganization(ID, "Crusts"), SuspendOrganization(ID), ReactivateOrganization(ID)


def fold(state: Organization, decision: Decision) -> Organization:
    return reduce(evolve, decision.events, state)


def after(*commands: Command) -> Organization:
    return reduce(lambda state, command: fold(state, decide(state, FACTS, command)), commands, INITIAL)


def told(state: Organization, command: Command, facts: OrganizationFacts = FACTS) -> Decision:
    return decide(state, facts, command)


def test_a_signup_pins_the_version_its_industry_has_now() -> None:
    assert after(REGISTER) == Organization("active", "Crumbs", "bakery", "Bakery", 3, OWNER)
    assert told(INITIAL, REGISTER).events == (
        OrganizationRegisteredEvent(ID, "Crumbs", "bakery", "Bakery", 3, owner_id=OWNER),
    )


def test_a_signup_without_an_industry_pins_nothing() -> None:
    assert after(replace(REGISTER, industry_code=None)) == Organization("active", "Crumbs", owner_id=OWNER)


@pytest.mark.parametrize("code", ["candles", "comets"])
@pytest.mark.parametrize("state", [INITIAL, after(REGISTER)], ids=["signup", "later"])
def test_an_unknown_or_deleted_industry_is_invalid_where_it_is_named(state: Organization, code: str) -> None:
    command = replace(REGISTER, industry_code=code) if state is INITIAL else SetIndustry(ID, code)
    with pytest.raises(UnknownIndustry) as refused:
        told(state, command)
    assert refused.value.errors == (FieldError("/industry_code", f"{code} does not exist"),)


def test_nobody_signs_up_with_an_inactive_industry() -> None:
    with pytest.raises(IndustryInactive, match="forge"):
        told(INITIAL, replace(REGISTER, industry_code="forge"))


def test_a_signup_is_refused_when_required_modules_are_missing_and_names_them_all() -> None:
    with pytest.raises(IndustryNotApplicable, match=r"stone \(inactive\), wind \(its config") as refused:
        told(INITIAL, replace(REGISTER, industry_code="mill"))
    blocking = [{"module_id": "stone", "state": "inactive"}, {"module_id": "wind", "state": "config_invalid"}]
    assert refused.value.extra == {"industry_code": "mill", "modules": ["stone", "wind"], "blocking": blocking}


@pytest.mark.parametrize("code", ["bakery", None])
def test_a_signup_whose_owner_no_longer_waits_has_expired(code: str | None) -> None:
    with pytest.raises(SignupExpired, match="Sign up again") as refused:
        told(INITIAL, replace(REGISTER, industry_code=code, pending_owner_id=SOMEBODY))
    assert refused.value.code == "signup_expired"


def test_registering_the_same_again_changes_nothing_though_its_owner_no_longer_waits() -> None:
    decision = told(after(REGISTER), REGISTER, OrganizationFacts())
    assert decision.events == ()
    assert decision.result == OrganizationResult(ID, "Crumbs", "active", "bakery", "Bakery", 3)


@pytest.mark.parametrize(
    "other",
    [
        replace(REGISTER, name="Crusts"),
        replace(REGISTER, industry_code=None),
        replace(REGISTER, pending_owner_id=SOMEBODY),
    ],
)
def test_an_organization_is_not_registered_over(other: RegisterOrganization) -> None:
    with pytest.raises(OrganizationAlreadyRegistered, match=ID):
        told(after(REGISTER), other)


@pytest.mark.parametrize("command", [RENAME, SUSPEND, REACTIVATE, SetIndustry(ID, "bakery")])
def test_what_was_never_registered_is_not_found(command: Command) -> None:
    with pytest.raises(OrganizationNotFound, match=ID):
        told(INITIAL, command)


def test_renaming_records_both_names() -> None:
    assert told(after(REGISTER), RENAME).events == (
        OrganizationUpdatedEvent(ID, {"name": FieldChange("Crumbs", "Crusts")}),
    )
    assert told(after(REGISTER, RENAME), RENAME).events == ()


def test_suspending_and_reactivating_each_happen_once() -> None:
    suspended = after(REGISTER, SUSPEND)
    assert suspended == replace(after(REGISTER), status="suspended")
    assert told(suspended, SUSPEND).events == ()
    assert fold(suspended, told(suspended, REACTIVATE)) == after(REGISTER)
    assert told(after(REGISTER), REACTIVATE).events == ()


@pytest.mark.parametrize("command", [SetIndustry(ID, "mill"), SetIndustry(ID, "bakery")])
def test_a_suspended_organization_gets_no_other_industry(command: Command) -> None:
    with pytest.raises(OrganizationSuspended, match="reactivate"):
        told(after(REGISTER, SUSPEND), command)


def test_a_suspended_organization_is_renamed_and_stays_suspended() -> None:
    renamed = after(REGISTER, SUSPEND, RENAME)
    assert (renamed.name, renamed.status) == ("Crusts", "suspended")
    assert told(renamed, RENAME).events == ()


@pytest.mark.parametrize("code", ["mill", "forge"])
def test_an_industry_that_was_applied_is_taken_over_whatever_became_of_it(code: str) -> None:
    assert after(REGISTER, SetIndustry(ID, code)).industry_code == code


def test_a_new_industry_is_recorded_and_leaves_the_pinned_version_alone() -> None:
    decision = told(after(REGISTER), SetIndustry(ID, "mill"))
    changes = {"industry_code": FieldChange("bakery", "mill"), "industry_name": FieldChange("Bakery", "Mill")}
    assert decision.events == (OrganizationUpdatedEvent(ID, changes),)
    assert fold(after(REGISTER), decision).template_version == 3
    first = after(replace(REGISTER, industry_code=None), SetIndustry(ID, "mill"))
    assert (first.industry_code, first.template_version) == ("mill", None)


def test_setting_the_same_industry_changes_nothing_even_when_it_is_gone() -> None:
    assert told(after(REGISTER), SetIndustry(ID, "bakery"), OrganizationFacts()).events == ()


def test_an_event_of_another_context_changes_nothing() -> None:
    assert evolve(after(REGISTER), Event()) == after(REGISTER)


# --- whatever is asked, in whatever order

codes = st.sampled_from(["bakery", "mill", "forge", "candles", "comets"])
names = st.sampled_from(["Crumbs", "Crusts", "é\u0000"])
registrations = st.builds(
    RegisterOrganization, st.just(ID), names, codes | st.none(), st.sampled_from([OWNER, SOMEBODY])
)
commands = st.one_of(
    registrations,
    st.just(REGISTER),
    st.builds(UpdateOrganization, st.just(ID), names),
    st.builds(SetIndustry, st.just(ID), codes),
    st.sampled_from([SUSPEND, REACTIVATE]),
)
facts = st.sampled_from([FACTS, replace(FACTS, pending_owners=frozenset({SOMEBODY})), OrganizationFacts()])
work = st.lists(st.tuples(facts, commands), max_size=12)


def as_json(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def run(steps: Sequence[tuple[OrganizationFacts, Command]]) -> tuple[Organization, list[Event]]:
    """Decides each step on the state before it. Checks that decisions are consistent with their states."""
    state, log = INITIAL, list[Event]()
    for known, command in steps:
        try:
            decision = decide(state, known, command)
        except Refused:
            continue
        before, state = state, fold(state, decision)
        assert (state == before) == (not decision.events)
        assert decision.result == OrganizationResult(
            ID, state.name, state.status, state.industry_code, state.industry_name, state.template_version
        )
        log.extend(decision.events)
    return state, log


@given(work)
def test_the_log_folds_to_the_state_also_after_a_rest_as_json(steps: list[tuple[OrganizationFacts, Command]]) -> None:
    state, log = run(steps)
    rested = [msgspec.json.decode(msgspec.json.encode(event), type=EVENTS[event.topic]) for event in log]
    assert rested == log
    assert reduce(evolve, rested, INITIAL) == state
    assert msgspec.json.decode(msgspec.json.encode(state), type=Organization) == state


@given(work, commands)
def test_asking_twice_changes_nothing_more(steps: list[tuple[OrganizationFacts, Command]], command: Command) -> None:
    state, _ = run(steps)
    try:
        once = fold(state, decide(state, FACTS, command))
    except Refused:
        return
    assert decide(once, FACTS, command).events == ()


@given(work, facts, commands)
def test_deciding_leaves_its_arguments_alone(
    steps: list[tuple[OrganizationFacts, Command]], known: OrganizationFacts, command: Command
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
        "OrganizationRegisteredEvent": "tenant.organization.registered",
        "OrganizationUpdatedEvent": "tenant.organization.updated",
        "OrganizationSuspendedEvent": "tenant.organization.suspended",
        "OrganizationReactivatedEvent": "tenant.organization.reactivated",
    }
