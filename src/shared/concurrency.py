"""Long work in the event loop, in slices."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

SLICE_SECONDS = 0.005
LONGEST_REST_SECONDS = 0.01


async def in_slices(items: Iterable[Any]) -> AsyncIterator[Any]:
    """The items, giving the event loop a turn whenever about five milliseconds of work are done."""
    started = time.perf_counter()
    for item in items:
        yield item
        if time.perf_counter() - started > SLICE_SECONDS:
            await asyncio.sleep(0)
            started = time.perf_counter()


async def by_few(items: Sequence[Any], few: int, rest_seconds: float = 0) -> AsyncIterator[Any]:
    """The items, with a rest after every few, for whoever was woken by them and for others; a longer one when busy."""
    late = 0.0
    for number, item in enumerate(items):
        if number and number % few == 0:
            rest = rest_seconds + min(2 * late, LONGEST_REST_SECONDS if rest_seconds else 0)
            started = time.perf_counter()
            await asyncio.sleep(rest)
            late = max(0.0, time.perf_counter() - started - rest)
        yield item
