"""The end of the event log, read once a process and distributed to all readers."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec
import structlog
from msgspec import Struct

from shared.concurrency import Wakeup, by_few, in_slices
from shared.errors import TooMany, Unavailable
from shared.eventlog.model import BEGINNING, Entry, EventFilter, Position
from shared.telemetry.metrics import EVENT_STREAMS, EVENT_STREAMS_CUT

log = structlog.get_logger(__name__)

PAGE = 500
IDLE_SECONDS = 1.0
GATHER_SECONDS = 0.02
FEW, REST_SECONDS = 5, 0.002
"""The readers that get chunks at a time: sending to all at once would hold up the event loop."""

FAREWELL_SECONDS = 2.0
MAX_READERS = 2000
MAX_WAITING = 2000
MAX_WAITING_BYTES = 4_000_000
HANDFUL_BYTES = 256_000

TailState = Literal["live", "database_away"]


class TooManyStreams(TooMany):
    """This process has as many readers of events as it takes."""


class ServiceStops(Unavailable):
    """The process is about to end."""


class LogEnd(Protocol):
    async def end(self) -> Position:
        """Return the position below which the log is complete."""
        ...

    async def newer(self, than: Position, limit: int) -> tuple[Sequence[Entry], Position]:
        """Return the next events after a place, and the place up to which they are complete."""
        ...


class StreamState(Struct, frozen=True):
    """The state of a stream; with `code` and `detail` when it ends."""

    state: Literal["catching_up", "live", "database_away", "ended"]
    code: str | None = None
    detail: str | None = None


class Reader:
    """One reader's matching events, in bounded memory: a slow reader is `cut`. They begin after the place `started`."""

    def __init__(self, wanted: EventFilter) -> None:
        loop = asyncio.get_running_loop()
        self.wanted = wanted
        self.after = BEGINNING
        self.started: asyncio.Future[Position] = loop.create_future()
        self.cut: asyncio.Future[None] = loop.create_future()
        self.is_over = False
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()

    @property
    def has_all(self) -> bool:
        return not self._waiting

    def offer(self, chunks: Sequence[bytes]) -> bool:
        """Queue all chunks, or cut the reader off and return False when there is no room."""
        for chunk in chunks:
            if len(self._waiting) >= MAX_WAITING or (self._waiting and self._bytes + len(chunk) > MAX_WAITING_BYTES):
                self._waiting.clear()
                self.end()
                self.abort()
                return False
            self._waiting.append(chunk)
            self._bytes += len(chunk)
        self._ready.set()
        return True

    def end(self) -> None:
        self.is_over = True
        self._ready.set()

    def abort(self) -> None:
        if not self.cut.done():
            self.cut.set_result(None)

    async def take(self, seconds: float) -> bytes:
        """Return some of what is queued; nothing after `seconds` without anything, or at the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        except TimeoutError:
            return b""
        taken: list[bytes] = []
        size = 0
        while self._waiting and size < HANDFUL_BYTES:
            taken.append(self._waiting.popleft())
            size += len(taken[-1])
        self._bytes -= size
        if self.has_all and not self.is_over:
            self._ready.clear()
        return b"".join(taken)


class EventTail:
    """Read new events after a commit, and once a second; while nobody follows, not at all."""

    def __init__(self, end_of_log: LogEnd) -> None:
        self._log = end_of_log
        self.state: TailState = "live"
        self.position: Position | None = None
        self.closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open: set[Reader] = set()
        self._joining: list[Reader] = []
        self._following: dict[str | None, set[Reader]] = defaultdict(set)
        self._wakeup = Wakeup(IDLE_SECONDS)

    def __len__(self) -> int:
        return len(self._open)

    def wake(self) -> None:
        self._wakeup.wake()

    def check_room(self) -> None:
        """Raise `TooManyStreams` or `ServiceStops` when no further reader is let in."""
        if self.closing.done():
            raise ServiceStops("This process is about to end. Connect again.")
        if len(self) >= MAX_READERS:
            raise TooManyStreams(f"{MAX_READERS} streams are open here. Close some, or try again later.")

    def enter(self, reader: Reader) -> None:
        """Count the reader, and end it with the process. Call `leave` afterwards."""
        self._open.add(reader)
        EVENT_STREAMS.set(len(self))

    def follow(self, reader: Reader) -> None:
        """Queue every matching event after the reader's place, from when it is `started`."""
        self._joining.append(reader)
        self.wake()

    def leave(self, reader: Reader) -> None:
        """Idempotent."""
        self._open.discard(reader)
        EVENT_STREAMS.set(len(self))
        if reader in self._joining:
            self._joining.remove(reader)
        if following := self._following.get(reader.wanted.organization_id):
            following.discard(reader)

    def close(self) -> None:
        """End all readers, abort those that do not read, and let in no more: the process is about to end."""
        if self.closing.done():
            return
        self.closing.set_result(None)
        for reader in self._open:
            reader.end()
            asyncio.get_running_loop().call_later(FAREWELL_SECONDS, reader.abort)

    async def run(self) -> None:
        while True:
            if not self._joining and not any(self._following.values()):
                self.position = None
                self._following.clear()
            elif await self._look():
                await asyncio.sleep(GATHER_SECONDS)
                continue
            await self._wakeup.wait()

    async def _look(self) -> bool:
        try:
            if self.position is None:
                self.position = await self._log.end()
            self._start(self.position)
            entries, reached = await self._log.newer(self.position, PAGE)
        except Unavailable as error:
            log.info("event_tail_waits", reason=error.detail)
            await self._publish_state("database_away")
            return False
        await self._publish_state("live")
        await self._distribute(entries)
        self.position = max(reached, self.position)
        return len(entries) > 0

    def _start(self, position: Position) -> None:
        for reader in self._joining:
            self._following[reader.wanted.organization_id].add(reader)
            reader.started.set_result(position)
        self._joining.clear()

    async def _distribute(self, entries: Sequence[Entry]) -> None:
        alike: dict[EventFilter, list[Reader]] = defaultdict(list)
        for organization in {entry.event.organization_id for entry in entries} | {None}:
            for reader in self._following.get(organization, ()):
                alike[reader.wanted].append(reader)
        found: dict[EventFilter, list[tuple[Position, bytes]]] = {wanted: [] for wanted in alike}
        async for entry in in_slices(entries):
            chunk = b""
            for wanted, chunks in found.items():
                if wanted.admits(entry):
                    chunk = chunk or event_chunk(entry)
                    chunks.append((entry.position, chunk))
        news = [(reader, found[wanted]) for wanted, readers in alike.items() if found[wanted] for reader in readers]
        async for reader, chunks in by_few(news, FEW, REST_SECONDS):
            if missing := [chunk for position, chunk in chunks if position > reader.after]:
                self._offer(reader, missing)

    async def _publish_state(self, state: TailState) -> None:
        if state == self.state:
            return
        self.state = state
        chunk = state_chunk(StreamState(state))
        following = [reader for readers in self._following.values() for reader in readers]
        async for reader in by_few(following, FEW, REST_SECONDS):
            self._offer(reader, [chunk])

    def _offer(self, reader: Reader, chunks: Sequence[bytes]) -> None:
        if not reader.is_over and not reader.offer(chunks):
            EVENT_STREAMS_CUT.inc()
            log.warning("event_stream_cut_off", reason="its reader is too slow")
            self.leave(reader)


def place_chunk(position: Position) -> bytes:
    """Move the reader's place where there is no event for it."""
    return b"id: %s\n\n" % str(position).encode()


def event_chunk(entry: Entry) -> bytes:
    return b"id: %s\ndata: %s\n\n" % (entry.event.position.encode(), msgspec.json.encode(entry.event))


def state_chunk(state: StreamState, place: Position | None = None) -> bytes:
    """Encode the state. It moves the reader's place only where one is given."""
    head = b"" if place is None else b"id: %s\n" % str(place).encode()
    return head + b"event: state\ndata: %s\n\n" % msgspec.json.encode(state)
