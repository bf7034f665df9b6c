"""Sending commands: through Kafka, past Kafka, and what callers hear when they wait no longer."""

import asyncio
from uuid import uuid4

import msgspec
import pytest

from shared.commands.bus import (
    BREAKER_SECONDS,
    MAX_COMMAND_BYTES,
    MAX_INLINE_BATCH,
    Breaker,
    CommandBus,
    CommandTooLarge,
    IdempotencyKeyReused,
    OutcomeWaiter,
    inline_lane,
)
from shared.errors import Unavailable
from shared.messages import CommandEnvelope, Previewed, ReceivedCommand
from tests.fakes import FakeKafka
from tests.shared.toy import ToyWorld, work


class Kafka(FakeKafka):
    """`consumer`, if any, decides records at once."""

    def __init__(self) -> None:
        super().__init__()
        self.consumer: ToyWorld | None = None
        self.waiter: OutcomeWaiter | None = None

    async def publish(self, topic: str, key: str, value: bytes) -> None:
        await super().publish(topic, key, value)
        if self.consumer is not None:
            envelope = msgspec.json.decode(value, type=CommandEnvelope)
            command = self.consumer.decider.command_decoder.decode(envelope.command)
            await self.consumer.processor(self.waiter).process([ReceivedCommand(envelope, command)])


@pytest.fixture
def world() -> ToyWorld:
    return ToyWorld()


@pytest.fixture
def kafka(world: ToyWorld, waiter: OutcomeWaiter) -> Kafka:
    kafka = Kafka()
    kafka.consumer, kafka.waiter = world, waiter
    return kafka


@pytest.fixture
def waiter(world: ToyWorld) -> OutcomeWaiter:
    return OutcomeWaiter(world, world.invalidation)


@pytest.fixture
def bus(world: ToyWorld, kafka: Kafka, waiter: OutcomeWaiter) -> CommandBus:
    return CommandBus(kafka, {"toy": world.processor(waiter)}, waiter, world)


async def test_a_command_goes_through_kafka_keyed_by_its_aggregate(
    bus: CommandBus, kafka: Kafka, world: ToyWorld
) -> None:
    one = work(3, "b")
    answer = await bus.execute("toy", one.envelope, one.command, 5)
    assert answer.outcome is not None
    assert (answer.path, answer.outcome.status, world.total("b")) == ("kafka", "applied", 3)
    assert [(topic, key) for topic, key, _ in kafka.records] == [("tenant.commands.toy", "b")]


async def test_without_kafka_the_command_is_decided_here_and_said_so(
    bus: CommandBus, kafka: Kafka, world: ToyWorld
) -> None:
    kafka.there = False
    one = work(3)
    answer = await bus.execute("toy", one.envelope, one.command, 5)
    assert answer.outcome is not None
    assert (answer.path, answer.outcome.status, world.total("a")) == ("inline", "applied", 3)


@pytest.mark.parametrize("there", [True, False])
async def test_a_preview_is_minded_whichever_way_its_command_goes(bus: CommandBus, kafka: Kafka, there: bool) -> None:
    kafka.there = there
    for shown, status in ((Previewed(0, 0, "another decision"), "rejected"), (None, "applied")):
        one = work(3, preview=shown)
        answer = await bus.execute("toy", one.envelope, one.command, 5)
        assert answer.outcome is not None
        assert answer.outcome.status == status


async def test_after_a_failure_kafka_is_left_alone_for_a_while(bus: CommandBus, kafka: Kafka) -> None:
    kafka.there = False
    for _ in range(5):
        one = work(1)
        assert (await bus.execute("toy", one.envelope, one.command, 5)).path == "inline"
    assert len(kafka.tried) == 1


def test_the_breaker_lets_one_trial_through_after_its_pause() -> None:
    breaker = Breaker()
    assert not breaker.is_open(100)
    breaker.trip(100)
    assert breaker.is_open(100 + BREAKER_SECONDS - 0.01)
    assert [breaker.is_open(100 + BREAKER_SECONDS) for _ in range(3)] == [False, True, True]
    breaker.close()
    assert not breaker.is_open(100 + BREAKER_SECONDS)


@pytest.mark.parametrize("wait", [0, -1, 0.01])
async def test_who_waits_no_longer_finds_a_pending_operation(
    wait: float, bus: CommandBus, kafka: Kafka, world: ToyWorld, waiter: OutcomeWaiter
) -> None:
    kafka.consumer = None
    one = work(3)
    answer = await bus.execute("toy", one.envelope, one.command, wait)
    assert (answer.outcome, answer.path) == (None, "kafka")
    assert world.pending == [one.envelope.operation_id]
    assert len(waiter) == 0


async def test_who_does_not_wait_still_hears_what_is_known_already(bus: CommandBus, world: ToyWorld) -> None:
    one = work(3)
    answer = await bus.execute("toy", one.envelope, one.command, 0)
    assert answer.outcome is not None
    assert world.pending == []


async def test_a_key_that_belongs_to_another_request_is_refused(bus: CommandBus, world: ToyWorld) -> None:
    key = uuid4()
    first, other = work(1, operation_id=key), work(2, operation_id=key)
    await bus.execute("toy", first.envelope, first.command, 5)
    with pytest.raises(IdempotencyKeyReused):
        await bus.execute("toy", other.envelope, other.command, 5)
    again = await bus.execute("toy", first.envelope, first.command, 5)
    assert again.outcome is not None
    assert (again.outcome.status, world.total("a")) == ("applied", 1)


async def test_a_command_too_large_is_sent_nowhere(bus: CommandBus, kafka: Kafka, waiter: OutcomeWaiter) -> None:
    one = work(1, text="x" * MAX_COMMAND_BYTES)
    with pytest.raises(CommandTooLarge):
        await bus.execute("toy", one.envelope, one.command, 5)
    assert (kafka.tried, len(waiter)) == ([], 0)


async def test_without_kafka_and_without_a_database_the_caller_is_told(
    bus: CommandBus, kafka: Kafka, world: ToyWorld, waiter: OutcomeWaiter
) -> None:
    kafka.there, world.away = False, True
    one = work(1)
    with pytest.raises(Unavailable):
        await bus.execute("toy", one.envelope, one.command, 5)
    assert len(waiter) == 0


async def test_commands_of_one_moment_are_decided_here_in_one_transaction(world: ToyWorld) -> None:
    lane = inline_lane(world.processor())
    await asyncio.gather(*[lane.submit(work(1)) for _ in range(50)])
    assert (world.total("a"), world.transactions) == (50, 1)


async def test_many_commands_are_decided_here_in_bounded_batches(world: ToyWorld) -> None:
    lane = inline_lane(world.processor())
    await asyncio.gather(*[lane.submit(work(1)) for _ in range(MAX_INLINE_BATCH + 1)])
    assert (world.total("a"), world.transactions) == (MAX_INLINE_BATCH + 1, 2)


async def test_a_lane_whose_batch_failed_tells_all_of_them_and_works_again(world: ToyWorld) -> None:
    lane = inline_lane(world.processor())
    world.away = True
    answers = await asyncio.gather(*[lane.submit(work(1)) for _ in range(3)], return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    world.away = False
    await lane.submit(work(1))
    assert world.total("a") == 1


async def test_a_caller_who_gives_up_does_not_harm_the_others_of_its_batch(world: ToyWorld) -> None:
    lane = inline_lane(world.processor())
    impatient, patient = asyncio.ensure_future(lane.submit(work(1))), asyncio.ensure_future(lane.submit(work(2)))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert world.total("a") == 3
