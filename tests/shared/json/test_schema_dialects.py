"""Each schema is judged by the dialect it declares: features of schemas that people publish, and a second opinion."""

from typing import Any

import jsonschema
import pytest

from shared.errors import FieldError
from shared.json.schema_dialects import DIALECTS, Dialect
from shared.json.schemas import JsonSchema, UnusableSchema

DRAFT_04, DRAFT_06, DRAFT_07, OF_2019, OF_2020 = (each.uri for each in DIALECTS)

HELM: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "https://charts.example/web/values.schema.json",
    "title": "Values",
    "type": "object",
    "required": ["image"],
    "additionalProperties": False,
    "properties": {
        "image": {"$ref": "#/definitions/image"},
        "replicaCount": {"$id": "#/properties/replicaCount", "type": "integer", "exclusiveMinimum": 0, "default": 1},
        "service": {
            "type": "object",
            "properties": {"type": {"enum": ["ClusterIP", "NodePort"]}, "nodePort": {"type": ["integer", "null"]}},
            "if": {"properties": {"type": {"const": "NodePort"}}, "required": ["type"]},
            "then": {"required": ["nodePort"]},
        },
        "hosts": {"type": "array", "items": {"type": "string", "format": "hostname"}, "uniqueItems": True},
        "limits": {
            "$ref": "values.schema.json#limits",
            "description": "beside a reference: overlooked",
            "minProperties": 5,
        },
        "env": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "propertyNames": {"pattern": "^[A-Z_]+$"},
        },
        "probe": {"dependencies": {"path": ["port"], "port": {"required": ["path"]}}},
    },
    "definitions": {
        "image": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string", "pattern": "^\\S{1,255}$"}},
        },
        "limits": {"$id": "#limits", "type": "object", "properties": {"cpu": {"type": ["string", "number"]}}},
    },
}
PACKAGE: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "id": "https://json.example/package.json",
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "version": {"type": "number", "minimum": 1, "exclusiveMinimum": True, "maximum": 9},
        "pair": {"items": [{"type": "string"}, {"type": "integer"}], "additionalItems": False},
        "parts": {"type": "array", "items": {"$ref": "https://json.example/package.json#/definitions/part"}},
        "main": {"$ref": "package.json#main"},
        "deps": {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}},
    },
    "definitions": {
        "part": {"anyOf": [{"type": "string"}, {"$ref": "#"}]},
        "main": {"id": "#main", "type": "string", "format": "uri"},
    },
}
TREE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2019-09/schema",
    "$id": "https://json.example/tree",
    "$recursiveAnchor": True,
    "type": "object",
    "properties": {
        "name": {"$ref": "#name", "minLength": 2},
        "children": {"type": "array", "items": {"$recursiveRef": "#"}},
        "pair": {"items": [{"type": "string"}], "additionalItems": {"type": "integer"}},
        "tags": {"contains": {"const": "x"}, "minContains": 2},
        "known": {"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False},
        "card": {"dependentRequired": {"number": ["owner"]}, "dependentSchemas": {"owner": {"minProperties": 2}}},
    },
    "additionalProperties": False,
    "$defs": {"name": {"$anchor": "name", "type": "string"}},
}
LATEST: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema#",
    "$id": "https://json.example/latest/schema.json",
    "type": "object",
    "properties": {
        "pair": {"prefixItems": [{"type": "string"}], "items": {"type": "integer"}},
        "inner": {"$ref": "inner.json"},
        "other": {"$ref": "https://json.example/latest/inner.json#/$defs/size"},
        "list": {"items": {"$dynamicRef": "#item"}},
        "old": {"$ref": "#/definitions/old"},
    },
    "definitions": {"old": {"type": "null"}},
    "$defs": {
        "inner": {
            "$id": "inner.json",
            "properties": {"size": {"$ref": "#/$defs/size"}},
            "$defs": {"size": {"minimum": 3}},
        },
        "item": {"$dynamicAnchor": "item", "type": "boolean"},
    },
}


