"""The relay: one leader takes events from `event_relay` to their topics, and makes lost invalidations good."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import structlog
from msgspec import Struct

from shared.concurrency import Wakeup
from shared.errors import Unavailable
from shared.messages import EventEnvelope
from shared.ports import Invalidation
from shared.telemetry.metrics import DEAD_LETTERS, EVENT_SECONDS, RELAY_LEADER, RELAYED
from shared.telemetry.tracing import NO_TRACING, Tracing

log = structlog.get_logger(__name__)

PAGE = 1000
IDLE_SECONDS = 0.5
PAUSE_SECONDS = 1.0
GATHER_SECONDS = 0.025
RENEW_SECONDS = 2.0
ALONE_BYTES = 8_000


class Queued(Struct, frozen=True):
    """A row of the queue: its place, its Kafka key, what it invalidates, the event, and the trace it belongs to."""

    seq: int
    key: str
    invalidates: Sequence[str]
    fresh: bool
    event: EventEnvelope
    traceparent: str | None = None


class PublishFailed(Exception):  # noqa: N818 - an answer of the broker
    """The broker did not take an event. `permanent`: it never will."""

    def __init__(self, detail: str, *, permanent: bool) -> None:
        super().__init__(detail)
        self.permanent = permanent


class LeadershipLost(Exception):  # noqa: N818 - another process leads; the relay goes on
    """Another process holds the lease now."""


class EventPublisher(Protocol):
    async def publish_module_event(self, event_type: str, event_data: EventEnvelope) -> "asyncio.Future[None]":
        """Queue the event for its topic; the future ends when the broker has answered, or raises `PublishFailed`."""
        ...


class RelayQueue(Protocol):
    """A leader's session: every call fails once another process leads."""

    async def renew(self) -> None:
        """Raise `LeadershipLost` when the lease is another process's."""
        ...

    async def page(self, limit: int) -> Sequence[Queued]:
        """Return the oldest rows whose key is not blocked by a dead letter."""
        ...

    async def fresh(self, limit: int) -> Sequence[Queued]:
        """Return the oldest rows whose invalidation was not repeated yet, blocked ones too; without payloads."""
        ...

    async def mark_invalidated(self, seqs: Sequence[int]) -> None: ...
    async def remove(self, seqs: Sequence[int]) -> None: ...
    async def block(self, row: Queued, error: str) -> UUID: ...
    async def close(self) -> None: ...


class RelayElection(Protocol):
    async def lead(self) -> RelayQueue | None:
        """Return the new leader's session; None while another process leads."""
        ...


class CacheReset(Protocol):
    async def reset(self) -> None: ...


