"""What subscribers do with raw records: decode each on its own, hand over, set aside what can never work."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import structlog

from shared.errors import Unavailable
from shared.messages import COMMAND_SCHEMA, CommandEnvelope, EventEnvelope, has_nul
from shared.metrics import BATCH_SECONDS, BATCH_SIZE, COMMANDS_DECIDED, DEAD_LETTERS
from shared.processor import CommandProcessor, Work, in_slices

log = structlog.get_logger(__name__)

TARGET_SECONDS = 0.25
SMALLEST_BATCH = 10
LARGEST_BATCH = 500

COMMANDS = msgspec.json.Decoder(CommandEnvelope)
EVENTS = msgspec.json.Decoder(EventEnvelope)

EventHandler = Callable[[Sequence[EventEnvelope]], Awaitable[None]]


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

    def __init__(self, processor: CommandProcessor, office: DeadLetterOffice) -> None:
        self._processor = processor
        self._office = office
        self._size = LARGEST_BATCH

    async def handle(self, records: Sequence[Any]) -> None:
        """Returns when all records are decided or set aside. Raises `Unavailable` when they must come again."""
        works = [work async for record in in_slices(records) if (work := await self._decode(record)) is not None]
        while works:
            batch, works = works[: self._size], works[self._size :]
            started = time.perf_counter()
            outcomes = await self._processor.process(batch)
            self._adapt(len(batch), time.perf_counter() - started)
            for outcome in outcomes:
                COMMANDS_DECIDED.labels(context=outcome.context, status=outcome.status).inc()

    def _adapt(self, size: int, seconds: float) -> None:
        BATCH_SIZE.labels(context=self._processor.decider.name).observe(size)
        BATCH_SECONDS.labels(context=self._processor.decider.name).observe(seconds)
        if size == self._size or seconds > TARGET_SECONDS:
            fitting = int(size * TARGET_SECONDS / max(seconds, 0.001))
            self._size = max(SMALLEST_BATCH, min(LARGEST_BATCH, fitting, 2 * self._size))

    async def _decode(self, record: Any) -> Work | None:
        try:
            envelope = COMMANDS.decode(record.value)
            require_storable(record.value)
            if envelope.schema_version > COMMAND_SCHEMA:
                raise FromTheFuture(f"Command schema {envelope.schema_version} is newer than {COMMAND_SCHEMA}.")
            return Work(envelope, self._processor.decider.command_decoder.decode(envelope.command))
        except msgspec.MsgspecError as error:
            if is_unknown_type(error):
                raise FromTheFuture(f"A command of an unknown type waits on {record.topic}: {error}") from error
            await set_aside(self._office, "command", record, error)
            return None


class EventConsumer:
    """Hands events to a context's handlers, by type, in batches; one that fails for good harms no other."""

    def __init__(self, handlers: Mapping[str, EventHandler], office: DeadLetterOffice) -> None:
        self._handlers = handlers
        self._office = office

    async def handle(self, records: Sequence[Any]) -> None:
        """Returns when all records are handled or set aside. Raises `Unavailable` when they must come again."""
        by_type: dict[str, list[tuple[Any, EventEnvelope]]] = defaultdict(list)
        async for record in in_slices(records):
            try:
                envelope = EVENTS.decode(record.value)
            except msgspec.MsgspecError as error:
                await set_aside(self._office, "event", record, error)
            else:
                by_type[record.topic].append((record, envelope))
        for topic, received in by_type.items():
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


def is_unknown_type(error: msgspec.MsgspecError) -> bool:
    """Whether a tagged union met a tag it does not know (msgspec tells it by its message alone)."""
    return isinstance(error, msgspec.ValidationError) and "Invalid value" in str(error) and "$.type" in str(error)
