"""JSON Schemas (2020-12) of the structs that travel: msgspec's own, completed with what it leaves out."""

from collections.abc import Iterator, Mapping, Sequence
from inspect import cleandoc
from typing import Any

import msgspec
from msgspec import UNSET, inspect

Schema = dict[str, Any]

PYTHON_ANCHORS = {r"\A": "^", r"\Z": "$", r"(?!\n)": ""}


def schemas_of(types: Sequence[Any], where: str) -> tuple[list[Schema], dict[str, Schema]]:
    """A schema of each type, and the named ones they refer to. `where` is a reference with a place for `{name}`."""
    schemas, named = msgspec.json.schema_components(types, ref_template=where)
    for struct in structs_in(types):
        for schema in [*schemas, *named.values()]:
            if schema.get("title") == struct.cls.__name__:
                tell_moments(schema, struct)
    return [polished(schema) for schema in schemas], {name: polished(named[name]) for name in sorted(named)}


def complete(schema: Schema, struct: Any) -> Schema:
    """The schema of what is sent, not asked for: every field is there but those that may be left unset."""
    if "properties" not in schema:
        return schema
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    required = [name for name in schema["properties"] if name not in fields or fields[name].default is not UNSET]
    properties = {name: without_default(each) for name, each in schema["properties"].items()}
    return {**schema, "properties": properties, "required": required}


def structs_in(types: Sequence[Any]) -> Iterator["inspect.StructType"]:
    """Every struct the types are made of, once."""
    seen: set[Any] = set()
    waiting: list[Any] = list(inspect.multi_type_info(types))
    while waiting:
        found = waiting.pop()
        if isinstance(found, inspect.StructType):
            if found.cls in seen:
                continue
            seen.add(found.cls)
            yield found
            waiting += [field.type for field in found.fields]
        else:
            waiting += parts_of(found)


def parts_of(type_: Any) -> list[Any]:
    """The types a type is made of."""
    if isinstance(type_, inspect.UnionType):
        return list(type_.types)
    if isinstance(type_, inspect.TupleType):
        return list(type_.item_types)
    names = ("item_type", "value_type", "type")
    return [getattr(type_, name) for name in names if isinstance(getattr(type_, name, None), inspect.Type)]


def tell_moments(schema: Schema, struct: "inspect.StructType") -> None:
    """Says of fields that hold a moment that they do: msgspec does so only where the type demands a time zone."""
    for field in struct.fields:
        if any(isinstance(part, inspect.DateTimeType) for part in [field.type, *parts_of(field.type)]):
            told = schema["properties"][field.encode_name]
            for each in told.get("anyOf", [told]):
                if each.get("type") == "string":
                    each.setdefault("format", "date-time")


def polished(schema: Any) -> Any:
    """Texts without the indentation of code, types of listed values, patterns as every language reads them."""
    if isinstance(schema, list):
        return [polished(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: polished(value) for key, value in schema.items()}
    if isinstance(told.get("description"), str):
        told["description"] = cleandoc(told["description"])
    if isinstance(told.get("pattern"), str):
        for python, everywhere in PYTHON_ANCHORS.items():
            told["pattern"] = told["pattern"].replace(python, everywhere)
    if isinstance(told.get("enum"), list) and all(isinstance(value, str) for value in told["enum"]):
        told = {"type": "string", **told}
    if told.get("anyOf") in ([{}, {"type": "null"}], [{"type": "null"}, {}]):
        del told["anyOf"]
    return told


def without_default(schema: Schema) -> Schema:
    """What a sender always sends has no default."""
    return {key: value for key, value in schema.items() if key != "default"}


def reached_from(schemas: Any, named: Mapping[str, Schema]) -> set[str]:
    """The names of all schemas that these refer to, directly or not."""
    reached: set[str] = set()
    waiting = list(references_in(schemas))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += references_in(named[name])
    return reached


def references_in(schema: Any) -> Iterator[str]:
    """The names a schema refers to."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from references_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references_in(value)
