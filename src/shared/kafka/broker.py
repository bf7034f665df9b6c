"""Kafka by FastStream: publish commands and events, and consume in batches that lose and skip no record."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import structlog
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)
from faststream import AckPolicy
from faststream.exceptions import FastStreamException
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.commands.bus import KafkaUnreachable
from shared.concurrency import fail, retry_forever
from shared.errors import Unavailable
from shared.messages import JSON_HEADERS, EventEnvelope, cloud_event_headers
from shared.outbox.relay import PublishFailed
from shared.telemetry.tracing import trace_headers

log = structlog.get_logger(__name__)

PUBLISH_SECONDS = 2.0
RETRY_SECONDS = 1.0
POLL_MS = 10
PATIENT_POLL_MS = 100
MAX_RECORDS = 500
SESSION_MS = 10_000
HEARTBEAT_MS = 1_000
PACING = (0.2, 1.0, 5.0, 15.0, 30.0)
OUTAGES = (KafkaError, FastStreamException, OSError)
PERMANENT = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError, TopicAuthorizationFailedError)

Record = Any
Handler = Callable[[Sequence[Record]], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """One consumer of a context. `handler` raises `Unavailable` when the batch must be delivered again."""

    group: str
    topics: Sequence[str]
    handler: Handler
    poll_ms: int = POLL_MS
    gather_seconds: float = 0.0


def make_broker(bootstrap: str) -> KafkaBroker:
    """Make the process's one broker client. Not idempotent: a lost broker must not make publishing wait for ever."""
    return KafkaBroker(
        bootstrap,
        acks="all",
        enable_idempotence=False,
        request_timeout_ms=10_000,
        allow_auto_create_topics=False,
        max_request_size=1_048_576,
        graceful_timeout=5,
        logger=None,
    )


def subscribe(broker: KafkaBroker, subscription: Subscription, replica_id: str) -> None:
    """Register the subscription: static membership, manual offsets, batches in partition order."""
    pacing = Pacing()

    async def on_batch(_: list[Any], message: KafkaMessage) -> None:
        records = message.raw_message if isinstance(message.raw_message, tuple) else (message.raw_message,)
        try:
            await subscription.handler(records)
        except Unavailable as error:
            log.warning("batch_waits", group=subscription.group, error=error.detail)
            await pacing.pause()
            await message.nack()
            return
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("batch_failed", group=subscription.group)
            await pacing.pause()
            await message.nack()
            return
        pacing.reset()
        # After a rebalance the partition is another member's: it gets the batch again and finds it decided.
        with suppress(CommitFailedError, IllegalStateError):
            await message.ack()
        if len(records) < MAX_RECORDS:
            await asyncio.sleep(subscription.gather_seconds)

    broker.subscriber(
        *subscription.topics,
        batch=True,
        batch_timeout_ms=subscription.poll_ms,
        max_records=MAX_RECORDS,
        group_id=subscription.group,
        group_instance_id=f"{subscription.group}.{replica_id}",
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=HEARTBEAT_MS,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        decoder=undecoded,
    )(on_batch)


async def undecoded(message: KafkaMessage) -> list[Any]:
    """Leave the records as they are: each is decoded on its own, so that a bad one does not affect the others."""
    return list(message.body)


class Pacing:
    """Longer and longer pauses while a batch cannot be processed."""

    def __init__(self) -> None:
        self._failures = 0

    async def pause(self) -> None:
        seconds = PACING[min(self._failures, len(PACING) - 1)]
        self._failures += 1
        await asyncio.sleep(seconds)

    def reset(self) -> None:
        self._failures = 0


