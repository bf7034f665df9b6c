"""Send commands and wait for outcomes: through Kafka while it can be reached, straight to the processor otherwise."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

import msgspec
import structlog
from structlog.contextvars import bound_contextvars

from shared.commands.processor import CommandProcessor
from shared.concurrency import Batcher, Wakeup
from shared.errors import Invalid, TooLarge, Unavailable
from shared.messages import CommandEnvelope, Outcome, ReceivedCommand, command_topic
from shared.ports import CommandPublisher, Invalidation, OperationsReader
from shared.telemetry.metrics import COMMAND_SECONDS, COMMANDS_SENT, STAGE_SECONDS
from shared.telemetry.tracing import NO_TRACING, Tracing

log = structlog.get_logger(__name__)

Path = Literal["kafka", "inline"]

MAX_COMMAND_BYTES = 512 * 1024
BREAKER_SECONDS = 3.0
MAX_INLINE_BATCH = 500
INLINE_SECONDS = 12.0
POLL_SECONDS = 1.0


class KafkaUnreachable(Exception):  # noqa: N818 - an outage that the bus handles
    """The broker did not take the record in the short time a request may spend on it."""


class CommandTooLarge(TooLarge):
    """The encoded command exceeds what a topic takes."""


class NotDecidedYet(Unavailable):
    """The command waits in this process for a database that does not answer; it may still be decided."""


class IdempotencyKeyReused(Invalid):
    """The key belongs to another request."""


class PendingStore(Protocol):
    """Make the address of an operation answer before it is decided."""

    async def store_pending(self, context: str, work: ReceivedCommand) -> None: ...


@dataclass
class Breaker:
    """Circuit breaker: refuse for a while after a failure, then let one trial through."""

    seconds: float = BREAKER_SECONDS
    _until: float = field(default=0.0)

    def is_open(self, now: float) -> bool:
        """Whether to avoid the broker. The first call after the pause answers False: it is the trial."""
        if self._until == 0.0:
            return False
        if now < self._until:
            return True
        self._until = now + self.seconds
        return False

    def trip(self, now: float) -> None:
        self._until = now + self.seconds

    def close(self) -> None:
        self._until = 0.0


class Answer(msgspec.Struct, frozen=True):
    operation_id: UUID
    outcome: Outcome | None
    path: Path


class Wait(NamedTuple):
    """One request's wait for its own `attempt`; None: for any attempt."""

    future: "asyncio.Future[Outcome]"
    attempt: UUID | None

    def ends_by(self, outcome: Outcome) -> bool:
        """Whether the outcome ends this wait: a failure of an earlier attempt does not."""
        is_decided = outcome.status != "failed"
        return is_decided or self.attempt is None or not outcome.attempts or self.attempt in outcome.attempts


class OutcomeWaiter:
    """The requests of this process that wait for outcomes, by operation id.

    What an operation decided elsewhere changed is invalidated here before its request is woken: no replica answers a
    write with success and then serves the state before it.
    """

    def __init__(self, operations: OperationsReader, invalidation: Invalidation) -> None:
        self._operations = operations
        self._invalidation = invalidation
        self._waiting: dict[UUID, list[Wait]] = defaultdict(list)
        self._wakeup = Wakeup(POLL_SECONDS)

    def __len__(self) -> int:
        return len(self._waiting)

    def expect(self, operation_id: UUID, attempt: UUID | None = None) -> "asyncio.Future[Outcome]":
        """Register a wait, before the command is sent as this attempt."""
        wait = Wait(asyncio.get_running_loop().create_future(), attempt)
        self._waiting[operation_id].append(wait)
        return wait.future

    def forget(self, operation_id: UUID, future: "asyncio.Future[Outcome]") -> None:
        waiting = self._waiting.get(operation_id, ())
        self._keep(operation_id, [wait for wait in waiting if wait.future is not future])

    def resolve(self, outcome: Outcome) -> None:
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
        self._wakeup.wake()

    async def watch(self) -> None:
        """Read awaited outcomes when woken, and once a second. Never returns."""
        while True:
            await self._wakeup.wait()
            try:
                await self.poll()
            except Unavailable as error:
                log.warning("outcomes_unreadable", error=error.detail)

    async def poll(self) -> None:
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


