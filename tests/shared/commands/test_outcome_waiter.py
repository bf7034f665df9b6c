"""Who waits hears of the outcome once it may be followed by reads, whichever process decided."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from shared.commands.bus import OutcomeWaiter
from shared.errors import Unavailable
from shared.messages import Outcome, Status
from tests.fakes import FakeInvalidation
from tests.shared.toy import ToyWorld
from tests.support.polling import eventually


class Operations(ToyWorld):
    """What is decided, and what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.known = self.operations
        self.asked: list[list[UUID]] = []
        self.outages = 0

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        self.asked.append(list(operation_ids))
        if self.outages:
            self.outages -= 1
            raise Unavailable("The database is away.")
        return await super().decided(operation_ids)


@pytest.fixture
def operations() -> Operations:
    return Operations()


@pytest.fixture
def invalidation() -> FakeInvalidation:
    return FakeInvalidation()


@pytest.fixture
def waiter(operations: Operations, invalidation: FakeInvalidation) -> OutcomeWaiter:
    return OutcomeWaiter(operations, invalidation)


def outcome(operation_id: UUID, *invalidates: str) -> Outcome:
    return Outcome(
        operation_id=operation_id,
        status="applied",
        fingerprint="f",
        context="toy",
        aggregate_id="a",
        invalidates=invalidates,
    )


async def test_all_who_wait_for_an_operation_hear_of_it(waiter: OutcomeWaiter) -> None:
    wanted = outcome(uuid4())
    futures = [waiter.expect(wanted.operation_id) for _ in range(3)]
    other = waiter.expect(uuid4())
    waiter.resolve(wanted)
    assert [future.result() for future in futures] == [wanted] * 3
    assert not other.done()
    assert len(waiter) == 1


async def test_who_stopped_waiting_is_forgotten(waiter: OutcomeWaiter) -> None:
    operation_id = uuid4()
    first, second = waiter.expect(operation_id), waiter.expect(operation_id)
    waiter.forget(operation_id, first)
    waiter.resolve(outcome(operation_id))
    assert not first.done()
    assert second.done()
    waiter.forget(operation_id, second)
    assert len(waiter) == 0


async def test_an_outcome_nobody_waits_for_is_harmless(waiter: OutcomeWaiter) -> None:
    waiter.resolve(outcome(uuid4()))
    cancelled = waiter.expect(uuid4())
    cancelled.cancel()
    waiter.resolve(outcome(uuid4()))
    assert len(waiter) == 1


async def test_who_sends_a_failed_operation_again_is_not_told_the_failure_before(
    waiter: OutcomeWaiter, operations: Operations
) -> None:
    id_, *attempts = [uuid4() for _ in range(3)]
    first, again = [waiter.expect(id_, attempt) for attempt in attempts]
    operations.known[id_] = replace(outcome(id_), status="failed", attempts=tuple(attempts[:1]))
    await waiter.poll()
    waiter.resolve(operations.known[id_])
    assert (first.done(), again.done(), len(waiter)) == (True, False, 1)
    operations.known[id_] = replace(operations.known[id_], attempts=tuple(attempts))
    await waiter.poll()
    assert again.result() == operations.known[id_]
    assert len(waiter) == 0


@pytest.mark.parametrize(("status", "attempts"), [("applied", ()), ("rejected", (UUID(int=1),)), ("failed", ())])
async def test_a_decision_ends_every_wait_and_so_does_a_failure_of_an_older_version_which_names_no_attempt(
    waiter: OutcomeWaiter, status: Status, attempts: tuple[UUID, ...]
) -> None:
    id_ = uuid4()
    waiting = [waiter.expect(id_, uuid4()), waiter.expect(id_)]
    waiter.resolve(replace(outcome(id_), status=status, attempts=attempts))
    assert all(future.done() for future in waiting)


async def test_what_another_process_decided_is_invalidated_here_before_it_is_told(
    waiter: OutcomeWaiter, operations: Operations, invalidation: FakeInvalidation
) -> None:
    operation_id = uuid4()
    future = waiter.expect(operation_id)
    stale_when_told: list[list[str]] = []
    future.add_done_callback(lambda _: stale_when_told.append(list(invalidation.stale)))
    operations.known[operation_id] = outcome(operation_id, "gen:b", "gen:a")
    await waiter.poll()
    await asyncio.sleep(0)
    assert stale_when_told == [["gen:a", "gen:b"]]


async def test_only_waited_for_operations_are_asked_for(waiter: OutcomeWaiter, operations: Operations) -> None:
    await waiter.poll()
    assert operations.asked == []
    operation_id = uuid4()
    waiter.expect(operation_id)
    await waiter.poll()
    assert operations.asked == [[operation_id]]
    assert len(waiter) == 1, "it goes on waiting"


async def test_the_watch_looks_when_it_is_woken_and_survives_an_outage(
    waiter: OutcomeWaiter, operations: Operations
) -> None:
    watch = asyncio.create_task(waiter.watch())
    operation_id = uuid4()
    future = waiter.expect(operation_id)
    operations.known[operation_id] = outcome(operation_id)
    operations.outages = 1
    waiter.wake()
    await eventually(lambda: operations.asked, "it looked")
    waiter.wake()
    assert await asyncio.wait_for(future, 5) == operations.known[operation_id]
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch


async def test_the_watch_looks_by_itself_when_nobody_wakes_it(waiter: OutcomeWaiter, operations: Operations) -> None:
    watch = asyncio.create_task(waiter.watch())
    operation_id = uuid4()
    future = waiter.expect(operation_id)
    operations.known[operation_id] = outcome(operation_id)
    assert await asyncio.wait_for(future, 10) == operations.known[operation_id]
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
