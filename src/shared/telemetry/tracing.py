"""Tracing, as W3C `traceparent` on every record and beside the events in the relay's queue."""

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
"""The `traceparent` of records that are handed to the broker in this context."""


class Handover(Protocol):
    """A record on its way to the broker. `traceparent` is None when it is not traced."""

    @property
    def traceparent(self) -> str | None: ...

    def lasts_until(self, answer: "asyncio.Future[None]") -> None:
        """End with the broker's answer instead of the block."""
        ...


class Tracing(Protocol):
    def requests(self, app: App) -> App: ...

    def publishing(self, topic: str, operation_id: UUID, traceparent: str | None) -> AbstractContextManager[Handover]:
        """Trace the hand-over of a record to the broker, in the given trace, else in the current one."""
        ...

    def consuming(self, topic: str, traceparents: Sequence[str]) -> AbstractContextManager[None]: ...

    def stage(self, name: str, batch: Sequence[ReceivedCommand], started: float, ended: float) -> None:
        """Record a finished stage for every command of the batch. Times are seconds since the epoch."""
        ...


class PassThrough:
    """A record that is not traced here. One that was traced elsewhere keeps its trace."""

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
        """Do nothing: the time is not measured."""


UNTRACED = PassThrough(None)
UNTRACED_BATCH = nullcontext()


class NoTracing:
    """Tracing switched off, at no cost."""

    def requests(self, app: App) -> App:
        return app

    def publishing(self, topic: str, operation_id: UUID, traceparent: str | None) -> AbstractContextManager[Handover]:
        return UNTRACED if traceparent is None else PassThrough(traceparent)

    def consuming(self, topic: str, traceparents: Sequence[str]) -> AbstractContextManager[None]:
        return UNTRACED_BATCH

    def stage(self, name: str, batch: Sequence[ReceivedCommand], started: float, ended: float) -> None:
        pass


NO_TRACING: Tracing = NoTracing()


def traceparent_of(record: Any) -> str | None:
    """Return a Kafka record's `traceparent`; None without a well-formed one."""
    for name, value in record.headers:
        if name == HEADER and WELL_FORMED.fullmatch(value):
            return str(value, "ascii")
    return None


def trace_id(traceparent: str | None) -> str | None:
    return None if traceparent is None else traceparent.split("-")[1]


def trace_headers() -> dict[str, str]:
    """Return the headers of a record that is handed to the broker in this context."""
    traceparent = carried.get()
    return {} if traceparent is None else {HEADER: traceparent}
