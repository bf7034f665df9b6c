"""Schemas people bring: which are taken, what they find wrong, and that none of them can hold the loop."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import FieldError
from shared.json.documents import CONFIG_BYTES, CONFIG_DEPTH
from shared.json.schema_dialects import DIALECTS, Dialect
from shared.json.schemas import TOO_MANY_VALUES, UNTOLD, JsonSchema, UnusableSchema

PERSON = JsonSchema(
    {
        "type": "object",
        "properties": {
            "name": {},
            "age": {"type": "integer"},
            "a/b~c": {"enum": [1, 2]},
            "tags": {"items": {"type": "string"}},
        },
        "required": ["name"],
        "additionalProperties": False,
    }
)


def flaws(document: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(UnusableSchema) as refused:
        JsonSchema(document)
    return {error.pointer: error.message for error in refused.value.errors}


def nested(depth: int, innermost: Any) -> Any:
    for _ in range(depth):
        innermost = {"a": innermost}
    return innermost


def chained(count: int, link: dict[str, Any]) -> dict[str, Any]:
    """`count` definitions, each with `link` to the next."""
    definitions = {f"d{place}": json.loads(json.dumps(link).replace("NEXT", f"d{place + 1}")) for place in range(count)}
    return {"$ref": "#/$defs/d0", "$defs": definitions | {f"d{count}": {}}}


def test_every_error_is_told_at_its_own_key() -> None:
    assert PERSON.errors({"age": "x", "a/b~c": 3, "tags": ["a", 1], "extra": 1, "more": {}}) == [
        FieldError("/age", 'the value is not of type "integer"'),
        FieldError("/a~1b~0c", "the value is not one of 1 or 2"),
        FieldError("/tags/1", 'the value is not of type "string"'),
        FieldError("/extra", "is not a known key"),
        FieldError("/more", "is not a known key"),
        FieldError("/name", "is missing"),
    ]
    assert PERSON.errors({"name": "Ada", "age": 36}) == []


def test_errors_show_no_value() -> None:
    assert "hunter2" not in str(PERSON.errors({"name": "Ada", "age": "hunter2", "a/b~c": "hunter2"}))


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        ({"properties": {"a": False}}, {"a": 1}, [FieldError("/a", "is not allowed")]),
        ({"additionalProperties": False}, {"a": 1}, [FieldError("", "takes no keys")]),
        (
            {"propertyNames": {"pattern": "^x"}},
            {"y": 1},
            [FieldError("/y", 'is no key that is allowed: it does not match "^x"')],
        ),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, [FieldError("/b", "is missing")]),
        ({"properties": {"a": {"format": "date"}}}, {"a": "soon"}, [FieldError("/a", 'the value is not a "date"')]),
        ({"properties": {"a": {"format": "colour"}}}, {"a": "soon"}, []),
        (
            {"unevaluatedProperties": False, "properties": {"a": True}},
            {"a": 1, "b": 1},
            [FieldError("/b", "is not a known key")],
        ),
    ],
)
def test_what_a_keyword_finds_is_told(schema: dict[str, Any], value: Any, told: list[FieldError]) -> None:
    assert JsonSchema(schema).errors(value) == told


ONE_OF_TWO = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}


@pytest.mark.parametrize(
    ("schema", "value", "pointers"),
    [
        ({"required": ["a"], "properties": {"b": {"type": "integer"}}}, {"b": "x"}, ["/b"]),
        ({"minProperties": 3, "dependentRequired": {"a": ["b"]}}, {"a": 1}, []),
        ({"properties": {"a": {"required": ["b"]}}}, {"a": {}}, []),
        ({"anyOf": [{"required": ["a"]}, {"type": "array"}]}, {}, []),
        ({"anyOf": [{"type": "array"}, {"properties": {"a": {"type": "string"}}}]}, {"a": 1}, [""]),
        (ONE_OF_TWO, {}, []),
        (ONE_OF_TWO | {"unevaluatedProperties": False, "properties": {"a": True}}, {"c": 1}, []),
        ({"unevaluatedProperties": False, "properties": {"a": True}}, {"c": 1}, ["/c"]),
        ({"not": {"properties": {"a": {"const": 1}}}}, {}, []),
        ({"additionalProperties": False, "properties": {"a": {}}, "required": ["a"]}, {"b": 1}, ["/b"]),
        ({"properties": {"a": {"minItems": 2}}}, {"a": [1]}, ["/a"]),
        ({"properties": {"a": {"contains": {"required": ["b"]}}}}, {"a": [{}]}, ["/a"]),
        ({"properties": {"a": {"items": {"required": ["b"]}}}}, {"a": [{"b": 1}, {}]}, ["/a/1/b"]),
        (
            {"properties": {"a": {"items": {"properties": {"c": {"required": ["b"]}}}}}},
            {"a": [{"c": {}}]},
            ["/a/0/c/b"],
        ),
        ({"properties": {"a": {"prefixItems": [{"minProperties": 1}]}}}, {"a": [{}]}, ["/a/0"]),
        ({"properties": {"a": {"items": ONE_OF_TWO}}}, {"a": [{}, {"a": 1, "b": 1}, {"a": 1}]}, ["/a/0", "/a/1"]),
        ({"properties": {"a": {"items": {"not": {"maxProperties": 0}}}}}, {"a": [{}]}, ["/a/0"]),
        ({"anyOf": [{"properties": {"a": {"items": {"required": ["b"]}}}}, {"required": ["c"]}]}, {"a": [{}]}, []),
        ({"anyOf": [{"properties": {"a": {"items": {"required": ["b"]}}}}]}, {"a": [{}]}, [""]),
    ],
)
def test_of_an_incomplete_value_only_what_is_written_can_be_wrong(
    schema: dict[str, Any], value: Any, pointers: list[str]
) -> None:
    assert [error.pointer for error in JsonSchema(schema).errors(value, complete=False)] == pointers


@pytest.mark.parametrize(
    ("document", "pointer", "told"),
    [
        ({"type": "objekt"}, "/type", "anyOf"),
        ({"properties": {"a~": {"minimum": "1"}}}, "/properties/a~0/minimum", "number"),
        ({"properties": []}, "/properties", "object"),
        ({"pattern": "("}, "/pattern", "no regular expression of ECMA-262: a group has no end"),
        ({"$schema": "https://modplane.example/schema"}, "/$schema", "no dialect that is known here"),
        ({"$schema": "json-schema.org/draft-07/schema"}, "/$schema", "no dialect that is known here"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "/$schema", "draft-04, draft-06, draft-07"),
        ({"items": {"$schema": "http://json-schema.org/draft-07/schema#"}}, "/items/$schema", "not that of the whole"),
        ({"items": [{"type": "string"}]}, "/items", "`prefixItems` in 2020-12"),
        ({"$ref": "https://modplane.example/x"}, "/$ref", "leads out"),
        ({"items": {"$ref": "other.json#/$defs/a"}}, "/items/$ref", "leads out"),
        ({"items": {"$ref": "file:///etc/passwd"}}, "/items/$ref", "leads out"),
        ({"$defs": {"a": {"$ref": "http://127.0.0.1:1/"}}}, "/$defs/a/$ref", "leads out"),
        ({"$id": "https://modplane.example/a", "items": {"$ref": "b#/$defs/x"}}, "/items/$ref", "leads out"),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, "/$ref", "leads out"),
        ({"items": {"$ref": "#/$defs/gone"}}, "/items/$ref", "refers to nothing"),
        ({"items": {"$ref": "#gone"}}, "/items/$ref", "refers to nothing"),
        ({"items": {"$dynamicRef": "#x"}}, "/items/$dynamicRef", "refers to nothing"),
        ({"$ref": "#/x/y", "x": {"y": {"type": "objekt"}}}, "/x/y/type", "anyOf"),
        ({"allOf": [{"$id": "x"}, {"$id": "x"}, {"$ref": "x"}]}, "/allOf/2/$ref", "names several places"),
        ({"$ref": "#"}, "", "refers to itself"),
        (nested(CONFIG_DEPTH, {}), "", "levels deep"),
        ({"description": "x" * CONFIG_BYTES}, "", "larger"),
        ({"properties": {f"k{n}": {"pattern": f"^{n}$"} for n in range(65)}}, "", "64 patterns"),
        ({"properties": {f"k{n}": {"pattern": f"^.{{4000}}{n}$"} for n in range(3)}}, "", "10,000 characters"),
        ({"pattern": "x" * 10_001}, "/pattern", "10,000 characters"),
        ({"properties": {f"k{n}": {"type": "string"} for n in range(2001)}}, "", "2,000 subschemas"),
    ],
)
def test_what_is_no_usable_schema_is_told_where(document: dict[str, Any], pointer: str, told: str) -> None:
    assert told in flaws(document)[pointer]


def test_all_that_is_wrong_in_a_schema_is_told() -> None:
    wrong = {"a": {"minimum": "1"}, "b": 7, "c": {"pattern": "("}, "d": {"$ref": "x"}, "e": {"nullable": True}}
    assert flaws({"type": 1, "properties": wrong, "required": "a"}).keys() == {
        "/properties/c/pattern",
        "/properties/d/$ref",
        "/properties/e/nullable",
        "/type",
        "/properties/a/minimum",
        "/properties/b",
        "/required",
    }


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://modplane.example/crm"},
        {"$defs": {"a/b": {"type": "object"}}, "properties": {"x": {"$ref": "#/$defs/a~1b"}}},
        {"$defs": {"a": {"$anchor": "here"}}, "properties": {"x": {"$ref": "#here"}}},
        {"prefixItems": [{"type": "string"}], "properties": {"x": {"$ref": "#/prefixItems/0"}}},
        {"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}},
        {"properties": {"a": {"default": {"$id": "x", "$ref": "y"}}}, "examples": [{"nullable": True, "$ref": "z"}]},
        {"properties": {"a": {"const": {"$ref": "y"}}, "b": {"enum": [{"$dynamicRef": "#z", "$schema": "q"}]}}},
        {"properties": {"nullable": {}, "dependencies": {}, "additionalItems": {}, "pattern": {}, "$schema": {}}},
        {"x-order": 1, "title": "A", "deprecated": True, "$comment": "x", "x-old": {"$ref": "y", "pattern": "("}},
        {"definitions": {"a": {"items": {"type": "object"}}}, "properties": {"children": {"$ref": "#/definitions/a"}}},
        {
            "items": {
                "$id": "https://modplane.example/x",
                "$defs": {"a": {}},
                "properties": {"a": {"$ref": "#/$defs/a"}},
            }
        },
        {"$ref": "#/components/schemas/a%20b", "components": {"schemas": {"a b": {"type": "object"}}}},
        {"properties": {"a": {"$dynamicRef": "#n"}}, "$defs": {"n": {"$dynamicAnchor": "n", "type": "string"}}},
        {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}},
        {"properties": {"children": {"items": {"$ref": "#"}}}, "allOf": [{"required": ["children"]}]},
    ],
)
def test_a_usable_schema_is_taken(schema: dict[str, Any]) -> None:
    assert JsonSchema(schema).errors({"children": []}) == []


def test_a_schema_that_contains_itself_looks_as_deep_as_the_value_goes() -> None:
    tree = JsonSchema({"additionalProperties": {"$ref": "#"}, "type": "object"})
    assert tree.errors(nested(20, {})) == []
    assert [error.pointer for error in tree.errors(nested(20, 1))] == ["/a" * 20]


@pytest.mark.parametrize(
    "schema",
    [
        chained(30, {"allOf": [{"$ref": "#/$defs/NEXT"}, {"$ref": "#/$defs/NEXT"}]}),
        chained(30, {"anyOf": [{"$ref": "#/$defs/NEXT"}, {"$ref": "#/$defs/NEXT"}]}),
        chained(30, {"allOf": [{"$ref": "#/$defs/NEXT"}], "unevaluatedProperties": False}),
        chained(30, {"if": {"$ref": "#/$defs/NEXT"}, "then": {"$ref": "#/$defs/NEXT"}}),
        chained(400, {"allOf": [{"$ref": "#/$defs/NEXT"}]}),
        {"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}},
        {"patternProperties": {"a": {"$ref": "#"}, ".": {"$ref": "#"}}},
        {"anyOf": [{"const": number} for number in range(300)]},
    ],
    ids=lambda schema: json.dumps(schema)[:60],
)
def test_a_schema_that_looks_at_one_value_in_very_many_ways_is_refused(schema: dict[str, Any]) -> None:
    assert flaws(schema).popitem()[1].startswith(("could look", "refers to itself"))


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(a)\1", "refers back"),
        ("^.*(?!x)a", "looks ahead or behind where"),
        ("(?<=x)a", "looks ahead or behind where"),
        ("^((?!x).)*$", "looks ahead or behind where"),
        ("(a{1000}){1000}", "5,000 characters at once"),
        (r"^\p{L}{500}$", "8,000,000 bytes"),
        (r"\p{Script=Elvish}", "not known here"),
        ("(?i:a)", "flags of its own"),
        ("(?i)a", "no group begins with (?i)"),
    ],
)
def test_a_pattern_that_cannot_be_checked_in_linear_time_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    assert reason in flaws({"properties": {"a": {"pattern": pattern}}})["/properties/a/pattern"]
    assert reason in flaws({"patternProperties": {pattern: {}}}).popitem()[1]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_patterns_that_look_around_bind_texts_and_names_of_keys(dialect: Dialect) -> None:
    schema = JsonSchema(
        {
            "$schema": dialect.uri,
            "properties": {"a": {"pattern": "^(?!x-)(?=.*[0-9])[a-z0-9-]+(?<!-)$"}},
            "patternProperties": {"^(?!a$).": {"type": "integer"}},
        }
    )
    assert schema.errors({"a": "x1", "b": 1}) == []
    assert schema.errors({"a": 5}) == []
    told = 'the value does not match "^(?!x-)(?=.*[0-9])[a-z0-9-]+(?<!-)$"'
    for text in ("x-1", "xx", "X1", "x1-"):
        assert schema.errors({"a": text}) == [FieldError("/a", told)]
    assert schema.errors({"b": "x"}) == [FieldError("/b", 'the value is not of type "integer"')]


def test_a_pattern_takes_time_in_proportion_to_the_text_alone() -> None:
    schema = JsonSchema(
        {
            "properties": {
                "a": {"pattern": "^(a*)*b$"},
                "b": {"pattern": "^(a|a|aa)+$"},
                "c": {"pattern": "^(?!(a+)+b)(a|a)*$"},
            },
            "patternProperties": {"^(?!(d+)+e)(d|d)+$": False},
        }
    )
    assert len(schema.errors({"a": "a" * 50_000, "b": "a" * 50_000 + "b", "c": "a" * 50_000 + "b"})) == 3
    assert len(schema.errors({"d" * 50_000: 1, "d" * 50_000 + "e": 1})) == 1


HOSTILE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))
sys.path.insert(0, "src")
from shared.json.schemas import JsonSchema
schema = JsonSchema({"properties": {"a": {"items": {"anyOf": [{"const": n} for n in range(200)]}}}})
print(schema.errors({"a": ["x"] * int(sys.argv[1])}))
"""


