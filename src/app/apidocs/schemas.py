"""JSON Schemas (2020-12) of structs, and of what travels through Kafka and is kept in the event log."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from inspect import cleandoc, getdoc
from typing import Any, get_args

import msgspec
from msgspec import UNSET, Struct, inspect

from app.apidocs import Schema
from app.apidocs.examples import AGGREGATES, Examples
from app.contexts import CONTEXTS
from app.migration.migrate import EVENT_SOURCES
from app.status.wiring import SYSTEM
from shared.dead_letters.service import DeadLetterDroppedEvent, DeadLetterRetriedEvent
from shared.messages import CommandEnvelope, Event, EventEnvelope, command_topic, stream_name

PYTHON_ANCHORS = {r"\A": "^", r"\Z": "$", r"(?!\n)": ""}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFINITION = "#/$defs/{name}"
FIELDS_OF_EVENTS = ("organization_id", "module_id")
"""Fields of the envelope that repeat the event's own field of this name, and are null where it has none."""


class EventType(Struct, frozen=True):
    """A class of events. `published`: it has a topic; the others are for audit alone."""

    context: str
    class_: type[Event]
    published: bool

    @property
    def topic(self) -> str:
        return self.class_.topic


def event_types() -> list[EventType]:
    types = [
        EventType(context.name, class_, context.name in EVENT_SOURCES)
        for context in CONTEXTS
        if find_spec(f"{context.name}.events") is not None
        for class_ in import_module(f"{context.name}.events").EVENTS.values()
    ]
    types += [EventType(SYSTEM, class_, published=False) for class_ in (DeadLetterDroppedEvent, DeadLetterRetriedEvent)]
    return sorted(types, key=lambda event: event.topic)


def command_types() -> Iterator[tuple[str, list[type[Struct]]]]:
    for name in EVENT_SOURCES:
        union = import_module(f"{name}.commands").Command
        yield name, list(get_args(union)) or [union]


def message_schemas() -> Mapping[str, Schema]:
    events = {f"events/{event.topic}.json": event_schema(event) for event in event_types()}
    commands = {f"commands/{command_topic(name)}.json": command_schema(name, types) for name, types in command_types()}
    return events | commands


def event_schema(event: EventType) -> Schema:
    named = schemas_of([EventEnvelope, event.class_], DEFINITION, sent=True)[1]
    envelope = named.pop(EventEnvelope.__name__)
    payload = event.class_.__name__
    own = named[payload]["properties"] if event.published else envelope["properties"]
    stream = {"pattern": f"^{event.context}:.", "examples": [stream_name(event.context, AGGREGATES[event.context])]}
    settled = {
        "type": {"type": "string", "const": event.topic},
        "stream": {"type": "string", **stream},
        "payload": {"$ref": DEFINITION.format(name=payload)},
        **{name: own.get(name, {"type": "null"}) for name in FIELDS_OF_EVENTS},
    }
    head = {"$id": f"urn:modplane:event:{event.topic}", "title": payload, "description": str(getdoc(event.class_))}
    schema = record_schema(head, envelope, settled, named)
    return {**schema, "examples": [Examples(named).of(schema)]}


def command_schema(context: str, classes: list[type[Struct]]) -> Schema:
    named = schemas_of([CommandEnvelope, *classes], DEFINITION)[1]
    envelope = named.pop(CommandEnvelope.__name__)
    commands = [{"$ref": DEFINITION.format(name=class_.__name__)} for class_ in classes]
    head = {
        "$id": f"urn:modplane:commands:{context}",
        "title": f"Commands of {context}",
        "description": "Records of the context's command topic. Internal: only Modplane writes and reads them.",
    }
    return record_schema(head, envelope, {"command": {"oneOf": commands}}, named)


