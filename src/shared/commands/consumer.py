"""What subscribers do with raw records: decode each on its own, hand over, set aside what can never work."""

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
    """As much of a command's envelope as every version of it keeps."""

    schema_version: int


VERSIONS = msgspec.json.Decoder(Versioned)
COMMANDS = msgspec.json.Decoder(CommandEnvelope)
EVENTS = msgspec.json.Decoder(EventEnvelope)


class FromTheFuture(Unavailable):
    """A newer version of the service sent this; the partition waits until this process is upgraded too."""


class DeadLetterOffice(Protocol):
    """Where records go that can never be processed."""

    async def set_aside(self, kind: str, source: str, key: str, body: bytes, error: str) -> None:
        """Stores the record once, however often it is delivered. Raises `Unavailable`."""
        ...

    def is_passing(self, error: BaseException) -> bool:
        """Whether the same attempt may succeed later."""
        ...


class CommandConsumer:
    """Feeds a context's processor from its topic, in batches that take about a quarter of a second."""

    def __init__(self, processor: CommandProcessor, office: DeadLetterOffice, tracing: Tracing = NO_TRACING) -> None:
        self._processor = processor
        self._office = office
        self._tracing = tracing
        self._waited = STAGE_SECONDS.labels(context=processor.decider.name, stage="queue")
        self._size = LARGEST_BATCH

    async def handle(self, records: Sequence[Any]) -> None:
        """Returns when all records are decided or set aside. Raises `Unavailable` when they must come again."""
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
        """Each partition's commands up to its first from the future, and why the rest must come again, if it must."""
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
            await set_aside(self._office, "command", record, error)
            return None


class EventConsumer:
    """Hands events to a context's handlers, by type, in batches; one that fails for good harms no other."""

    def __init__(
        self, handlers: Mapping[str, EventHandler], office: DeadLetterOffice, tracing: Tracing = NO_TRACING
    ) -> None:
        self._handlers = handlers
        self._office = office
        self._tracing = tracing

    async def handle(self, records: Sequence[Any]) -> None:
        """Returns when all records are handled or set aside. Raises `Unavailable` when they must come again."""
        by_type: dict[str, list[tuple[Any, EventEnvelope]]] = defaultdict(list)
        async for record in in_slices(records):
            try:
                envelope = EVENTS.decode(record.value or b"")
            except UNREADABLE as error:
                await set_aside(self._office, "event", record, error)
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
            if self._office.is_passing(error):
                raise Unavailable(str(error)) from error
            if len(received) == 1:
                await set_aside(self._office, "event", received[0][0], error)
                return
            for one in received:
                await self._hand_over(handler, [one])


def require_storable(encoded: bytes) -> None:
    """Raises `msgspec.ValidationError` for text that the database cannot keep: no repetition would help."""
    if b"\\u0000" in encoded and has_nul(msgspec.json.decode(encoded)):
        raise msgspec.ValidationError("The command contains the character NUL.")


async def set_aside(office: DeadLetterOffice, kind: str, record: Any, error: BaseException) -> None:
    """Stores a raw record as a dead letter, so that the partition can go on."""
    DEAD_LETTERS.labels(kind=kind).inc()
    log.error("record_set_aside", topic=record.topic, partition=record.partition, offset=record.offset)
    source = f"{record.topic}/{record.partition}/{record.offset}"
    await office.set_aside(kind, source, (record.key or b"").decode(errors="replace"), record.value or b"", repr(error))


def check_version(version: int) -> None:
    """Raises `FromTheFuture` for an envelope newer than this process knows."""
    if version > COMMAND_SCHEMA:
        raise FromTheFuture(f"Command schema {version} is newer than {COMMAND_SCHEMA}.")


def version_of(value: bytes) -> int:
    """The schema version an envelope says it has, whatever else it holds; 0 when it says none."""
    try:
        return VERSIONS.decode(value).schema_version
    except UNREADABLE:
        return 0


def is_unknown_type(error: Exception) -> bool:
    """Whether a tagged union met a tag it does not know (msgspec tells it by its message alone)."""
    return isinstance(error, msgspec.ValidationError) and "Invalid value" in str(error) and "$.type" in str(error)
