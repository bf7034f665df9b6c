"""What a schema may become while others read events of it, or have sent commands of it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from app.apidocs.compatibility import kept_for_readers, kept_for_writers
from app.apidocs.schemas import message_schemas

Schema = dict[str, Any]
Change = Callable[[Schema], Any]

SCHEMAS = message_schemas()
EVENT = SCHEMAS["events/tenant.module.assigned.json"]
COMMANDS = SCHEMAS["commands/tenant.commands.assignments.json"]


def changed(schema: Schema, change: Change) -> Schema:
    new = deepcopy(schema)
    change(new)
    return new


def fields(schema: Schema, struct: str) -> Schema:
    found: Schema = schema["$defs"][struct]["properties"]
    return found


def add_field(name: str, struct: str, schema: Schema, *, required: bool) -> Schema:
    fields(schema, struct)[name] = {"type": "string"}
    if required:
        schema["$defs"][struct]["required"].append(name)
    return schema


def drop_field(name: str, struct: str, schema: Schema) -> Schema:
    del fields(schema, struct)[name]
    schema["$defs"][struct]["required"].remove(name)
    return schema


def forbid_field(name: str, struct: str, schema: Schema) -> Schema:
    drop_field(name, struct, schema)
    schema["$defs"][struct]["additionalProperties"] = False
    return schema


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_keeps_its_own_promises(name: str) -> None:
    assert kept_for_readers(SCHEMAS[name], SCHEMAS[name]) == []
    assert kept_for_writers(SCHEMAS[name], SCHEMAS[name]) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda s: add_field("colour", "ModuleChange", s, required=True),
        lambda s: s["$defs"]["ModuleChange"].update(description="Said better."),
        lambda s: fields(s, "ModuleChange").update(change={"type": "string", "enum": ["added", "removed"]}),
        lambda s: fields(s, "Source").update(by={"type": "string"}),
        lambda s: fields(s, "ModuleChange")["module_id"].update(maxLength=63),
    ],
    ids=["another field", "another description", "fewer values", "never null", "a bound"],
)
def test_readers_do_not_notice(change: Change) -> None:
    assert kept_for_readers(EVENT, changed(EVENT, change)) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: drop_field("config", "ModuleChange", s), "/payload/modules/*/config: may be missing or is gone"),
        (lambda s: s["required"].remove("sequence"), "/sequence: may be missing or is gone"),
        (
            lambda s: fields(s, "ModuleChange").update(module_id={"type": "integer"}),
            "/payload/modules/*/module_id: integer where it is string",
        ),
        (
            lambda s: fields(s, "ModuleChange").update(module_id={"anyOf": [{"type": "string"}, {"type": "null"}]}),
            "/payload/modules/*/module_id: null where it is string",
        ),
        (
            lambda s: fields(s, "ModuleChange")["change"]["enum"].append("moved"),
            "values ['added', 'config', 'removed', 'sources', 'moved'] where they are",
        ),
        (
            lambda s: s["properties"]["type"].update(const="tenant.module.given"),
            "/type: values ['tenant.module.given'] where they are ['tenant.module.assigned']",
        ),
        (lambda s: s["properties"]["event_id"].pop("format"), "/event_id: format None where it is uuid"),
        (lambda s: s.update({"$id": "urn:modplane:event:other"}), "is urn:modplane:event:other instead of"),
    ],
    ids=["gone", "optional", "retyped", "null", "another value", "another topic", "another form", "another id"],
)
def test_readers_would_break(change: Change, told: str) -> None:
    (broken,) = kept_for_readers(EVENT, changed(EVENT, change))
    assert told in broken


@pytest.mark.parametrize(
    "change",
    [
        lambda s: add_field("colour", "AssignModule", s, required=False),
        lambda s: drop_field("by", "AssignModule", s),
        lambda s: fields(s, "ApplyIndustryTemplate")["mode"]["enum"].append("merge"),
        lambda s: fields(s, "AssignModule")["by"].update(maxLength=1000),
        lambda s: s["properties"]["command"]["oneOf"].append({"type": "object", "properties": {}}),
    ],
    ids=["an optional field", "a field less", "another value", "a wider bound", "another command"],
)
def test_commands_that_wait_are_still_taken(change: Change) -> None:
    assert kept_for_writers(COMMANDS, changed(COMMANDS, change)) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: add_field("colour", "AssignModule", s, required=True), "/command/colour: is newly required"),
        (lambda s: s["required"].append("reason"), "/reason: is newly required"),
        (lambda s: s["properties"]["command"]["oneOf"].pop(0), "/command: `assign_module` is gone"),
        (lambda s: fields(s, "UnassignModule").update(force={"type": "string"}), "/command/force: boolean where it is"),
        (lambda s: fields(s, "AssignModule")["by"].update(maxLength=10), "/command/by: maxLength 255 where it is 10"),
        (lambda s: fields(s, "ApplyIndustryTemplate")["mode"]["enum"].remove("replace"), "/command/mode: values"),
        (
            lambda s: (
                drop_field("by", "AssignModule", s),
                s["$defs"]["AssignModule"].update(additionalProperties=False),
            ),
            "/command/by: is not taken any more",
        ),
    ],
    ids=["newly required", "envelope", "gone", "retyped", "narrower", "a value less", "forbidden"],
)
def test_commands_that_wait_would_not_be_taken_any_more(change: Change, told: str) -> None:
    (broken,) = kept_for_writers(COMMANDS, changed(COMMANDS, change))
    assert told in broken
