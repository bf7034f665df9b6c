"""JSON Schemas of what travels through Kafka and rests in the event log: one of each event and each command topic."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from inspect import getdoc
from typing import Any, get_args

from msgspec import Struct

from app.apidocs.examples import AGGREGATES, Examples
from app.apidocs.schemas import complete, schemas_of, structs_in
from app.contexts import CONTEXTS
from app.migration.migrate import EVENT_SOURCES
from app.status.wiring import SYSTEM
from shared.dead_letters.service import DeadLetterDroppedEvent, DeadLetterRetriedEvent
from shared.messages import CommandEnvelope, Event, EventEnvelope, command_topic, stream_name

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
WHERE = "#/$defs/{name}"
OF_THE_EVENT = ("organization_id", "module_id")
"""Fields of the envelope that are the event's own field of this name, and null where it has none."""


class EventType(Struct, frozen=True):
    """A class of events. `published`: it has a topic; the others are for audit alone."""

    context: str
    class_: type[Event]
    published: bool

    @property
    def topic(self) -> str:
        """Its topic, or its type in the event log."""
        return self.class_.topic


def event_types() -> list[EventType]:
    """All there are, by topic."""
    found = [
        EventType(context.name, class_, context.name in EVENT_SOURCES)
        for context in CONTEXTS
        if find_spec(f"{context.name}.events") is not None
        for class_ in import_module(f"{context.name}.events").EVENTS.values()
    ]
    found += [EventType(SYSTEM, class_, published=False) for class_ in (DeadLetterDroppedEvent, DeadLetterRetriedEvent)]
    return sorted(found, key=lambda event: event.topic)


def event_schema(event: EventType) -> Schema:
    """The schema of a record of this type: the envelope with what the type settles, and the payload."""
    _, named = schemas_of([EventEnvelope, event.class_], WHERE)
    classes = {struct.cls.__name__: struct.cls for struct in structs_in([EventEnvelope, event.class_])}
    named = {name: complete(schema, classes[name]) for name, schema in named.items()}
    envelope = named.pop(EventEnvelope.__name__)
    payload = event.class_.__name__
    own = named[payload]["properties"]
    settled = {
        "type": {"type": "string", "const": event.topic},
        "stream": stream_of(event.context),
        "payload": {"$ref": f"#/$defs/{payload}"},
        **{name: own.get(name, {"type": "null"}) for name in OF_THE_EVENT},
    }
    if not event.published:
        settled |= {name: envelope["properties"][name] for name in OF_THE_EVENT}
    schema = {
        "$schema": DIALECT,
        "$id": f"urn:modplane:event:{event.topic}",
        "title": payload,
        "description": str(getdoc(event.class_)),
        "type": "object",
        "properties": {name: settled.get(name, told) for name, told in envelope["properties"].items()},
        "required": envelope["required"],
        "$defs": named,
    }
    return {**schema, "examples": [Examples({**named, payload: named[payload]}).of(schema, "", "EventEnvelope")]}


def stream_of(context: str) -> Schema:
    """The name of a stream of this context."""
    return {"type": "string", "pattern": f"^{context}:.", "examples": [stream_name(context, AGGREGATES[context])]}


def command_types() -> Iterator[tuple[str, list[type[Struct]]]]:
    """The contexts that take commands, and the classes of these."""
    for name in EVENT_SOURCES:
        union = import_module(f"{name}.commands").Command
        yield name, list(get_args(union)) or [union]


def command_schema(context: str, classes: list[type[Struct]]) -> Schema:
    """The schema of a record of a context's command topic."""
    _, named = schemas_of([CommandEnvelope, *classes], WHERE)
    envelope = named.pop(CommandEnvelope.__name__)
    commands = [{"$ref": f"#/$defs/{class_.__name__}"} for class_ in classes]
    return {
        "$schema": DIALECT,
        "$id": f"urn:modplane:commands:{context}",
        "title": f"Commands of {context}",
        "description": "What travels on the context's command topic. Modplane's own: nobody else writes or reads it.",
        "type": "object",
        "properties": {**envelope["properties"], "command": {"oneOf": commands}},
        "required": envelope["required"],
        "$defs": named,
    }


def message_schemas() -> Mapping[str, Schema]:
    """Every schema by its file."""
    events = {f"events/{event.topic}.json": event_schema(event) for event in event_types()}
    commands = {f"commands/{command_topic(name)}.json": command_schema(name, types) for name, types in command_types()}
    return events | commands
