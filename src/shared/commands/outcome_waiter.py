"""Who waits for which outcome, and how they hear of it, whichever process decided."""

import asyncio
import time
from collections import defaultdict
from typing import NamedTuple
from uuid import UUID

import structlog

from shared.errors import Unavailable
from shared.messages import Outcome
from shared.ports import Invalidation, OperationsReader
from shared.telemetry.metrics import STAGE_SECONDS

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0


class Wait(NamedTuple):
    """One request's wait for its own `attempt`; None where any attempt will do."""

    future: "asyncio.Future[Outcome]"
    attempt: UUID | None

    def ends_by(self, outcome: Outcome) -> bool:
        """Whether this is what it waits for. A failure before its own attempt is what that tries to make good."""
        is_decided = outcome.status != "failed"
        return is_decided or self.attempt is None or not outcome.attempts or self.attempt in outcome.attempts


class OutcomeWaiter:
    """The requests of this process that wait, by operation id.

    An outcome decided here arrives by `resolve`, after commit and invalidation. One decided elsewhere is read after a
    NOTIFY or at the next poll, and what it touched is invalidated here first: no replica answers a write with success
    and then serves the state before it. Who sends a failed operation again is told how his own attempt went.
    """

    def __init__(self, operations: OperationsReader, invalidation: Invalidation) -> None:
        self._operations = operations
        self._invalidation = invalidation
        self._waiting: dict[UUID, list[Wait]] = defaultdict(list)
        self._woken = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(self, operation_id: UUID, attempt: UUID | None = None) -> "asyncio.Future[Outcome]":
        """A future for the outcome; register it before the command is sent, as this attempt."""
        wait = Wait(asyncio.get_running_loop().create_future(), attempt)
        self._waiting[operation_id].append(wait)
        return wait.future

    def forget(self, operation_id: UUID, future: "asyncio.Future[Outcome]") -> None:
        """Ends one wait."""
        waiting = self._waiting.get(operation_id, ())
        self._keep(operation_id, [wait for wait in waiting if wait.future is not future])

    def resolve(self, outcome: Outcome) -> None:
        """Hands a decided and invalidated outcome to all who wait for it."""
        waiting = self._waiting.get(outcome.operation_id, ())
        self._keep(outcome.operation_id, [wait for wait in waiting if not wait.ends_by(outcome)])
        for wait in waiting:
            if wait.ends_by(outcome) and not wait.future.done():
                wait.future.set_result(outcome)

    def _keep(self, operation_id: UUID, waiting: list[Wait]) -> None:
        if waiting:
            self._waiting[operation_id] = waiting
        else:
            self._waiting.pop(operation_id, None)

    def wake(self) -> None:
        """Somebody else decided something: look soon."""
        self._woken.set()

    async def watch(self) -> None:
        """Runs for ever: reads waited-for outcomes when woken, and once a second."""
        while True:
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            try:
                await self.poll()
            except Unavailable as error:
                log.warning("outcomes_unreadable", error=error.detail)

    async def poll(self) -> None:
        """Reads the decided among the waited-for operations and hands them on."""
        if not self._waiting:
            return
        started = time.perf_counter()
        outcomes = await self._operations.decided(list(self._waiting))
        await self._invalidation.invalidate(
            sorted({name for outcome in outcomes.values() for name in outcome.invalidates})
        )
        for outcome in outcomes.values():
            STAGE_SECONDS.labels(context=outcome.context, stage="wake").observe(time.perf_counter() - started)
            self.resolve(outcome)
