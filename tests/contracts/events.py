"""Events as they came out: on their topics, or, where they are for audit alone, in the event log."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jsonschema_rs
import msgspec

from app.apidocs.asyncapi import HEADERS
from app.apidocs.messages import EventType, event_types
from app.contexts import ContextSubscribers
from app.main import make_container
from app.server.documents import DOCUMENTS
from app.settings import Settings
from devstack import Endpoints
from shared.eventlog.query import EVENT_COLUMNS, event_fields
from shared.messages import EventEnvelope
from shared.wiring import EventHandlers
from tests.contracts.story import Story
from tests.support.database_inspector import DatabaseInspector
from tests.support.kafka_inspector import KafkaInspector
from tests.support.polling import wait_for

AUDIT = f"SELECT {EVENT_COLUMNS} FROM shared.event_log l WHERE l.type = ANY($1)"


class Came(NamedTuple):
    """One event; without headers and key where it has no topic."""

    value: Any
    headers: Mapping[str, str] | None = None
    key: str | None = None


class EventsThatCame:
    """The story's events by type, read when the relay has sent them all."""

    def __init__(self, story: Story, endpoints: Endpoints) -> None:
        ledger = DatabaseInspector(story.postgres_url)
        wait_for(lambda: ledger.fetch("SELECT count(*) FROM shared.event_relay") == [(0,)], "all events are sent")
        types = event_types()
        self._came: dict[str, list[Came]] = {type_.topic: [] for type_ in types}
        for record in KafkaInspector(endpoints.kafka_bootstrap).records(
            [type_.topic for type_ in types if type_.published]
        ):
            headers = {name: value.decode() for name, value in record.headers}
            self._came[record.topic].append(Came(msgspec.json.decode(record.value), headers, record.key.decode()))
        for row in ledger.fetch(AUDIT, [type_.topic for type_ in types if not type_.published]):
            event = EventEnvelope(**event_fields(row))
            self._came[event.type].append(Came(msgspec.json.decode(msgspec.json.encode(event))))

    def missing(self, context: str) -> list[str]:
        """Types of which none came: the story has to tell of them."""
        return [type_.topic for type_ in types_of(context) if not self._came[type_.topic]]

    def violations(self, context: str) -> list[str]:
        """Where an event is not as its committed schema says, or its record not as the AsyncAPI document says."""
        return [found for type_ in types_of(context) for found in self._violations(type_)]

    def _violations(self, type_: EventType) -> Iterator[str]:
        schema = msgspec.json.decode((DOCUMENTS / "events" / f"{type_.topic}.json").read_bytes())
        for came in self._came[type_.topic]:
            yield from problems(type_.topic, schema, came.value)
            if not type_.published:
                continue
            yield from problems(f"headers of {type_.topic}", HEADERS, came.headers)
            expected = came.value["organization_id"] or came.value["stream"].partition(":")[2]
            if came.key != expected:
                yield f"{type_.topic}: has the key {came.key} instead of {expected}"


def problems(what: str, schema: Any, value: Any) -> Iterator[str]:
    for error in jsonschema_rs.iter_errors(schema, value, validate_formats=True):
        yield f"{what}: {error.message} at {error.instance_path}"


def types_of(context: str) -> list[EventType]:
    return [type_ for type_ in event_types() if type_.context == context]


async def consumed_but_not_published(context: str) -> set[str]:
    """Topics the context follows though no context publishes on them."""
    followed = (await subscribers()).get(context, {})
    return set(followed) - {type_.topic for type_ in event_types() if type_.published}


async def subscribers() -> Mapping[str, EventHandlers]:
    """What the contexts do with events, as the service binds it."""
    container = make_container(Settings())
    try:
        return await (await container.get(ContextSubscribers)).handlers()
    finally:
        await container.close()
