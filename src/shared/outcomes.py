"""Who waits for which outcome, and how they hear of it, whichever process decided."""

import asyncio
import time
from collections import defaultdict
from uuid import UUID

import structlog

from shared.errors import Unavailable
from shared.messages import Outcome
from shared.metrics import STAGE_SECONDS
from shared.ports import Invalidation, OperationsReader

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0


class OutcomeBoard:
    """The requests of this process that wait, by operation id.

    An outcome decided here arrives by `resolve`, after commit and invalidation. One decided elsewhere is read after a
    NOTIFY or at the next poll, and what it touched is invalidated here first: no replica answers a write with success
    and then serves the state before it.
    """

    def __init__(self, operations: OperationsReader, invalidation: Invalidation) -> None:
        self._operations = operations
        self._invalidation = invalidation
        self._waiting: dict[UUID, list[asyncio.Future[Outcome]]] = defaultdict(list)
        self._woken = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(self, operation_id: UUID) -> "asyncio.Future[Outcome]":
        """A future for the outcome; register it before the command is sent."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting[operation_id].append(future)
        return future

    def forget(self, operation_id: UUID, future: "asyncio.Future[Outcome]") -> None:
        """Ends one wait."""
        waiting = self._waiting.get(operation_id, [])
        if future in waiting:
            waiting.remove(future)
        if not waiting:
            self._waiting.pop(operation_id, None)

    def resolve(self, outcome: Outcome) -> None:
        """Hands a decided and invalidated outcome to all who wait for it."""
        for future in self._waiting.pop(outcome.operation_id, ()):
            if not future.done():
                future.set_result(outcome)

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
        await self._invalidation.invalidate(sorted({name for outcome in outcomes.values() for name in outcome.touched}))
        for outcome in outcomes.values():
            STAGE_SECONDS.labels(context=outcome.context, stage="wake").observe(time.perf_counter() - started)
            self.resolve(outcome)
