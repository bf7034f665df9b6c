"""Waiting in an event loop for something to become true."""

import asyncio
import time
from collections.abc import Callable
from typing import Any


async def eventually(condition: Callable[[], Any], what: str, seconds: float = 30.0, pause: float = 0.0) -> Any:
    """The first true value of `condition`, looked at every `pause` seconds. Fails after `seconds`, naming `what`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"Not within {seconds:.0f} s: {what}"
        await asyncio.sleep(pause)
    return value
