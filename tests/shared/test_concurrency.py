"""Batches, wake-ups, retries and slices of asynchronous work."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from shared.concurrency import Batcher, Wakeup, by_few, in_slices, retry_forever
from tests.support.polling import eventually

CALLER: ContextVar[str] = ContextVar("CALLER", default="nobody")


class Doubling:
    """Doubles batches of numbers when it is let through; fails for a batch with a negative one."""

    def __init__(self) -> None:
        self.batches: list[Sequence[int]] = []
        self.callers: list[str] = []
        self.let_through = asyncio.Event()

    async def __call__(self, batch: Sequence[int]) -> Sequence[int]:
        self.batches.append(batch)
        self.callers.append(CALLER.get())
        await self.let_through.wait()
        if min(batch) < 0:
            raise ValueError(min(batch))
        return [2 * number for number in batch]


@pytest.fixture
def doubling() -> Doubling:
    return Doubling()


async def test_one_batch_runs_at_a_time_and_the_next_has_what_came_meanwhile(doubling: Doubling) -> None:
    batcher = Batcher(doubling, 3)
    first = asyncio.ensure_future(batcher.submit(1))
    await eventually(lambda: len(doubling.batches) == 1, "the first batch")
    rest = asyncio.gather(*[batcher.submit(number) for number in range(2, 7)])
    doubling.let_through.set()
    assert [await first, *await rest] == [2, 4, 6, 8, 10, 12]
    assert doubling.batches == [[1], [2, 3, 4], [5, 6]]


async def test_calls_of_one_loop_turn_are_one_batch(doubling: Doubling) -> None:
    doubling.let_through.set()
    assert await asyncio.gather(*[Batcher(doubling, 9).submit(1)]) == [2]
    batcher = Batcher(doubling, 9)
    await asyncio.gather(*[batcher.submit(number) for number in range(5)])
    assert doubling.batches == [[1], [0, 1, 2, 3, 4]]


async def test_a_failed_batch_fails_its_callers_and_no_others(doubling: Doubling) -> None:
    doubling.let_through.set()
    batcher = Batcher(doubling, 2)
    ended = await asyncio.gather(*[batcher.submit(number) for number in (1, -1, 2)], return_exceptions=True)
    assert [repr(one) for one in ended] == ["ValueError(-1)", "ValueError(-1)", "4"]


async def test_a_caller_that_gives_up_keeps_nobody_from_a_result(doubling: Doubling) -> None:
    batcher = Batcher(doubling, 2)
    impatient, patient = asyncio.ensure_future(batcher.submit(1)), asyncio.ensure_future(batcher.submit(2))
    await eventually(lambda: len(doubling.batches) == 1, "the batch")
    impatient.cancel()
    doubling.let_through.set()
    assert await patient == 4
    assert impatient.cancelled()


async def test_a_batch_runs_in_no_callers_context(doubling: Doubling) -> None:
    doubling.let_through.set()
    CALLER.set("ana")
    await Batcher(doubling, 2).submit(1)
    assert doubling.callers == ["nobody"]


async def test_a_wake_up_ends_the_wait_even_when_it_came_before() -> None:
    wakeup = Wakeup(60)
    wakeup.wake()
    await wakeup.wait()
    waiting = asyncio.ensure_future(wakeup.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    wakeup.wake()
    await waiting


async def test_a_wait_ends_by_itself_and_forgets_what_was_cleared() -> None:
    wakeup = Wakeup(0.01)
    wakeup.wake()
    wakeup.clear()
    started = asyncio.get_running_loop().time()
    await wakeup.wait()
    assert asyncio.get_running_loop().time() - started >= 0.009


async def test_an_attempt_is_repeated_after_the_named_failures_alone() -> None:
    outcomes: list[Exception | str] = [OSError("away"), TimeoutError("slow"), "there"]
    failures: list[str] = []

    async def attempt() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert await retry_forever(attempt, OSError, 0, lambda error: failures.append(str(error))) == "there"
    assert failures == ["away", "slow"]
    outcomes.append(KeyError("defect"))
    with pytest.raises(KeyError):
        await retry_forever(attempt, (OSError, ValueError), 0, lambda error: failures.append(str(error)))


async def test_slices_and_handfuls_leave_nothing_out() -> None:
    assert [item async for item in in_slices(range(5))] == list(range(5))
    assert [item async for item in by_few(range(5), 2)] == list(range(5))


async def test_others_get_their_turn_between_handfuls() -> None:
    turns: list[int] = []

    async def count() -> None:
        while True:
            turns.append(len(turns))
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    assert [len(turns) async for _ in by_few(range(6), 2)] == [0, 0, 1, 1, 2, 2]
    counting.cancel()