def record_schema(head: Schema, envelope: Schema, settled: Schema, named: Mapping[str, Schema]) -> Schema:
    return {
        "$schema": DIALECT,
        **head,
        "type": "object",
        "properties": envelope["properties"] | settled,
        "required": envelope["required"],
        "$defs": named,
    }


def schemas_of(types: Sequence[Any], where: str, *, sent: bool = False) -> tuple[list[Schema], dict[str, Schema]]:
    """Return a schema of each type, and the named ones they refer to, by name.

    `where` is a reference with a place for `{name}`. `sent`: the structs are only sent, and so complete.
    """
    schemas, named = msgspec.json.schema_components(types, ref_template=where)
    structs = {struct.cls.__name__: struct for struct in structs_in(types)}
    for schema in [*schemas, *named.values()]:
        if struct := structs.get(schema.get("title", "")):
            mark_moments(schema, struct)
    named = {name: polished(named[name]) for name in sorted(named)}
    if sent:
        named = {name: complete(schema, structs[name].cls) for name, schema in named.items()}
    return [polished(schema) for schema in schemas], named


def complete(schema: Schema, struct: Any) -> Schema:
    """Return the schema of what is sent: every field is present but those that may be left unset."""
    if "properties" not in schema:
        return schema
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    required = [name for name in schema["properties"] if name not in fields or fields[name].default is not UNSET]
    properties = {
        name: {key: value for key, value in each.items() if key != "default"}
        for name, each in schema["properties"].items()
    }
    return {**schema, "properties": properties, "required": required}


def structs_in(types: Sequence[Any]) -> Iterator["inspect.StructType"]:
    seen: set[Any] = set()
    waiting: list[Any] = list(inspect.multi_type_info(types))
    while waiting:
        type_ = waiting.pop()
        if not isinstance(type_, inspect.StructType):
            waiting += parts_of(type_)
        elif type_.cls not in seen:
            seen.add(type_.cls)
            yield type_
            waiting += [field.type for field in type_.fields]


def parts_of(type_: Any) -> list[Any]:
    if isinstance(type_, inspect.UnionType):
        return list(type_.types)
    if isinstance(type_, inspect.TupleType):
        return list(type_.item_types)
    names = ("item_type", "value_type", "type")
    return [getattr(type_, name) for name in names if isinstance(getattr(type_, name, None), inspect.Type)]


def mark_moments(schema: Schema, struct: "inspect.StructType") -> None:
    """Set the format of date-time fields: msgspec does so only where the type demands a time zone."""
    for field in struct.fields:
        if is_moment(field.type):
            property_ = schema["properties"][field.encode_name]
            for each in property_.get("anyOf", [property_]):
                if each.get("type") == "string":
                    each.setdefault("format", "date-time")


def is_moment(type_: Any) -> bool:
    return isinstance(type_, inspect.DateTimeType) or any(is_moment(part) for part in parts_of(type_))


def polished(schema: Any) -> Any:
    """Return the schema with texts without indentation, the type of listed values, and portable patterns."""
    if isinstance(schema, list):
        return [polished(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    clean = {key: polished(value) for key, value in schema.items()}
    if isinstance(clean.get("description"), str):
        clean["description"] = cleandoc(clean["description"])
    if isinstance(clean.get("pattern"), str):
        for python, everywhere in PYTHON_ANCHORS.items():
            clean["pattern"] = clean["pattern"].replace(python, everywhere)
    if isinstance(clean.get("enum"), list) and all(isinstance(value, str) for value in clean["enum"]):
        clean = {"type": "string", **clean}
    if clean.get("anyOf") in ([{}, {"type": "null"}], [{"type": "null"}, {}]):
        del clean["anyOf"]
    return clean


def reached_from(schemas: Any, named: Mapping[str, Schema]) -> set[str]:
    reached: set[str] = set()
    waiting = list(references_in(schemas))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += references_in(named[name])
    return reached


def references_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        schema = list(schema.values())
    if isinstance(schema, list):
        for value in schema:
            yield from references_in(value)
