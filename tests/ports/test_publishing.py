"""What is put on topics: the fakes and Kafka keep the same promises."""

from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol
from uuid import uuid4

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from devstack import Endpoints
from shared.commands.bus import KafkaUnreachable
from shared.kafka.broker import KafkaCommandPublisher, KafkaConnection, KafkaEventPublisher, make_broker
from shared.messages import EventEnvelope
from shared.outbox.relay import EventPublisher, PublishFailed
from shared.ports import CommandPublisher
from tests.fakes import FakeKafka
from tests.shared.outbox.relaying import PASSING, PERMANENT, RelayWorld, row
from tests.support.kafka_inspector import partitions_of

COMMANDS, EVENTS = "tenant.commands.registry", "tenant.module.updated"


class Published(Protocol):
    """What a broker has."""

    async def values(self, topic: str, key: str) -> list[bytes]:
        """In order."""
        ...


class InMemory:
    def __init__(self, kafka: FakeKafka) -> None:
        self.kafka = kafka

    async def values(self, topic: str, key: str) -> list[bytes]:
        return [value for at, of, value in self.kafka.records if (at, of) == (topic, key)]


class InKafka:
    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    async def values(self, topic: str, key: str) -> list[bytes]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=None, auto_offset_reset="earliest")
        await consumer.start()
        try:
            return [value for of, value in await self._records(consumer, topic) if of == key]
        finally:
            await consumer.stop()

    async def _records(self, consumer: AIOKafkaConsumer, topic: str) -> list[tuple[str, bytes]]:
        places = await partitions_of(consumer, [topic])
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        found: dict[TopicPartition, list[tuple[str, bytes]]] = {}
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=1000)).items():
                found.setdefault(place, []).extend((record.key.decode(), record.value) for record in records)
        return [record for records in found.values() for record in records]


class Ways(NamedTuple):
    """How commands and events are published, and where they are then; and publishers that reach no broker."""

    commands: CommandPublisher
    events: EventPublisher
    published: Published | None
    lost_commands: CommandPublisher
    lost_events: EventPublisher


@pytest.fixture(scope="module")
async def connection(endpoints: Endpoints) -> AsyncIterator[KafkaConnection]:
    connection = KafkaConnection(make_broker(endpoints.kafka_bootstrap))
    await connection.keep_trying()
    yield connection
    await connection.stop()


@pytest.fixture(params=["fake", "kafka"])
def ways(request: pytest.FixtureRequest) -> Ways:
    if request.param == "fake":
        world, lost, kafka = RelayWorld(), RelayWorld(), FakeKafka()
        world.refusals[2], lost.refusals[1] = PERMANENT, PASSING
        return Ways(kafka, world, InMemory(kafka), FakeKafka(there=False), lost)
    connection: KafkaConnection = request.getfixturevalue("connection")
    bootstrap = request.getfixturevalue("endpoints").kafka_bootstrap
    nowhere = KafkaConnection(make_broker("127.0.0.1:1"))
    return Ways(
        KafkaCommandPublisher(connection),
        KafkaEventPublisher(connection),
        InKafka(bootstrap),
        KafkaCommandPublisher(nowhere),
        KafkaEventPublisher(nowhere),
    )


def event(number: int, payload: bytes = b"{}") -> EventEnvelope:
    return msgspec.structs.replace(row(number, uuid4().hex).event, event_id=uuid4(), payload=msgspec.Raw(payload))


async def test_commands_of_one_key_are_published_in_order_once_the_call_returns(ways: Ways) -> None:
    key = uuid4().hex
    assert ways.published is not None
    for value in (b"one", b"two", b"three"):
        await ways.commands.publish(COMMANDS, key, value)
    await ways.commands.publish(COMMANDS, uuid4().hex, b"another key's")
    assert await ways.published.values(COMMANDS, key) == [b"one", b"two", b"three"]


async def test_a_command_that_reaches_no_broker_is_known_to(ways: Ways) -> None:
    with pytest.raises(KafkaUnreachable):
        await ways.lost_commands.publish(COMMANDS, "key", b"{}")


async def test_a_published_event_is_answered_for(ways: Ways) -> None:
    await (await ways.events.publish_module_event(EVENTS, event(1)))


async def test_an_event_no_broker_will_ever_take_is_told_from_one_that_may_go_later(ways: Ways) -> None:
    for publisher, one, permanent in (
        (ways.events, event(2, b'"%s"' % (b"x" * 2_000_000)), True),
        (ways.lost_events, event(1), False),
    ):
        with pytest.raises(PublishFailed) as failed:
            await (await publisher.publish_module_event(EVENTS, one))
        assert failed.value.permanent is permanent
