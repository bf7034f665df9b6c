from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import FieldError
from shared.json.documents import json_pointer
from shared.json.layered_config import ConfigRules, layered, origins
from shared.json.patches import same_json
from shared.json.schemas import JsonSchema


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], {}),
        ([{}, {}], {}),
        ([{"a": 1, "b": 1}, {"b": 2}], {"/a": 0, "/b": 1}),
        ([{"a": {"x": 1, "y": 1}}, {"a": {"y": 2, "z": 3}}, {"a": {"z": 4}}], {"/a/x": 0, "/a/y": 1, "/a/z": 2}),
        ([{"list": [1, {"x": 1}]}, {"list": []}], {"/list": 1}),
        ([{"a": {"x": 1}}, {"a": 5}], {"/a": 1}),
        ([{"a": 5}, {"a": {"x": 1}}], {"/a/x": 1}),
        ([{"a": {"x": 1}}, {"a": None}], {"/a": 1}),
        ([{"a": None}, {"a": {"x": None}}], {"/a/x": 1}),
        ([{"a": {"x": 1}}, {"a": {}}], {"/a/x": 0}),
        ([{"a": {}}, {"a": {"x": 1}}], {"/a/x": 1}),
        ([{"a": 5}, {"a": {}}], {"/a": 1}),
        ([{}, {"a": {}}, {}], {"/a": 1}),
        ([{"a": 1}, {"a": 1}], {"/a": 1}),
        ([{"a/b": {"~": 1}}, {"a/b": {"": 2}, "~1": 3}], {"/a~1b/~0": 0, "/a~1b/": 1, "/~01": 1}),
    ],
)
def test_each_value_is_from_the_last_layer_that_sets_it(layers: list[dict[str, Any]], expected: dict[str, int]) -> None:
    assert origins(layers) == expected


keys = st.sampled_from(["a", "b", "a/b", "~", "~1", "", "0"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.lists(st.integers(0, 1), max_size=2),
    lambda inner: st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
stacks = st.lists(st.dictionaries(keys, values, max_size=3), max_size=4)


def at(document: Any, pointer: str) -> Any:
    """The value a JSON pointer leads to, as RFC 6901 says."""
    for part in pointer.split("/")[1:]:
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document


def put(document: dict[str, Any], pointer: str, value: Any) -> None:
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in path:
        document = document.setdefault(part, {})
    document[last] = value


@given(stacks)
def test_the_origins_lead_to_all_that_counts_and_to_nothing_else(layers: list[dict[str, Any]]) -> None:
    rebuilt: dict[str, Any] = {}
    for pointer, place in origins(layers).items():
        put(rebuilt, pointer, at(layers[place], pointer))
    assert same_json(rebuilt, layered(layers))


@given(stacks)
def test_no_layer_after_its_origin_changes_a_value(layers: list[dict[str, Any]]) -> None:
    for pointer, place in origins(layers).items():
        assert same_json(at(layered(layers[: place + 1]), pointer), at(layered(layers), pointer))


@given(stacks)
def test_laying_layers_over_each_other_changes_none_of_them(layers: list[dict[str, Any]]) -> None:
    before = str(layers)
    layered(layers)
    origins(layers)
    assert str(layers) == before


@given(st.lists(keys, max_size=3))
def test_a_pointer_leads_where_its_path_does(path: list[str]) -> None:
    document: Any = "found"
    for key in reversed(path):
        document = {key: document}
    assert at(document, json_pointer(path)) == "found"


def test_what_has_to_fit_is_the_config_that_counts() -> None:
    rules = ConfigRules({"size": 1}, JsonSchema({"required": ["size", "name"], "properties": {"size": {"maximum": 5}}}))
    assert rules.errors([{}]) == [FieldError("/name", "is missing")]
    assert rules.errors([{}], complete=False) == []
    assert rules.errors([{"size": 9}, {"size": 2}, {"name": "Ada"}]) == []
    assert [error.pointer for error in rules.errors([{"name": "Ada"}, {"size": 9}])] == ["/size"]