@pytest.mark.parametrize(("values", "told"), [(2000, UNTOLD), (16_000, TOO_MANY_VALUES)])
def test_errors_without_number_neither_fill_the_memory_nor_hold_the_loop(values: int, told: str) -> None:
    # in a process of its own: it would take this one along
    run = subprocess.run(
        [sys.executable, "-c", HOSTILE, str(values)], capture_output=True, text=True, timeout=60, check=False
    )
    assert told in run.stdout, run.stderr


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "/", "~"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYWORDS = """dependencies additionalItems $recursiveRef $dynamicRef $recursiveAnchor $dynamicAnchor definitions id
nullable propertyNames prefixItems default type $ref properties items allOf anyOf not if then pattern enum
const required $id $schema $anchor $defs minimum format unevaluatedProperties patternProperties contains"""
keywords = st.sampled_from(KEYWORDS.split())
words = st.sampled_from(
    [
        *(each.uri for each in DIALECTS),
        *("object", "string", "#", "#/$defs/a", "#/properties/a", "#/", "#a", "x", "x#a", "#/default", "urn:x:y"),
        *("https://modplane.example/x", "(", "^a$", r"^(?!a)\b", "(a)|[^b]{3}", "a", "date", "regex"),
    ]
)
subschemas = st.recursive(
    st.booleans() | st.dictionaries(keywords, words | values, max_size=2),
    lambda inner: st.dictionaries(
        keywords,
        inner | st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        max_size=3,
    ),
    max_leaves=8,
)


@given(st.dictionaries(keywords, subschemas | words | values, max_size=4), values)
def test_whatever_is_brought_is_refused_or_answers(document: dict[str, Any], value: Any) -> None:
    try:
        schema = JsonSchema(document)
    except UnusableSchema:
        return
    complete = schema.errors(value)
    assert set(schema.errors(value, complete=False)) <= set(complete)
    assert len(set(complete)) == len(complete)