@dataclass
class Relay:
    """Publish events, in one process at a time. Order per key is that of commits; delivery is at least once."""

    election: RelayElection
    publisher: EventPublisher
    invalidation: Invalidation
    cache: CacheReset
    tracing: Tracing = NO_TRACING

    def __post_init__(self) -> None:
        self._wakeup = Wakeup(IDLE_SECONDS)

    def wake(self) -> None:
        self._wakeup.wake()

    async def run(self) -> None:
        while True:
            try:
                queue = await self.election.lead()
                if queue is not None:
                    await self._lead(queue)
            except (Unavailable, LeadershipLost) as error:
                log.info("relay_steps_back", reason=str(error))
            except Exception:
                log.exception("relay_failed")
            RELAY_LEADER.set(0)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _lead(self, queue: RelayQueue) -> None:
        RELAY_LEADER.set(1)
        log.info("relay_leads")
        renewing = asyncio.create_task(self._renew(queue))
        working = asyncio.create_task(self._work(queue))
        try:
            await self.cache.reset()
            done, _ = await asyncio.wait({renewing, working}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (renewing, working):
                task.cancel()
            await asyncio.gather(renewing, working, return_exceptions=True)
            await queue.close()

    async def _renew(self, queue: RelayQueue) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await queue.renew()
            # Publishing may be waiting for Kafka, or leave blocked keys out: lost invalidations wait for neither.
            await self._invalidate_backlog(queue, [])

    async def _work(self, queue: RelayQueue) -> None:
        while True:
            self._wakeup.clear()
            if not await self.relay_page(queue):
                await self._wakeup.wait()

    async def relay_page(self, queue: RelayQueue) -> bool:
        """Invalidate and publish one page; False when there is nothing to do at present."""
        rows = await queue.page(PAGE)
        await self._invalidate([row for row in rows if row.fresh])
        failed = await self._publish(queue, rows)
        if failed is not None or len(rows) == 0:
            moved = await self._invalidate_backlog(queue, rows)
            if failed is not None:
                log.warning("relay_waits_for_kafka", error=str(failed))
                await asyncio.sleep(PAUSE_SECONDS)
            return moved
        if len(rows) < PAGE:
            # The first event of a quiet time leaves at once; under load the next page gathers meanwhile.
            await asyncio.sleep(GATHER_SECONDS)
        return True

    async def _invalidate(self, rows: Sequence[Queued]) -> None:
        await self.invalidation.invalidate(sorted({name for row in rows for name in row.invalidates}))

    async def _invalidate_backlog(self, queue: RelayQueue, page: Sequence[Queued]) -> bool:
        await queue.mark_invalidated([row.seq for row in page if row.fresh])
        rows = await queue.fresh(PAGE)
        await self._invalidate(rows)
        await queue.mark_invalidated([row.seq for row in rows])
        return len(rows) > 0

    async def _publish(self, queue: RelayQueue, rows: Sequence[Queued]) -> PublishFailed | None:
        """Publish a page, remove each key's rows up to its first failure, and return a failure that may pass."""
        errors = await self._publish_all(rows)
        published, broken = until_first_failure(rows, errors)
        await queue.remove([row.seq for row in published])
        RELAYED.inc(len(published))
        moment = time.time()
        for row in published:
            EVENT_SECONDS.observe(max(0.0, moment - row.event.occurred_at.timestamp()))
        passing: PublishFailed | None = None
        for row, error in broken:
            alone = error if not error.permanent else (await self._publish_all([row]))[0]
            if alone is None:
                await queue.remove([row.seq])
            elif alone.permanent:
                letter = await queue.block(row, str(alone))
                DEAD_LETTERS.labels(kind="relay").inc()
                log.error("event_blocked", key=row.key, event_id=str(row.event.event_id), dead_letter=str(letter))
            else:
                passing = alone
        return passing

    async def _publish_all(self, rows: Sequence[Queued]) -> list[PublishFailed | None]:
        # An event larger than a producer's batch travels alone, so the broker may refuse it and take the next one of
        # its key: what follows such an event waits for its answer, and is not published when it failed.
        waiting: list[asyncio.Future[None] | PublishFailed] = []
        unsure: dict[str, asyncio.Future[None] | PublishFailed] = {}
        for row in rows:
            earlier = unsure.get(row.key)
            failure = None if earlier is None else await settled(earlier)
            answer = failure or await self._queue(row)
            waiting.append(answer)
            if isinstance(answer, PublishFailed) or len(row.event.payload) > ALONE_BYTES:
                unsure[row.key] = answer
        return [await settled(answer) for answer in waiting]

    async def _hand_over(self, row: Queued) -> "asyncio.Future[None]":
        return await self.publisher.publish_module_event(row.event.type, row.event)

    async def _queue(self, row: Queued) -> "asyncio.Future[None] | PublishFailed":
        try:
            if row.traceparent is None:
                return await self._hand_over(row)
            with self.tracing.publishing(row.event.type, row.event.operation_id, row.traceparent) as handover:
                answer = await self._hand_over(row)
                handover.lasts_until(answer)
        except PublishFailed as error:
            return error
        return answer


async def settled(answer: "asyncio.Future[None] | PublishFailed") -> PublishFailed | None:
    if isinstance(answer, PublishFailed):
        return answer
    try:
        await answer
    except PublishFailed as error:
        return error
    return None


def until_first_failure(
    rows: Sequence[Queued], errors: Sequence[PublishFailed | None]
) -> tuple[list[Queued], list[tuple[Queued, PublishFailed]]]:
    """Split into the rows that may be removed and each key's first failure; what follows a failure of its key stays."""
    failed: set[str] = set()
    published: list[Queued] = []
    broken: list[tuple[Queued, PublishFailed]] = []
    for row, error in zip(rows, errors, strict=True):
        if row.key in failed:
            continue
        if error is None:
            published.append(row)
        else:
            failed.add(row.key)
            broken.append((row, error))
    return published, broken