@pytest.mark.parametrize(
    ("schema", "value", "fits"),
    [
        (HELM, {"image": {"name": "web"}, "replicaCount": 1, "probe": {"path": "/", "port": 1}}, True),
        (HELM, {"image": {"name": "w" * 255}, "env": {"A_B": "x"}, "hosts": ["a.example"], "limits": {"cpu": 1}}, True),
        (HELM, {"image": {"name": "w" * 256}}, False),
        (HELM, {"image": {"name": "w"}, "replicaCount": 0}, False),
        (HELM, {"image": {"name": "w"}, "limits": {"cpu": True}}, False),
        (HELM, {"image": {"name": "w"}, "service": {"type": "NodePort"}}, False),
        (HELM, {"image": {"name": "w"}, "service": {"type": "NodePort", "nodePort": None}}, True),
        (HELM, {"image": {"name": "w"}, "hosts": ["a", "a"]}, False),
        (HELM, {"image": {"name": "w"}, "env": {"a": "x"}}, False),
        (HELM, {"image": {"name": "w"}, "probe": {"path": "/"}}, False),
        (HELM, {"image": {"name": "w"}, "probe": {"port": 1}}, False),
        (HELM, {}, False),
        (PACKAGE, {"id": "x", "version": 1.5, "pair": ["a", 1], "parts": ["a", {"parts": []}], "main": "x:y"}, True),
        (PACKAGE, {"version": 1}, False),
        (PACKAGE, {"version": 9}, True),
        (PACKAGE, {"pair": ["a", 1, 2]}, False),
        (PACKAGE, {"pair": ["a", "b"]}, False),
        (PACKAGE, {"parts": [{"parts": [5]}]}, False),
        (PACKAGE, {"main": 5}, False),
        (PACKAGE, {"deps": {"a": 1}}, False),
        (PACKAGE, {"deps": {"c": 1, "d": 1}}, True),
        (TREE, {"name": "ab", "children": [{"name": "cd", "children": []}], "known": {"a": 1}}, True),
        (TREE, {"known": {"b": 1}}, False),
        (TREE, {"name": "a"}, False),
        (TREE, {"children": [{"children": [{"unknown": 1}]}]}, False),
        (TREE, {"pair": ["a", 1, 2]}, True),
        (TREE, {"pair": ["a", "b"]}, False),
        (TREE, {"tags": ["x", "y"]}, False),
        (TREE, {"tags": ["x", "x"]}, True),
        (TREE, {"card": {"number": 1}}, False),
        (TREE, {"card": {"owner": 1}}, False),
        (LATEST, {"pair": ["a", 1], "inner": {"size": 3}, "other": 3, "list": [True], "old": None}, True),
        (LATEST, {"pair": ["a", "b"]}, False),
        (LATEST, {"inner": {"size": 2}}, False),
        (LATEST, {"other": 2}, False),
        (LATEST, {"list": [1]}, False),
        (LATEST, {"old": 1}, False),
    ],
)
def test_a_schema_as_people_publish_it_is_taken_and_judges_by_its_own_dialect(
    schema: dict[str, Any], value: Any, fits: bool
) -> None:
    errors = JsonSchema(schema).errors(value)
    assert (errors == []) == fits, errors
    asserting = jsonschema.validators.validator_for(schema)
    assert asserting(schema, format_checker=asserting.FORMAT_CHECKER).is_valid(value) == fits


@pytest.mark.parametrize(
    ("spelled", "dialect"),
    [
        (spelled, dialect)
        for dialect in DIALECTS
        for name in [dialect.uri.partition("://")[2]]
        for spelled in (f"http://{name}", f"https://{name}", f"http://{name}#", f"https://{name}#")
    ],
)
def test_a_dialect_is_known_by_each_of_its_spellings(spelled: str, dialect: Dialect) -> None:
    # of a list of schemas, the first dialects say what comes in turn, and the last does not know it
    schema: dict[str, Any] = {"$schema": spelled, "properties": {"a": {"items": [{"type": "string"}]}}}
    if dialect is DIALECTS[-1]:
        with pytest.raises(UnusableSchema, match="prefixItems"):
            JsonSchema(schema)
    else:
        assert [error.pointer for error in JsonSchema(schema).errors({"a": [1, 2]})] == ["/a/0"]


def test_without_a_word_a_schema_is_of_the_latest_dialect() -> None:
    assert JsonSchema({"prefixItems": [{"type": "string"}]}).errors([1]) != []


IDENTIFIED = "https://modplane.example/a/b.json"


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("place", [IDENTIFIED, "b.json", "/a/b.json", "//modplane.example/a/b.json", "../a/b.json", ""])
def test_a_schema_may_refer_to_itself_by_its_own_name(dialect: Dialect, place: str) -> None:
    schema = {
        "$schema": dialect.uri,
        dialect.id_keyword: IDENTIFIED,
        "properties": {"x": {"$ref": f"{place}#/definitions/x"}, "whole": {"$ref": f"{place}#"}},
        "definitions": {"x": {"type": "integer"}},
    }
    assert [error.pointer for error in JsonSchema(schema).errors({"x": "a", "whole": {"x": "b"}})] == ["/x", "/whole/x"]


