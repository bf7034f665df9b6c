"""The AsyncAPI document: every topic with its messages, their keys and headers, and what is guaranteed of them."""

from collections.abc import Mapping
from inspect import getdoc
from typing import Any

import msgspec

from app.apidocs import Schema, read_data
from app.apidocs.examples import AGGREGATES
from app.apidocs.schemas import EventType, command_types, event_types
from app.migration.migrate import topics
from shared.messages import EventEnvelope, cloud_event_headers, command_topic

BINDING = "0.5.0"
JSON = "application/json"
FIXED: Schema = read_data("asyncapi.yaml")
HEADERS: Schema = FIXED["components"]["messageTraits"]["event"]["headers"]
COMMAND_HEADERS: Schema = {
    "type": "object",
    "properties": {"content-type": {"type": "string", "const": JSON}},
    "required": ["content-type"],
}


def asyncapi_document(schemas: Mapping[str, Schema]) -> Schema:
    pieces = Pieces(schemas)
    for event in event_types():
        if event.published:
            pieces.add_event(event)
    for context, _ in command_types():
        pieces.add_commands(context)
    return {
        **{key: value for key, value in FIXED.items() if key != "components"},
        "channels": pieces.channels,
        "operations": pieces.operations,
        "components": {"messages": pieces.messages, **FIXED["components"], "schemas": pieces.schemas},
    }


KEYS = {
    "organization": "The organization's id.",
    "registry": "The module's id.",
    "industries": "The industry's code.",
}


class Pieces:
    def __init__(self, files: Mapping[str, Schema]) -> None:
        self.channels: dict[str, Schema] = {}
        self.operations: dict[str, Schema] = {}
        self.messages: dict[str, Schema] = {}
        self.schemas: dict[str, Schema] = {}
        self._files = files

    def add_event(self, event: EventType) -> None:
        schema = self._files[f"events/{event.topic}.json"]
        name = event.class_.__name__
        by_organization = "organization_id" in schema["$defs"][name]["properties"]
        key = KEYS["organization" if by_organization else event.context]
        example = schema["examples"][0]
        self._add_schemas(name, schema)
        self.messages[name] = {
            "name": name,
            "title": name,
            "summary": str(getdoc(event.class_)).partition("\n\n")[0].replace("\n", " "),
            "description": f"{getdoc(event.class_)}\n\nIts stream is `{event.context}:…`; `sequence` counts that.",
            "tags": [{"name": "event"}],
            "traits": [{"$ref": "#/components/messageTraits/event"}],
            "correlationId": {"location": "$message.payload#/operation_id"},
            "payload": {"$ref": f"#/components/schemas/{name}Message"},
            "bindings": binding({"key": {"type": "string", "description": key}}),
            "examples": [{"name": "usual", "headers": headers_of(example), "payload": example}],
        }
        self._add_channel(event.topic, name, "send", "event", key)

    def add_commands(self, context: str) -> None:
        topic, name = command_topic(context), f"{context.title()}Command"
        key = f"The aggregate's id, such as `{AGGREGATES[context]}`."
        self._add_schemas(name, self._files[f"commands/{topic}.json"])
        self.messages[name] = {
            "name": name,
            "title": f"A command of {context}",
            "summary": "Internal: decided by the context's consumer group, in the order of its key.",
            "description": "Sent by the API. Its operation is decided once, however often the record is delivered.",
            "tags": [{"name": "command"}, {"name": "internal"}],
            "headers": COMMAND_HEADERS,
            "contentType": JSON,
            "correlationId": {"location": "$message.payload#/operation_id"},
            "payload": {"$ref": f"#/components/schemas/{name}Message"},
            "bindings": binding({"key": {"type": "string", "description": key}}),
        }
        self._add_channel(topic, name, "receive", "internal", key)

    def _add_channel(self, topic: str, message: str, action: str, tag: str, key: str) -> None:
        retention = int(topics()[topic]["retention.ms"])
        self.channels[topic] = {
            "address": topic,
            "title": topic,
            "description": f"Key: {key[0].lower()}{key[1:]} Order is kept within a key. Records stay for "
            f"{retention // 86_400_000} days.",
            "servers": [{"$ref": "#/servers/kafka"}],
            "messages": {message: {"$ref": f"#/components/messages/{message}"}},
            "tags": [{"name": tag}],
            "bindings": binding({"topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": retention}}),
        }
        self.operations[f"{action}{message}"] = {
            "action": action,
            "title": f"{'Publish' if action == 'send' else 'Decide'} {message}",
            "summary": self.messages[message]["summary"],
            "description": self.messages[message]["description"],
            "channel": {"$ref": f"#/channels/{topic}"},
            "messages": [{"$ref": f"#/channels/{topic}/messages/{message}"}],
            "tags": [{"name": tag}],
        }

    def _add_schemas(self, name: str, file: Schema) -> None:
        """Add the schemas of a file, under a longer name where another file's schema has the short one."""
        short = {each: moved(schema, {}) for each, schema in file["$defs"].items()}
        taken = {each for each, schema in short.items() if self.schemas.get(each, schema) != schema}
        names = {each: name + each for each in taken}
        whole = {key: value for key, value in file.items() if key not in {"$schema", "$id", "$defs", "examples"}}
        self.schemas |= {names.get(each, each): moved(schema, names) for each, schema in file["$defs"].items()}
        self.schemas[f"{name}Message"] = moved(whole, names)


def binding(kafka: Schema) -> Schema:
    return {"kafka": {**kafka, "bindingVersion": BINDING}}


def moved(schema: Any, names: Mapping[str, str]) -> Any:
    if isinstance(schema, list):
        return [moved(each, names) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        short = schema["$ref"].rpartition("/")[2]
        return {"$ref": f"#/components/schemas/{names.get(short, short)}"}
    return {key: moved(value, names) for key, value in schema.items()}


def headers_of(example: Schema) -> Mapping[str, str]:
    return cloud_event_headers(msgspec.json.decode(msgspec.json.encode(example), type=EventEnvelope))
