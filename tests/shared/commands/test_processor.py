"""Deciding a batch: one effect an operation, whatever is repeated, refused or broken."""

import asyncio
import time
from datetime import timedelta
from uuid import uuid4

import pytest

from shared.commands.decision import MAX_EVENT_BYTES
from shared.concurrency import in_slices
from shared.errors import Unavailable
from shared.messages import Outcome, ReceivedCommand, event_id
from tests.fakes import NOON
from tests.shared.toy import NotUnique, ToyWorld, work


@pytest.fixture
def world() -> ToyWorld:
    return ToyWorld()


async def decide(world: ToyWorld, *batch: ReceivedCommand) -> list[Outcome]:
    """The outcomes in the order of the batch."""
    outcomes = {outcome.operation_id: outcome for outcome in await world.processor().process(batch)}
    return [outcomes[one.envelope.operation_id] for one in batch]


def code(outcome: Outcome) -> str:
    assert outcome.refusal is not None
    return outcome.refusal.code


async def test_a_batch_is_decided_in_its_order_and_in_one_transaction(world: ToyWorld) -> None:
    outcomes = await decide(world, work(1), work(2, "b"), work(3), work(0))
    assert [(outcome.status, outcome.sequence) for outcome in outcomes] == [
        ("applied", 1),
        ("applied", 1),
        ("applied", 2),
        ("unchanged", 2),
    ]
    assert [(event.stream, event.sequence) for event in world.events] == [("toy:a", 1), ("toy:b", 1), ("toy:a", 2)]
    assert (world.total("a"), world.total("b")) == (4, 2)
    assert world.transactions == 1


async def test_a_refused_command_changes_nothing_and_harms_nobody(world: ToyWorld) -> None:
    refused, applied = await decide(world, work(-1), work(1))
    assert (refused.status, code(refused), applied.status) == ("rejected", "negative", "applied")
    assert len(world.events) == 1


async def test_repetitions_within_a_batch_have_one_effect(world: ToyWorld) -> None:
    one = work(5)
    await decide(world, one, one, one)
    assert world.total("a") == 5
    assert len(world.events) == 1


async def test_a_repeated_batch_has_the_first_outcomes_and_no_effect(world: ToyWorld) -> None:
    batch = [work(5), work(-1), work(0)]
    first = await decide(world, *batch)
    world.invalidation.stale.clear()
    assert await decide(world, *batch) == first
    assert world.total("a") == 5
    assert world.invalidation.stale == ["gen:toy:a"], "whoever reports an outcome again invalidates again"


async def test_events_of_an_operation_have_the_same_ids_wherever_it_is_decided(world: ToyWorld) -> None:
    one = work(5)
    (outcome,) = await decide(world, one)
    assert list(outcome.event_ids) == [event_id(one.envelope.operation_id, 0)] == [world.events[0].event_id]
    assert (await decide(ToyWorld(), one))[0].event_ids == outcome.event_ids


async def test_the_cache_is_invalidated_before_anybody_hears_of_the_outcome(world: ToyWorld) -> None:
    await decide(world, work(1), work(2, "b"))
    assert world.stale_when_resolved == [["gen:toy:a", "gen:toy:b"]] * 2


async def test_if_match_is_compared_with_the_state_at_its_place_in_the_batch(world: ToyWorld) -> None:
    first, late, right = await decide(
        world, work(1, expected_sequence=0), work(2, expected_sequence=0), work(3, expected_sequence=1)
    )
    assert [first.status, late.status, right.status] == ["applied", "rejected", "applied"]
    assert code(late) == "precondition_failed"
    assert late.refusal is not None
    assert late.refusal.extra == {"sequence": 1, "expected": 0, "stream": "toy:a"}
    assert world.total("a") == 4


async def test_a_command_older_than_a_week_is_refused(world: ToyWorld) -> None:
    outcomes = await decide(
        world, work(1, issued_at=NOON - timedelta(days=7, seconds=1)), work(2, issued_at=NOON - timedelta(days=6))
    )
    assert [outcome.status for outcome in outcomes] == ["rejected", "applied"]
    assert code(outcomes[0]) == "command_expired"


