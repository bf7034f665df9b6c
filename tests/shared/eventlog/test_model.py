from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.eventlog.model import BadPosition, Entry, EventFilter, Position, position_of
from tests.fakes import NOON
from tests.support.event_log import log_entry

NUMBERS = st.integers(0, 2**62)


@given(xid=NUMBERS, seq=st.integers(0, 10**17))
def test_a_place_is_read_as_it_was_written(xid: int, seq: int) -> None:
    assert position_of(str(Position(xid, seq))) == Position(xid, seq)


@pytest.mark.parametrize(
    "text", ["", "7", "7-", "-1", "a-b", "7-1-2", " 7-1", "7-1\n", "\u0663-\u0661", "7" * 20 + "-1"]
)
def test_anything_else_names_no_place(text: str) -> None:
    with pytest.raises(BadPosition):
        position_of(text)


def test_places_are_in_the_order_of_transactions_and_then_of_events() -> None:
    assert sorted([Position(9, 1), Position(10, 2), Position(10, 1)]) == [
        Position(9, 1),
        Position(10, 1),
        Position(10, 2),
    ]


OPERATION = uuid4()


@pytest.mark.parametrize(
    ("wanted", "admitted", "not_admitted"),
    [
        (EventFilter(), log_entry(), None),
        (EventFilter(organization_id="acme"), log_entry(), log_entry(organization_id=None)),
        (EventFilter(user_id="ada"), log_entry(), log_entry(user_id="bob")),
        (EventFilter(operation_id=OPERATION), log_entry(operation_id=OPERATION), log_entry()),
        (EventFilter(types=("a", "b")), log_entry(type="b"), log_entry(type="c")),
        (EventFilter(module_id="hr"), log_entry(module_id="hr"), log_entry()),
        (
            EventFilter(module_id="hr"),
            log_entry(module_id=None, names=("module:hr",)),
            log_entry(names=("industry:hr",)),
        ),
        (
            EventFilter(industry_code="hr"),
            log_entry(names=("industry:hr",)),
            log_entry(module_id="hr", names=("module:hr",)),
        ),
        (EventFilter(since=NOON), log_entry(), log_entry(occurred_at=NOON - timedelta(microseconds=1))),
        (EventFilter(until=NOON), log_entry(occurred_at=NOON - timedelta(microseconds=1)), log_entry()),
        (EventFilter(published_only=True), log_entry(), log_entry(type="access.user.activated")),
        (EventFilter(organization_id="acme", user_id="ada"), log_entry(), log_entry(user_id="bob")),
    ],
)
def test_a_filter_admits_what_meets_all_its_conditions(
    wanted: EventFilter, admitted: Entry, not_admitted: Entry | None
) -> None:
    assert wanted.admits(admitted)
    assert not_admitted is None or not wanted.admits(not_admitted)
