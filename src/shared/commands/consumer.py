"""Process raw records: decode each on its own, pass them on, and make dead letters of those that can never work."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
import structlog

from shared.commands.processor import CommandProcessor
from shared.concurrency import in_slices
from shared.errors import Unavailable
from shared.json.patches import has_nul
from shared.messages import COMMAND_SCHEMA, CommandEnvelope, EventEnvelope, ReceivedCommand, command_topic
from shared.ports import EventHandler
from shared.telemetry.metrics import BATCH_SECONDS, BATCH_SIZE, DEAD_LETTERS, STAGE_SECONDS
from shared.telemetry.tracing import NO_TRACING, Tracing, traceparent_of

log = structlog.get_logger(__name__)

TARGET_SECONDS = 0.25
SMALLEST_BATCH = 10
LARGEST_BATCH = 500

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Versioned(msgspec.Struct, frozen=True):
    """The part of a command's envelope that every version of it keeps."""

    schema_version: int


VERSIONS = msgspec.json.Decoder(Versioned)
COMMANDS = msgspec.json.Decoder(CommandEnvelope)
EVENTS = msgspec.json.Decoder(EventEnvelope)


class FromTheFuture(Unavailable):
    """A newer version of the service sent this; the partition waits until this process is upgraded too."""


class DeadLetterStore(Protocol):
    async def add(self, kind: str, source: str, key: str, body: bytes, error: str) -> None:
        """Store the record once, however often it is delivered. Raises `Unavailable`."""
        ...

    def is_transient(self, error: BaseException) -> bool: ...


class CommandConsumer:
    """Feed a context's processor from its topic, in batches that take about a quarter of a second."""

    def __init__(
        self, processor: CommandProcessor, dead_letters: DeadLetterStore, tracing: Tracing = NO_TRACING
    ) -> None:
        self._processor = processor
        self._dead_letters = dead_letters
        self._tracing = tracing
        self._waited = STAGE_SECONDS.labels(context=processor.decider.name, stage="queue")
        self._size = LARGEST_BATCH

    async def handle(self, records: Sequence[Any]) -> None:
        """Return when all are decided or dead letters. Raises `Unavailable` when they must be delivered again."""
        works, wait = await self._readable(records)
        while works:
            batch, works = works[: self._size], works[self._size :]
            started = time.perf_counter()
            self._note_waiting(batch)
            traces = [work.traceparent for work in batch if work.traceparent is not None]
            with self._tracing.consuming(command_topic(self._processor.decider.name), traces):
                await self._processor.process(batch)
            self._adapt(len(batch), time.perf_counter() - started)
        if wait is not None:
            raise wait

    async def _readable(self, records: Sequence[Any]) -> tuple[list[ReceivedCommand], FromTheFuture | None]:
        """Decode each partition up to its first command from the future; return that error, too, if there is one."""
        works: list[ReceivedCommand] = []
        held: dict[tuple[str, int], FromTheFuture] = {}
        async for record in in_slices(records):
            if (record.topic, record.partition) in held:
                continue
            try:
                work = await self._decode(record)
            except FromTheFuture as error:
                held[record.topic, record.partition] = error
            else:
                works += [work] if work is not None else []
        return works, next(iter(held.values()), None)

    def _note_waiting(self, batch: Sequence[ReceivedCommand]) -> None:
        now = time.time()
        for work in batch:
            self._waited.observe(max(0.0, now - work.envelope.issued_at.timestamp()))

    def _adapt(self, size: int, seconds: float) -> None:
        BATCH_SIZE.labels(context=self._processor.decider.name).observe(size)
        BATCH_SECONDS.labels(context=self._processor.decider.name).observe(seconds)
        if size == self._size or seconds > TARGET_SECONDS:
            fitting = int(size * TARGET_SECONDS / max(seconds, 0.001))
            self._size = max(SMALLEST_BATCH, min(LARGEST_BATCH, fitting, 2 * self._size))

    async def _decode(self, record: Any) -> ReceivedCommand | None:
        value = record.value or b""
        try:
            envelope = COMMANDS.decode(value)
            check_version(envelope.schema_version)
            command = self._processor.decider.command_decoder.decode(envelope.command)
            return ReceivedCommand(envelope, command, traceparent_of(record))
        except UNREADABLE as error:
            check_version(version_of(value))
            if is_unknown_type(error):
                raise FromTheFuture(f"A command of an unknown type waits on {record.topic}: {error}") from error
            await add_dead_letter(self._dead_letters, "command", record, error)
            return None


class EventConsumer:
    """Pass events to a context's handlers, by type, in batches; one that fails for good does not affect the others."""

    def __init__(
        self, handlers: Mapping[str, EventHandler], dead_letters: DeadLetterStore, tracing: Tracing = NO_TRACING
    ) -> None:
        self._handlers = handlers
        self._dead_letters = dead_letters
        self._tracing = tracing

    async def handle(self, records: Sequence[Any]) -> None:
        """Return when all are handled or dead letters. Raises `Unavailable` when they must be delivered again."""
        by_type: dict[str, list[tuple[Any, EventEnvelope]]] = defaultdict(list)
        async for record in in_slices(records):
            try:
                envelope = EVENTS.decode(record.value or b"")
            except UNREADABLE as error:
                await add_dead_letter(self._dead_letters, "event", record, error)
            else:
                by_type[record.topic].append((record, envelope))
        for topic, received in by_type.items():
            traces = [trace for record, _ in received if (trace := traceparent_of(record)) is not None]
            with self._tracing.consuming(topic, traces):
                await self._hand_over(self._handlers[topic], received)

    async def _hand_over(self, handler: EventHandler, received: Sequence[tuple[Any, EventEnvelope]]) -> None:
        try:
            await handler([envelope for _, envelope in received])
        except Unavailable:
            raise
        except Exception as error:
            if self._dead_letters.is_transient(error):
                raise Unavailable(str(error)) from error
            if len(received) == 1:
                await add_dead_letter(self._dead_letters, "event", received[0][0], error)
                return
            for one in received:
                await self._hand_over(handler, [one])


def require_storable(encoded: bytes) -> None:
    """Raise `msgspec.ValidationError` for text that the database cannot keep: no repetition would help."""
    if b"\\u0000" in encoded and has_nul(msgspec.json.decode(encoded)):
        raise msgspec.ValidationError("The command contains the character NUL.")


async def add_dead_letter(store: DeadLetterStore, kind: str, record: Any, error: BaseException) -> None:
    DEAD_LETTERS.labels(kind=kind).inc()
    log.error("dead_letter_added", topic=record.topic, partition=record.partition, offset=record.offset)
    source = f"{record.topic}/{record.partition}/{record.offset}"
    await store.add(kind, source, (record.key or b"").decode(errors="replace"), record.value or b"", repr(error))


def check_version(version: int) -> None:
    """Raise `FromTheFuture` for an envelope newer than this process knows."""
    if version > COMMAND_SCHEMA:
        raise FromTheFuture(f"Command schema {version} is newer than {COMMAND_SCHEMA}.")


def version_of(value: bytes) -> int:
    """Read the envelope's schema version, whatever else it holds; 0 when it has none."""
    try:
        return VERSIONS.decode(value).schema_version
    except UNREADABLE:
        return 0


def is_unknown_type(error: Exception) -> bool:
    """Whether a tagged union met a tag it does not know (of which msgspec has only the message)."""
    return isinstance(error, msgspec.ValidationError) and "Invalid value" in str(error) and "$.type" in str(error)
