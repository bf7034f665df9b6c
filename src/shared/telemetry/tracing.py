"""How one request is followed through the system: what the write path tells whoever traces, and how a trace travels.

A trace travels as W3C `traceparent`: in the header of that name on every record, and beside each event in the relay's
queue.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar
from uuid import UUID

from shared.messages import ReceivedCommand

HEADER = "traceparent"
WELL_FORMED = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

App = TypeVar("App")

carried: ContextVar[str | None] = ContextVar("carried", default=None)
"""The `traceparent` that a record gets which is handed to the broker now."""


class Handover(Protocol):
    """A record on its way. `traceparent` is None when nobody follows it."""

    @property
    def traceparent(self) -> str | None: ...

    def lasts_until(self, answer: "asyncio.Future[None]") -> None:
        """It is not over with the block, but when the broker has answered."""
        ...


class Tracing(Protocol):
    """Follows requests, or does not. Times are seconds since the epoch."""

    def requests(self, app: App) -> App:
        """The ASGI application, its requests followed."""
        ...

    def publishing(self, topic: str, operation_id: UUID, traceparent: str | None) -> AbstractContextManager[Handover]:
        """While a record is handed to the broker. It belongs to the given trace, else to the present one."""
        ...

    def consuming(self, topic: str, traceparents: Sequence[str]) -> AbstractContextManager[None]:
        """While a batch of records is dealt with."""
        ...

    def stage(self, name: str, batch: Sequence[ReceivedCommand], started: float, ended: float) -> None:
        """A stage of deciding is over, for all of the batch."""
        ...


class Passing:
    """A record that is not followed here. One that was followed elsewhere keeps its trace."""

    def __init__(self, traceparent: str | None) -> None:
        self.traceparent = traceparent
        self._before: Token[str | None] | None = None

    def __enter__(self) -> Self:
        if self.traceparent is not None:
            self._before = carried.set(self.traceparent)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._before is not None:
            carried.reset(self._before)

    def lasts_until(self, answer: "asyncio.Future[None]") -> None:
        """Nobody looks at how long it takes."""


UNFOLLOWED = Passing(None)
NOT_FOLLOWING = nullcontext()


class NoTracing:
    """Nobody asked for it, and it costs nothing."""

    def requests(self, app: App) -> App:
        """As it is."""
        return app

    def publishing(self, topic: str, operation_id: UUID, traceparent: str | None) -> AbstractContextManager[Handover]:
        """Without a span."""
        return UNFOLLOWED if traceparent is None else Passing(traceparent)

    def consuming(self, topic: str, traceparents: Sequence[str]) -> AbstractContextManager[None]:
        """Without a span."""
        return NOT_FOLLOWING

    def stage(self, name: str, batch: Sequence[ReceivedCommand], started: float, ended: float) -> None:
        """Not noted."""


NO_TRACING: Tracing = NoTracing()


def traceparent_of(record: Any) -> str | None:
    """What a Kafka record carries, if it carries a trace."""
    for name, value in record.headers:
        if name == HEADER and WELL_FORMED.fullmatch(value):
            return str(value, "ascii")
    return None


def trace_id(traceparent: str | None) -> str | None:
    """The trace, as logs name it."""
    return None if traceparent is None else traceparent.split("-")[1]


def trace_headers() -> dict[str, str]:
    """The headers a record gets which is handed to the broker now."""
    traceparent = carried.get()
    return {} if traceparent is None else {HEADER: traceparent}