class KafkaConnection:
    """Start the broker client as soon as it can be started; the service works without it until then."""

    def __init__(self, broker: KafkaBroker) -> None:
        self.broker = broker
        self.started = asyncio.Event()

    async def keep_trying(self) -> None:
        await retry_forever(self._start, OUTAGES, RETRY_SECONDS, warn_unreachable)
        self.started.set()

    async def answers(self, seconds: float) -> bool:
        return self.started.is_set() and await self.broker.ping(timeout=seconds)

    async def _start(self) -> None:
        try:
            await self.broker.connect()
            # All consumers at once: each waits for the members of its group to come to the next heartbeat.
            started = await asyncio.gather(*(one.start() for one in self.broker.subscribers), return_exceptions=True)
            for failure in started:
                if isinstance(failure, BaseException):
                    raise failure
        except OUTAGES:
            # A consumer that had started already would be fenced off by its own twin of the next attempt.
            with suppress(Exception):
                await self.broker.stop()
            raise
        self.broker.running = True

    async def stop(self) -> None:
        """Stop the consumers, letting a running batch end; bounded."""
        with suppress(TimeoutError):
            async with asyncio.timeout(8):
                await self.broker.stop()


class KafkaCommandPublisher:
    """Publish commands within the short time a request may spend on it, those of one loop turn together."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._waiting: list[tuple[str, bytes, bytes, dict[str, str], asyncio.Future[None]]] = []
        self._flushes: set[asyncio.Task[None]] = set()

    async def publish(self, topic: str, key: str, value: bytes) -> None:
        if not self._connection.started.is_set():
            raise KafkaUnreachable("The Kafka client has not started yet.")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((topic, key.encode(), value, JSON_HEADERS | trace_headers(), done))
        if len(self._waiting) == 1:
            flush = asyncio.create_task(self._flush(), context=Context())
            self._flushes.add(flush)
            flush.add_done_callback(self._flushes.discard)
        await done

    async def _flush(self) -> None:
        group, self._waiting = self._waiting, []
        loop = asyncio.get_running_loop()
        expiry = loop.call_later(PUBLISH_SECONDS, expire, [done for *_, done in group])
        for topic, key, value, headers, done in group:
            try:
                sent: Any = await self._connection.broker.publish(
                    value, topic, key=key, headers=headers, no_confirm=True
                )
            except OUTAGES as error:
                fail(done, unreachable(error))
            else:
                sent.add_done_callback(partial(settle, done, unreachable))
        await asyncio.wait([done for *_, done in group])
        expiry.cancel()


def expire(group: "Sequence[asyncio.Future[None]]") -> None:
    """Fail the publishings that have not ended; their records may reach the broker later, as duplicates."""
    for done in group:
        fail(done, KafkaUnreachable(f"The broker did not answer within {PUBLISH_SECONDS:.0f} s."))


class KafkaEventPublisher:
    """The relay's publisher, and no other's: an event that did not come from `event_relay` was never committed."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection

    async def publish_module_event(self, event_type: str, event_data: EventEnvelope) -> "asyncio.Future[None]":
        """Key by organization, else by aggregate. Raises `PublishFailed`, at once or through the future."""
        if not self._connection.started.is_set():
            raise PublishFailed("The Kafka client has not started yet.", permanent=False)
        key = event_data.organization_id or event_data.stream.partition(":")[2]
        try:
            sent = await self._connection.broker.publish(
                msgspec.json.encode(event_data),
                event_type,
                key=key.encode(),
                headers=cloud_event_headers(event_data) | trace_headers(),
                no_confirm=True,
            )
        except OUTAGES as error:
            raise publish_failed(error) from error
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sent.add_done_callback(partial(settle, answered, publish_failed))
        return answered


def unreachable(error: BaseException) -> KafkaUnreachable:
    return KafkaUnreachable(repr(error)[:200])


def publish_failed(error: BaseException) -> PublishFailed:
    return PublishFailed(repr(error)[:300], permanent=isinstance(error, PERMANENT))


def settle(
    done: "asyncio.Future[None]", failure: Callable[[BaseException], Exception], sent: "asyncio.Future[Any]"
) -> None:
    """End `done` as `sent` ended. Do nothing when it has ended already."""
    error = asyncio.CancelledError() if sent.cancelled() else sent.exception()
    if error is not None:
        fail(done, failure(error))
    elif not done.done():
        done.set_result(None)


def warn_unreachable(error: Exception) -> None:
    log.warning("kafka_not_there", error=str(error)[:200])