@pytest.mark.parametrize(
    ("schema", "pointer", "told"),
    [
        ({"prefixItems": [{}], "additionalItems": False}, "/additionalItems", "no effect in 2020-12"),
        (
            {"properties": {"a": {"type": "string", "nullable": True}}},
            "/properties/a/nullable",
            "allow null by the type",
        ),
        (
            {"$schema": DRAFT_07, "$ref": "#/definitions/a", "definitions": {"a": {}}, "nullable": True},
            "/nullable",
            "null",
        ),
        ({"properties": {"a": {"$recursiveRef": "#"}}}, "/properties/a/$recursiveRef", "(2019-09)"),
        ({"$schema": OF_2019, "properties": {"a": {"$dynamicRef": "#"}}}, "/properties/a/$dynamicRef", "(2020-12)"),
        ({"$schema": OF_2019, "prefixItems": [{}]}, "/prefixItems", "no keyword of 2019-09"),
        ({"$schema": DRAFT_07, "dependentRequired": {"a": ["b"]}}, "/dependentRequired", "(2019-09, 2020-12)"),
        ({"$schema": DRAFT_07, "unevaluatedProperties": False}, "/unevaluatedProperties", "no keyword of draft-07"),
        ({"$schema": DRAFT_06, "if": True, "then": False}, "/if", "(draft-07, 2019-09, 2020-12)"),
        ({"$schema": DRAFT_04, "items": {"const": 1}}, "/items/const", "no keyword of draft-04"),
        ({"$schema": DRAFT_04, "contains": {}}, "/contains", "no keyword of draft-04"),
        ({"$schema": DRAFT_04, "exclusiveMinimum": 1}, "/exclusiveMinimum", "boolean"),
        ({"$schema": DRAFT_06, "minimum": 1, "exclusiveMinimum": True}, "/exclusiveMinimum", "number"),
        ({"divisibleBy": 2}, "/divisibleBy", "no keyword of 2020-12"),
        ({"extends": {}}, "/extends", "no keyword of 2020-12"),
    ],
)
def test_a_keyword_that_would_have_no_effect_is_refused_with_the_reason(
    schema: dict[str, Any], pointer: str, told: str
) -> None:
    with pytest.raises(UnusableSchema) as refused:
        JsonSchema(schema)
    assert told in {error.pointer: error.message for error in refused.value.errors}[pointer]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_what_only_describes_is_taken_in_every_dialect(dialect: Dialect) -> None:
    described = {"title": "A", "x-order": 1, "examples": [{"$ref": "y"}], "default": {"id": "z"}, "nullable": False}
    schema = {"$schema": dialect.uri, "properties": {"a": {"type": ["string", "null"], **described, "nullable": True}}}
    assert JsonSchema(schema | described).errors({"a": None}) == []


@pytest.mark.parametrize("uri", [OF_2019, OF_2020])
def test_dependencies_of_earlier_dialects_are_kept(uri: str) -> None:
    schema = JsonSchema({"$schema": uri, "dependencies": {"a": ["b"], "c": {"required": ["d"]}}})
    assert schema.errors({"a": 1, "c": 1}) == [FieldError("/b", "is missing"), FieldError("/d", "is missing")]


@pytest.mark.parametrize(
    ("dialect", "link"),
    [
        (DRAFT_04, {"items": [{"$ref": "#"}, {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}]}),
        (DRAFT_06, {"additionalItems": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, "items": [{}]}),
        (DRAFT_07, {"contains": {"$ref": "#"}, "items": {"$ref": "#"}}),
        (DRAFT_07, {"properties": {"a": {"if": {"$ref": "#"}, "then": {"$ref": "#"}}}}),
        (DRAFT_07, {"dependencies": {"a": {"$ref": "#"}}}),
        (OF_2019, {"properties": {"a": {"allOf": [{"$recursiveRef": "#"}, {"$ref": "#"}]}}}),
        (OF_2019, {"properties": {"a": {"$ref": "#", "unevaluatedProperties": False}}}),
        (OF_2020, {"properties": {"a": {"$dynamicRef": "#", "$ref": "#"}}}),
        (OF_2020, {"$id": IDENTIFIED, "properties": {"a": {"allOf": [{"$ref": IDENTIFIED}, {"$ref": "b.json"}]}}}),
    ],
)
def test_the_cost_is_bounded_in_every_dialect(dialect: str, link: dict[str, Any]) -> None:
    with pytest.raises(UnusableSchema, match=r"more than 256 ways|refers to itself"):
        JsonSchema({"$schema": dialect, **link})


def test_what_a_dialect_overlooks_beside_a_reference_costs_nothing() -> None:
    twice = {"allOf": [{"$ref": "#/definitions/a"}, {"$ref": "#/definitions/a"}]}
    schema = {
        "properties": {"a": {"$ref": "#/definitions/a", **twice}},
        "definitions": {"a": {"additionalProperties": {"$ref": "#", **twice}}},
    }
    assert JsonSchema({"$schema": DRAFT_07, **schema}).errors({"a": {"b": {}}}) == []
    with pytest.raises(UnusableSchema, match="more than 256 ways"):
        JsonSchema(schema)
