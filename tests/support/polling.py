"""Wait for a condition, in a thread or in an event loop."""

import asyncio
import time
from collections.abc import Callable
from typing import Any


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """The first true value of `condition`. Fails after `seconds`, naming `what`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"Not within {seconds:.0f} s: {what}")


async def eventually(condition: Callable[[], Any], what: str, seconds: float = 30.0, pause: float = 0.0) -> Any:
    """The first true value of `condition`, looked at every `pause` seconds. Fails after `seconds`, naming `what`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"Not within {seconds:.0f} s: {what}"
        await asyncio.sleep(pause)
    return value
