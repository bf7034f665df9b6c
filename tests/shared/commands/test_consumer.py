"""Raw records: each is decoded on its own, and only those that can never work are set aside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from shared.commands.consumer import CommandConsumer, EventConsumer
from shared.errors import Unavailable
from shared.messages import COMMAND_SCHEMA, EventEnvelope
from tests.fakes import NOON
from tests.shared.toy import ToyWorld, work


@dataclass
class Record:
    value: bytes | None
    topic: str = "tenant.commands.toy"
    partition: int = 0
    offset: int = 0
    key: bytes | None = b"a"
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass
class FakeDeadLetterStore:
    """Dead letters by where they came from."""

    letters: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    async def add(self, kind: str, source: str, key: str, body: bytes, error: str) -> None:
        self.letters[source] = (kind, body)

    def is_transient(self, error: BaseException) -> bool:
        return isinstance(error, OSError)


@pytest.fixture
def world() -> ToyWorld:
    return ToyWorld()


@pytest.fixture
def dead_letters() -> FakeDeadLetterStore:
    return FakeDeadLetterStore()


@pytest.fixture
def consumer(world: ToyWorld, dead_letters: FakeDeadLetterStore) -> CommandConsumer:
    return CommandConsumer(world.processor(), dead_letters)


def command(amount: int, offset: int = 0, **fields: Any) -> Record:
    return Record(msgspec.json.encode(work(amount, **fields).envelope), offset=offset)


def of_unknown_type(offset: int = 0) -> Record:
    envelope = msgspec.structs.replace(work(1).envelope, command=msgspec.Raw(b'{"type":"multiply","by":2}'))
    return Record(msgspec.json.encode(envelope), offset=offset)


async def test_commands_of_all_records_are_decided_together(consumer: CommandConsumer, world: ToyWorld) -> None:
    await consumer.handle([command(number) for number in range(1, 5)])
    assert (world.total("a"), world.transactions) == (10, 1)


@pytest.mark.parametrize("value", [None, b"", b"no json", b"{}", b"\xff\xfe", b'{"command":{}}'])
async def test_an_unreadable_record_is_set_aside_and_the_others_go_on(
    value: bytes | None, consumer: CommandConsumer, world: ToyWorld, dead_letters: FakeDeadLetterStore
) -> None:
    await consumer.handle([command(1, 1), Record(value, offset=2), command(2, 3)])
    assert world.total("a") == 3
    assert dead_letters.letters == {"tenant.commands.toy/0/2": ("command", value or b"")}


async def test_fields_a_newer_version_added_are_ignored(consumer: CommandConsumer, world: ToyWorld) -> None:
    envelope = msgspec.json.decode(msgspec.json.encode(work(4).envelope))
    envelope["since_tomorrow"] = True
    envelope["command"]["since_tomorrow"] = True
    await consumer.handle([Record(msgspec.json.encode(envelope))])
    assert world.total("a") == 4


@pytest.mark.parametrize("newer", [of_unknown_type(2), command(5, 2, schema_version=COMMAND_SCHEMA + 1)])
async def test_a_command_of_a_newer_version_waits_and_is_no_dead_letter(
    newer: Record, consumer: CommandConsumer, world: ToyWorld, dead_letters: FakeDeadLetterStore
) -> None:
    with pytest.raises(Unavailable):
        await consumer.handle([command(1, 1), newer, command(2, 3)])
    assert dead_letters.letters == {}
    assert world.total("a") in {0, 1}, "what follows it on its partition waits behind it"


async def test_without_a_database_the_batch_must_come_again(
    consumer: CommandConsumer, world: ToyWorld, dead_letters: FakeDeadLetterStore
) -> None:
    world.away = True
    records = [command(1), command(2)]
    with pytest.raises(Unavailable):
        await consumer.handle(records)
    world.away = False
    await consumer.handle(records)
    assert (world.total("a"), dead_letters.letters) == (3, {})


def event(topic: str, offset: int = 0) -> Record:
    envelope = EventEnvelope(
        event_id=uuid4(),
        type=topic,
        occurred_at=NOON,
        stream="toy:a",
        sequence=offset,
        organization_id=None,
        module_id=None,
        user_id="ada",
        operation_id=uuid4(),
        reason=None,
        payload=msgspec.Raw(b"{}"),
    )
    return Record(msgspec.json.encode(envelope), topic, offset=offset)


class Handlers:
    """Notes batches; `bad` sequences break their batch."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[int]]] = []
        self.bad: dict[int, Exception] = {}

    async def added(self, events: Sequence[EventEnvelope]) -> None:
        await self._handle("added", events)

    async def removed(self, events: Sequence[EventEnvelope]) -> None:
        await self._handle("removed", events)

    async def _handle(self, name: str, events: Sequence[EventEnvelope]) -> None:
        for one in events:
            if one.sequence in self.bad:
                raise self.bad[one.sequence]
        self.batches.append((name, [one.sequence for one in events]))


@pytest.fixture
def handlers() -> Handlers:
    return Handlers()


@pytest.fixture
def events(handlers: Handlers, dead_letters: FakeDeadLetterStore) -> EventConsumer:
    return EventConsumer({"toy.added": handlers.added, "toy.removed": handlers.removed}, dead_letters)


async def test_events_reach_the_handler_of_their_topic_in_one_batch(events: EventConsumer, handlers: Handlers) -> None:
    await events.handle([event("toy.added", 1), event("toy.removed", 2), event("toy.added", 3)])
    assert handlers.batches == [("added", [1, 3]), ("removed", [2])]


async def test_an_event_that_breaks_its_handler_is_set_aside_alone(
    events: EventConsumer, handlers: Handlers, dead_letters: FakeDeadLetterStore
) -> None:
    handlers.bad[2] = KeyError("a defect")
    await events.handle([event("toy.added", number) for number in (1, 2, 3)])
    assert handlers.batches == [("added", [1]), ("added", [3])]
    assert list(dead_letters.letters) == ["toy.added/0/2"]


async def test_an_unreadable_event_is_set_aside(
    events: EventConsumer, handlers: Handlers, dead_letters: FakeDeadLetterStore
) -> None:
    await events.handle([Record(b"no json", "toy.added", offset=7), event("toy.added", 8)])
    assert (list(dead_letters.letters), handlers.batches) == (["toy.added/0/7"], [("added", [8])])


@pytest.mark.parametrize("passing", [OSError("gone for a moment"), Unavailable("later")])
async def test_events_come_again_when_their_trouble_may_pass(
    passing: Exception, events: EventConsumer, handlers: Handlers, dead_letters: FakeDeadLetterStore
) -> None:
    handlers.bad[2] = passing
    with pytest.raises(Unavailable):
        await events.handle([event("toy.added", number) for number in (1, 2)])
    assert dead_letters.letters == {}
