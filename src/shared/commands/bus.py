"""Sends commands: through Kafka while it can be reached, straight to the processor while it cannot."""

import asyncio
import time
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

import msgspec
import structlog
from structlog.contextvars import bound_contextvars

from shared.commands.outcome_waiter import OutcomeWaiter
from shared.commands.processor import CommandProcessor
from shared.errors import Invalid, TooLarge, Unavailable
from shared.messages import CommandEnvelope, Outcome, ReceivedCommand, command_topic
from shared.ports import CommandPublisher
from shared.telemetry.metrics import COMMAND_SECONDS, COMMANDS_SENT, STAGE_SECONDS
from shared.telemetry.tracing import NO_TRACING, Tracing

log = structlog.get_logger(__name__)

Path = Literal["kafka", "inline"]

MAX_COMMAND_BYTES = 512 * 1024
BREAKER_SECONDS = 3.0
MAX_INLINE_BATCH = 500
INLINE_SECONDS = 12.0


class KafkaUnreachable(Exception):  # noqa: N818 - an outage the bus gets round, not an error anybody sees
    """The broker did not take the record in the short time a request may spend on it."""


class CommandTooLarge(TooLarge):
    """The encoded command exceeds what a topic takes."""


class NotDecidedYet(Unavailable):
    """The command waits in this process for a database that does not answer; it may still be decided."""


class IdempotencyKeyReused(Invalid):
    """The key belongs to another request."""


class PendingStore(Protocol):
    """Where an operation's address comes to be before it is decided."""

    async def store_pending(self, context: str, work: ReceivedCommand) -> None: ...


@dataclass
class Breaker:
    """After a failure everything goes the other way for a while; then one request tries again."""

    seconds: float = BREAKER_SECONDS
    _until: float = field(default=0.0)

    def is_open(self, now: float) -> bool:
        """Whether to go the other way. The first to ask after the pause becomes the trial; others wait for it."""
        if self._until == 0.0:
            return False
        if now < self._until:
            return True
        self._until = now + self.seconds
        return False

    def trip(self, now: float) -> None:
        """The way failed."""
        self._until = now + self.seconds

    def close(self) -> None:
        """The way works."""
        self._until = 0.0


class Answer(msgspec.Struct, frozen=True):
    """What is known when a request stops waiting: the outcome, if any, and which way its command went."""

    operation_id: UUID
    outcome: Outcome | None
    path: Path


class InlineLane:
    """Decides one context's commands in this process, those of one moment in one transaction."""

    def __init__(self, processor: CommandProcessor) -> None:
        self._processor = processor
        self._waiting: list[tuple[ReceivedCommand, asyncio.Future[None]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def decide(self, work: ReceivedCommand) -> None:
        """Returns when the command is decided; raises `Unavailable` when the database does not answer."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if self._runner is None or self._runner.done():
            # In a context of its own: it decides for everybody, not for whoever came first.
            self._runner = asyncio.create_task(self._run(), context=Context())
        await done

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_INLINE_BATCH], self._waiting[MAX_INLINE_BATCH:]
            error: BaseException | None = None
            try:
                await self._processor.process([work for work, _ in batch])
            except Exception as caught:  # noqa: BLE001 - every waiting request is told
                error = caught
            for _, done in batch:
                if done.done():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)


class CommandBus:
    """The way in for every write of every context but `access`."""

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
        self._lanes = {name: InlineLane(processor) for name, processor in processors.items()}
        self._waiter = waiter
        self._pending = pending
        self._tracing = tracing
        self._breaker = Breaker()

    async def execute(self, context: str, envelope: CommandEnvelope, command: Any, wait: float) -> Answer:
        """The outcome, or none when it is not known within `wait` seconds (then a pending operation is stored).

        `wait` zero or less: does not wait at all. Raises `CommandTooLarge`, `IdempotencyKeyReused`, or `Unavailable`
        when neither Kafka nor the database takes the command.
        """
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
        """Puts the command on its topic, or has it decided here and now; says which."""
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
                await self._lanes[context].decide(work)
        except TimeoutError:
            detail = "The database does not answer. Send the same request with the same Idempotency-Key again."
            raise NotDecidedYet(detail) from None


def require_sendable(envelope: CommandEnvelope) -> bytes:
    """The envelope as it travels. Raises `CommandTooLarge`."""
    encoded = msgspec.json.encode(envelope)
    if len(encoded) > MAX_COMMAND_BYTES:
        raise CommandTooLarge(f"The command is larger than {MAX_COMMAND_BYTES:,} bytes. Split it.")
    return encoded


def followed(work: ReceivedCommand, traceparent: str | None) -> ReceivedCommand:
    """The work as part of a trace, if there is one."""
    return work if traceparent is None else msgspec.structs.replace(work, traceparent=traceparent)


def encoded_command(command: Any) -> msgspec.Raw:
    """A command as it lies in its envelope."""
    return msgspec.Raw(msgspec.json.encode(command))
