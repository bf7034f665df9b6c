"""Live streams: events as they happen, after those that were missed."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from msgspec import Struct

from shared.errors import Forbidden, Malformed, Refused, Unavailable
from shared.eventlog.model import EventFilter, Position, Window, position_of
from shared.eventlog.postgres import PostgresEventLog
from shared.eventlog.tail import EventTail, Reader, StreamState, event_chunk, place_chunk, state_chunk
from shared.http.responses import Chunks
from shared.ports import Authenticator, Caller, OrganizationStatuses

PAGE = 200
PAUSE_SECONDS = 1.0
HEAD = b"retry: 2000\n\n"
NOTHING = b""


class OrganizationIsSuspended(Forbidden):
    """Only super admins follow the events of a suspended organization."""


class PlaceUnknown(Malformed):
    """The place lies beyond the end of this log."""


class Listener(Struct, frozen=True):
    caller: Caller
    token: str

    def __repr__(self) -> str:
        return f"Listener({self.caller.user_id})"


class Pace(Struct, frozen=True):
    """How often a quiet stream sends a heartbeat, and how often a caller's access is checked."""

    heartbeat_seconds: float = 15.0
    check_seconds: float = 10.0


class EventStream:
    """One caller's stream of events. `check_access` raises the refusal that ends it."""

    def __init__(self, log: PostgresEventLog, tail: EventTail, wanted: EventFilter, pace: Pace) -> None:
        self.reader = Reader(wanted)
        self._log = log
        self._tail = tail
        self._pace = pace
        self._beat_at = self._check_at = 0.0

    async def chunks(self, after: Position | None, check_access: Callable[[], Awaitable[None]]) -> Chunks:
        """Stream from that place on, or from now. Ends when access ends, and when the process ends."""
        now = asyncio.get_running_loop().time
        self._beat_at, self._check_at = now() + self._pace.heartbeat_seconds, now() + self._pace.check_seconds
        self._tail.enter(self.reader)
        coming = self._coming(after)
        try:
            yield HEAD
            async for chunk in coming:
                if chunk or now() >= self._beat_at:
                    yield chunk or self._heartbeat()
                    self._beat_at = now() + self._pace.heartbeat_seconds
                if now() >= self._check_at:
                    await fail_open(check_access)
                    self._check_at = now() + self._pace.check_seconds
            yield state_chunk(StreamState("ended", "service_stops", "This process is about to end. Connect again."))
        except Refused as refused:
            yield state_chunk(StreamState("ended", refused.code, refused.detail))
        finally:
            self._tail.leave(self.reader)
            await coming.aclose()

    async def _coming(self, after: Position | None) -> Chunks:
        """Yield chunks; an empty one when there is none for the moment."""
        reader = self.reader
        if after is not None:
            reader.after = after
            yield state_chunk(StreamState("catching_up"))
            async for chunk in self._patiently(self._missed):
                yield chunk
        self._tail.follow(reader)
        sent = "live"
        while not reader.started.done() and not reader.is_over:
            await asyncio.wait({reader.started}, timeout=PAUSE_SECONDS)
            if sent != (sent := self._tail.state):
                yield state_chunk(StreamState(self._tail.state))
            yield NOTHING
        if reader.started.done():
            if after is not None:
                async for chunk in self._patiently(self._gap):
                    yield chunk
            yield state_chunk(StreamState("live"), max(reader.after, reader.started.result()))
        while not (reader.is_over and reader.has_all):
            yield await reader.take(max(0.0, min(self._beat_at, self._check_at) - asyncio.get_running_loop().time()))

    async def _patiently(self, chunks: Callable[[], Chunks]) -> Chunks:
        """Repeat `chunks` after each outage of the database: they begin after the reader's place."""
        state = StreamState("catching_up")
        while not self.reader.is_over:
            try:
                async for chunk in chunks():
                    yield chunk
            except Unavailable:
                if state.state != "database_away":
                    yield state_chunk(state := StreamState("database_away"))
                await asyncio.sleep(PAUSE_SECONDS)
                yield NOTHING
            else:
                return

    async def _missed(self) -> Chunks:
        pages = 2
        while pages > 1 and not self.reader.is_over:
            pages = 0
            async for chunk in self._up_to(await self._log.end()):
                pages += 1
                yield chunk

    async def _gap(self) -> Chunks:
        started = self.reader.started.result()
        async for chunk in self._up_to(Position(started.xid, started.seq + 1)):
            yield chunk

    async def _up_to(self, end: Position) -> Chunks:
        """Read matching events up to `end`, oldest first, a page a chunk; the reader's place moves along."""
        reader = self.reader
        while reader.after < end and not reader.is_over:
            found = await self._log.page(reader.wanted, Window(reader.after, end), PAGE, newest_first=False)
            reader.after = found.reached or end
            yield b"".join(map(event_chunk, found.entries)) + (place_chunk(found.reached) if found.reached else b"")

    def _heartbeat(self) -> bytes:
        """Return a comment, and the place up to which nothing is missing."""
        place = self._tail.position if self.reader.started.done() and self.reader.has_all else None
        return b": \n" + (b"\n" if place is None else place_chunk(max(place, self.reader.after)))


async def fail_open(check_access: Callable[[], Awaitable[None]]) -> None:
    """Raise the refusal. While access cannot be checked, who was let in stays in, as with any other request."""
    try:
        await check_access()
    except Unavailable:
        return


class AccessCheck:
    def __init__(self, authenticator: Authenticator, statuses: OrganizationStatuses, who: Listener) -> None:
        self._authenticator = authenticator
        self._statuses = statuses
        self._who = who

    async def check(self) -> None:
        """Raise what would refuse the caller now, or `Unavailable` when that cannot be found out."""
        await self._authenticator.authenticate(self._who.token)
        await self.check_organization()

    async def check_organization(self) -> None:
        own = self._who.caller.organization_id
        if own is not None and await self._statuses.is_suspended(UUID(own)):
            raise OrganizationIsSuspended("The organization is suspended. Its events can be followed again afterwards.")


class EventStreams:
    def __init__(
        self,
        log: PostgresEventLog,
        tail: EventTail,
        authenticator: Authenticator,
        statuses: OrganizationStatuses,
        pace: Pace,
    ) -> None:
        self._log = log
        self._tail = tail
        self._authenticator = authenticator
        self._statuses = statuses
        self._pace = pace

    async def open(self, who: Listener, wanted: EventFilter, last_event_id: str | None) -> tuple[Chunks, Reader]:
        """Return the chunks, and the reader whose `cut` ends them early. Raises refusals."""
        self._tail.check_room()
        access = AccessCheck(self._authenticator, self._statuses, who)
        await fail_open(access.check_organization)
        after = position_of(last_event_id) if last_event_id else None
        if after is not None:
            await fail_open(lambda: self._check_place(after))
        stream = EventStream(self._log, self._tail, wanted, self._pace)
        return stream.chunks(after, access.check), stream.reader

    async def _check_place(self, place: Position) -> None:
        """Raise `PlaceUnknown`: waiting for the log to get there would hide what happens until then."""
        if place > await self._log.end():
            raise PlaceUnknown(
                "The event log ends before that place: it was restored from a backup. Read the state anew, and follow "
                "without Last-Event-ID."
            )
