from typing import Any

import jsonschema_rs
import pytest

from app.apidocs.asyncapi import HEADERS, asyncapi_document
from app.apidocs.schemas import event_types, message_schemas
from app.migration.migrate import topics

SCHEMAS = message_schemas()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return asyncapi_document(SCHEMAS)


def message_of(document: dict[str, Any], channel: dict[str, Any]) -> dict[str, Any]:
    ((name, _),) = channel["messages"].items()
    found: dict[str, Any] = document["components"]["messages"][name]
    return found


def test_every_topic_is_a_channel_with_its_key_and_retention(document: dict[str, Any]) -> None:
    configured = topics()
    assert document["channels"].keys() == configured.keys()
    for topic, channel in document["channels"].items():
        assert channel["address"] == topic
        kept = channel["bindings"]["kafka"]["topicConfiguration"]["retention.ms"]
        assert str(kept) == configured[topic]["retention.ms"]
        assert message_of(document, channel)["bindings"]["kafka"]["key"]["description"]


def test_what_is_modplanes_own_is_marked_as_such(document: dict[str, Any]) -> None:
    for topic, channel in document["channels"].items():
        tags = {tag["name"] for tag in channel["tags"]}
        assert ("internal" in tags) == topic.startswith("tenant.commands.")
        assert ("event" in tags) != ("internal" in tags)
    actions = {operation["action"] for operation in document["operations"].values()}
    assert actions == {"send", "receive"}
    assert not any(topic.startswith("access.") for topic in document["channels"])


def test_an_example_of_an_event_fits_what_is_said_of_it(document: dict[str, Any]) -> None:
    channels = {topic: channel for topic, channel in document["channels"].items() if ".commands." not in topic}
    assert len(channels) == sum(event.published for event in event_types())
    for topic, channel in channels.items():
        message = message_of(document, channel)
        (example,) = message["examples"]
        payload = {**message["payload"], "components": document["components"]}
        assert list(jsonschema_rs.iter_errors(payload, example["payload"], validate_formats=True)) == [], topic
        assert list(jsonschema_rs.iter_errors(HEADERS, example["headers"], validate_formats=True)) == [], topic
        assert example["headers"]["ce_type"] == topic == example["payload"]["type"]


def test_a_message_says_the_same_as_the_schema_in_its_file(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for event in event_types():
        if event.published:
            file = SCHEMAS[f"events/{event.topic}.json"]
            assert schemas[event.class_.__name__]["required"] == file["$defs"][event.class_.__name__]["required"]
            assert schemas[f"{event.class_.__name__}Message"]["required"] == file["required"]
    assert schemas["IndustriesCommandTemplateModule"]["required"] == ["module_id", "is_required"]
    assert schemas["TemplateModule"]["required"] == ["module_id", "is_required", "default_config"]


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            return [part["$ref"]] if "$ref" in part else [ref for each in part.values() for ref in references(each)]
        return [ref for each in part for ref in references(each)] if isinstance(part, list) else []

    found = references(document)
    assert len(found) > 100
    for reference in found:
        at: Any = document
        for name in reference.removeprefix("#/").split("/"):
            at = at[name]
