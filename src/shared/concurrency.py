"""Patterns of asynchronous work: batches, wake-ups, retries, and long work in slices."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from typing import Any, Generic, TypeVar

SLICE_SECONDS = 0.005
LONGEST_REST_SECONDS = 0.01

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Run one batch at a time; what is submitted meanwhile is the next. `call` returns the results in order."""

    def __init__(self, call: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], limit: int) -> None:
        self._call = call
        self._limit = limit
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """Return the item's result, or raise what its batch raised. A cancelled caller does not stop the batch."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._runner is None or self._runner.done():
            # a new context: the batch works for all callers, not for the first one
            self._runner = asyncio.create_task(self._run(), context=Context())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            try:
                results = await self._call([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001 - every caller gets it
                for _, future in batch:
                    fail(future, error)
            else:
                for (_, future), result in zip(batch, results, strict=True):
                    if not future.done():
                        future.set_result(result)


def fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    """End a future that nobody may be waiting for any more. Do nothing when it is done already."""
    if not future.done():
        future.set_exception(error)
        future.exception()


class Wakeup:
    """Let a loop look for work when there may be some, and every `seconds` in any case."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._event = asyncio.Event()

    def wake(self) -> None:
        self._event.set()

    def clear(self) -> None:
        """Forget earlier calls of `wake`. Call it before looking for work, never after."""
        self._event.clear()

    async def wait(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._event.wait()
        except TimeoutError:
            pass
        self._event.clear()


async def retry_forever(
    attempt: Callable[[], Awaitable[Result]],
    failures: type[Exception] | tuple[type[Exception], ...],
    pause_seconds: float,
    on_failure: Callable[[Any], None],
) -> Result:
    """Return the first result. After each of `failures` call `on_failure` and pause; raise every other exception."""
    while True:
        try:
            return await attempt()
        except failures as error:
            on_failure(error)
        await asyncio.sleep(pause_seconds)


async def in_slices(items: Iterable[Any]) -> AsyncIterator[Any]:
    """Iterate, giving the event loop a turn whenever about five milliseconds of work are done."""
    started = time.perf_counter()
    for item in items:
        yield item
        if time.perf_counter() - started > SLICE_SECONDS:
            await asyncio.sleep(0)
            started = time.perf_counter()


async def by_few(items: Sequence[Any], few: int, rest_seconds: float = 0) -> AsyncIterator[Any]:
    """Iterate with a rest after every `few` items, and with a longer one while the event loop is late."""
    late = 0.0
    for number, item in enumerate(items):
        if number and number % few == 0:
            rest = rest_seconds + min(2 * late, LONGEST_REST_SECONDS if rest_seconds else 0)
            started = time.perf_counter()
            await asyncio.sleep(rest)
            late = max(0.0, time.perf_counter() - started - rest)
        yield item
