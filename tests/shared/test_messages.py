"""Forms: merge patches, layers of configuration, ids that everybody derives alike."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.json.patches import merge_patch, overlay
from shared.messages import Outcome, derived_operation_id, event_id

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=2), JSON, max_size=3)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_does_what_the_examples_of_rfc_7396_say(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


@given(OBJECTS, OBJECTS)
def test_a_patch_changes_neither_argument_and_applying_it_twice_changes_nothing_more(
    target: dict[str, Any], patch: dict[str, Any]
) -> None:
    before = msgspec.json.encode([target, patch])
    once = merge_patch(target, patch)
    assert msgspec.json.encode([target, patch]) == before
    assert merge_patch(once, patch) == once


@pytest.mark.parametrize(
    ("lower", "upper", "result"),
    [
        ({"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": None}, {"a": None}),
        ({}, {"a": {"b": None}}, {"a": {"b": None}}),
    ],
)
def test_objects_of_two_layers_merge_and_everything_else_is_replaced(lower: Any, upper: Any, result: Any) -> None:
    assert overlay(lower, upper) == result


@given(OBJECTS)
def test_an_empty_layer_and_the_layer_itself_change_nothing(layer: dict[str, Any]) -> None:
    assert overlay(layer, {}) == overlay({}, layer) == overlay(layer, layer) == layer


def test_derived_ids_are_the_same_everywhere_and_differ_by_place_and_purpose() -> None:
    cause = UUID(int=1)
    assert event_id(cause, 0) == event_id(UUID(int=1), 0)
    ids = {event_id(cause, 0), event_id(cause, 1), event_id(uuid4(), 0), derived_operation_id(cause, "Apply")}
    assert len(ids | {derived_operation_id(cause, "Set")}) == 5


@pytest.mark.parametrize("result", [None, {}, {"a": [1, None]}, [1], "text"])
def test_an_outcome_read_again_has_the_result_it_had(result: Any) -> None:
    raw = None if result is None else msgspec.Raw(msgspec.json.encode(result))
    outcome = Outcome(
        operation_id=uuid4(), status="applied", fingerprint="f", context="toy", aggregate_id="a", result=raw
    )
    again = msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome)
    assert msgspec.json.encode(again) == msgspec.json.encode(outcome)
    assert (None if again.result is None else msgspec.json.decode(again.result)) == result
