"""Callers at work while something happens to the service."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from tests.support.polling import wait_for


class Caller(Protocol):
    """One who asks again and again, in a thread of its own."""

    @property
    def decided(self) -> int:
        """How many of its changes were decided so far."""
        ...

    def start(self) -> None: ...
    def end(self) -> None: ...


@contextmanager
def under_load(callers: Sequence[Caller], more: int = 3) -> Iterator[Callable[[str], None]]:
    """The yielded function waits until each caller has had `more` of its changes decided."""
    for caller in callers:
        caller.start()

    def goes_on(when: str) -> None:
        goals = [(caller, caller.decided + more) for caller in callers]
        wait_for(lambda: all(caller.decided >= goal for caller, goal in goals), f"changes are decided {when}", 60)

    try:
        yield goes_on
    finally:
        for caller in callers:
            caller.end()