class CommandBus:
    """The way in for every write of every context except `access`."""

    def __init__(
        self,
        publisher: CommandPublisher,
        processors: Mapping[str, CommandProcessor],
        waiter: OutcomeWaiter,
        pending: PendingStore,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self._publisher = publisher
        self._processors = processors
        self._lanes = {name: inline_lane(processor) for name, processor in processors.items()}
        self._waiter = waiter
        self._pending = pending
        self._tracing = tracing
        self._breaker = Breaker()

    async def execute(self, context: str, envelope: CommandEnvelope, command: Any, wait: float) -> Answer:
        """Wait at most `wait` seconds. Raises `CommandTooLarge`, `IdempotencyKeyReused`, or `Unavailable`."""
        work = ReceivedCommand(envelope, command)
        future = self._waiter.expect(envelope.operation_id, envelope.attempt)
        started = time.perf_counter()
        try:
            with bound_contextvars(operation_id=str(envelope.operation_id)):
                path = await self.send(context, work)
                outcome = await self._await(future, wait)
        finally:
            self._waiter.forget(envelope.operation_id, future)
        if outcome is None:
            await self._pending.store_pending(context, work)
            return Answer(envelope.operation_id, None, path)
        COMMAND_SECONDS.labels(context=context, path=path).observe(time.perf_counter() - started)
        if outcome.fingerprint != envelope.fingerprint:
            raise IdempotencyKeyReused(
                "The Idempotency-Key was used for another request. Use a new key for a new request."
            )
        return Answer(envelope.operation_id, outcome, path)

    async def _await(self, future: "asyncio.Future[Outcome]", wait: float) -> Outcome | None:
        if future.done():
            return future.result()
        if wait <= 0:
            return None
        try:
            async with asyncio.timeout(wait):
                return await future
        except TimeoutError:
            return None

    async def send(self, context: str, work: ReceivedCommand) -> Path:
        """Publish the command, or decide it in this process, and return which of both."""
        encoded = require_sendable(work.envelope)
        operation_id = work.envelope.operation_id
        with self._tracing.publishing(command_topic(context), operation_id, work.traceparent) as handover:
            path = await self._publish(context, work, encoded)
        if path == "inline":
            await self._decide_inline(context, followed(work, handover.traceparent))
        COMMANDS_SENT.labels(context=context, path=path).inc()
        return path

    async def _publish(self, context: str, work: ReceivedCommand, encoded: bytes) -> Path:
        loop, started = asyncio.get_running_loop(), time.perf_counter()
        if not self._breaker.is_open(loop.time()):
            try:
                await self._publisher.publish(command_topic(context), work.envelope.aggregate_id, encoded)
            except KafkaUnreachable as error:
                log.warning("kafka_unreachable", error=str(error))
                self._breaker.trip(loop.time())
            else:
                STAGE_SECONDS.labels(context=context, stage="publish").observe(time.perf_counter() - started)
                self._breaker.close()
                return "kafka"
        return "inline"

    async def _decide_inline(self, context: str, work: ReceivedCommand) -> None:
        try:
            async with asyncio.timeout(INLINE_SECONDS):
                await self._lanes[context].submit(work)
        except TimeoutError:
            detail = "The database does not answer. Send the same request with the same Idempotency-Key again."
            raise NotDecidedYet(detail) from None


def require_sendable(envelope: CommandEnvelope) -> bytes:
    """Encode the envelope. Raises `CommandTooLarge`."""
    encoded = msgspec.json.encode(envelope)
    if len(encoded) > MAX_COMMAND_BYTES:
        raise CommandTooLarge(f"The command is larger than {MAX_COMMAND_BYTES:,} bytes. Split it.")
    return encoded


def followed(work: ReceivedCommand, traceparent: str | None) -> ReceivedCommand:
    return work if traceparent is None else msgspec.structs.replace(work, traceparent=traceparent)


def inline_lane(processor: CommandProcessor) -> Batcher[ReceivedCommand, None]:
    """Decide one context's commands in this process, those of one moment in one transaction."""

    async def decide(batch: Sequence[ReceivedCommand]) -> Sequence[None]:
        await processor.process(batch)
        return [None] * len(batch)

    return Batcher(decide, MAX_INLINE_BATCH)