async def test_an_event_no_topic_takes_is_not_recorded(world: ToyWorld) -> None:
    refused, applied = await decide(world, work(1, text="x" * MAX_EVENT_BYTES), work(2))
    assert (refused.status, code(refused)) == ("rejected", "event_too_large")
    assert (applied.status, applied.sequence, world.total("a")) == ("applied", 1, 2)


async def test_one_command_that_breaks_fails_alone(world: ToyWorld) -> None:
    world.tables.breaking[13] = RuntimeError("a defect")
    attempts = [uuid4() for _ in range(3)]
    batch = [work(amount, attempt=id_) for amount, id_ in zip((1, 13, 2), attempts, strict=True)]
    outcomes = await decide(world, *batch)
    assert [outcome.status for outcome in outcomes] == ["applied", "failed", "applied"]
    assert [outcome.attempts for outcome in outcomes] == [(), (attempts[1],), ()]
    assert world.total("a") == 3
    assert [(id_, "a defect" in error) for id_, error in world.buried] == [(batch[1].envelope.operation_id, True)]
    assert {outcome.operation_id for outcome in world.resolved} == {one.envelope.operation_id for one in batch}


async def test_a_failed_command_may_be_tried_again(world: ToyWorld) -> None:
    world.tables.breaking[13] = RuntimeError("a defect")
    one = work(13)
    assert (await decide(world, one))[0].status == "failed"
    world.tables.breaking.clear()
    assert (await decide(world, one))[0].status == "applied"
    assert world.total("a") == 13


async def test_what_turns_out_not_to_be_unique_is_refused(world: ToyWorld) -> None:
    world.tables.breaking[13] = NotUnique()
    taken, applied = await decide(world, work(13), work(1))
    assert (taken.status, code(taken), applied.status) == ("rejected", "already_taken", "applied")


async def test_an_operation_decided_meanwhile_elsewhere_sends_the_batch_into_the_one_by_one_run(
    world: ToyWorld,
) -> None:
    world.clashes = 1
    outcomes = await decide(world, work(1), work(2))
    assert [outcome.status for outcome in outcomes] == ["applied", "applied"]
    assert (world.total("a"), world.transactions) == (3, 3)


async def test_without_a_database_nothing_is_decided_and_nobody_is_told(world: ToyWorld) -> None:
    world.away = True
    with pytest.raises(Unavailable):
        await decide(world, work(1))
    assert (world.resolved, world.buried) == ([], [])
    world.away = False
    assert (await decide(world, work(1)))[0].status == "applied"


async def test_an_outage_in_the_one_by_one_run_buries_nothing(world: ToyWorld) -> None:
    world.tables.breaking[13] = RuntimeError("a defect")
    world.leaves_after = 2
    with pytest.raises(Unavailable):
        await decide(world, work(1), work(13))
    assert (world.buried, world.total("a")) == ([], 1)


async def test_long_work_lets_others_have_a_turn() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    background = asyncio.create_task(others())
    seen: list[int] = []
    async for item in in_slices(range(5)):
        busy_until = time.perf_counter() + 0.006
        while time.perf_counter() < busy_until:
            pass
        seen.append(item)
    background.cancel()
    assert seen == list(range(5))
    assert turns >= 5


async def test_the_outcome_tells_who_asked_what(world: ToyWorld) -> None:
    operation = uuid4()
    (outcome,) = await decide(world, work(1, operation_id=operation, reason="because"))
    assert (outcome.operation_id, outcome.fingerprint, outcome.context, outcome.aggregate_id) == (
        operation,
        "print of 1",
        "toy",
        "a",
    )
    (event,) = world.events
    assert (event.user_id, event.operation_id, event.reason, event.occurred_at) == ("ada", operation, "because", NOON)
