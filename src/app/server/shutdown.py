"""How a process hears that it is to end while requests are still under way."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_of_the_end(tell: Callable[[], None]) -> Iterator[None]:
    """Calls `tell` in the loop at a signal to end, beside what the server does at it.

    The server waits for open requests before it tells the application, and a stream of events is open for ever.
    """
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def hear(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        if callable(then := before[signal.Signals(number)]):
            then(number, frame)

    # Who is not handled by anybody ends the process at once, and so it is to stay.
    heard = [number for number in SIGNALS if callable(before[number])]
    for number in heard:
        signal.signal(number, hear)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])
