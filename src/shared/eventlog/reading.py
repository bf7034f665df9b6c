"""Read events in pages, or all at once."""

import asyncio
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from shared.errors import Unavailable
from shared.eventlog.model import BEGINNING, EventFilter, LoggedEvent, Position, Window
from shared.eventlog.postgres import PostgresEventLog, beyond
from shared.http.responses import Chunks
from shared.lists.cursors import Cursors

EXPORTED_AT_ONCE = 200
PAUSE_SECONDS = 1.0
MOST_FAILURES = 20

Sort = Literal["-position", "position"]
NEWEST_FIRST: Sort = "-position"


class EventPage(Struct, frozen=True):
    """Events in the order of the log. `next_cursor` is null on the last page.

    A page may hold fewer events than asked for, even none, and have a next one: looking for rare combinations is done
    in bounded steps. `position` is the place from which a stream goes on after the first page of the newest.
    """

    items: Sequence[LoggedEvent]
    next_cursor: str | None
    position: str


class PageOfEvents(Struct, frozen=True):
    limit: int
    cursor: str | None
    sort: Sort


class EventReader:
    def __init__(self, log: PostgresEventLog, cursors: Cursors) -> None:
        self._log = log
        self._cursors = cursors

    async def page(self, wanted: EventFilter, which: PageOfEvents) -> EventPage:
        """Return at most `limit` events. Raises `BadCursor`."""
        cursors = await self._cursors.of("events", which.sort, msgspec.to_builtins(wanted))
        reached = cursors.place(which.cursor, Position)
        newest_first = which.sort == NEWEST_FIRST
        window, end = await self._log.window(wanted)
        if reached is not None:
            window = beyond(window, reached, newest_first=newest_first)
        found = await self._log.page(wanted, window, which.limit, newest_first=newest_first)
        next_cursor = None if found.reached is None else cursors.after(found.reached)
        return EventPage([entry.event for entry in found.entries], next_cursor, str(end))

    async def export(self, wanted: EventFilter, sort: Sort) -> Chunks:
        """Stream every matching event that is there now, once, as lines of JSON. The stream raises `Unavailable`."""
        window, _ = await self._log.window(wanted)
        return self._lines(wanted, window, newest_first=sort == NEWEST_FIRST)

    async def _lines(self, wanted: EventFilter, window: Window, *, newest_first: bool) -> Chunks:
        failures = 0
        reached: Position | None = BEGINNING
        while reached is not None:
            try:
                found = await self._log.page(wanted, window, EXPORTED_AT_ONCE, newest_first=newest_first)
            except Unavailable:
                failures += 1
                if failures > MOST_FAILURES:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            failures = 0
            yield b"".join(msgspec.json.encode(entry.event) + b"\n" for entry in found.entries)
            if (reached := found.reached) is not None:
                window = beyond(window, reached, newest_first=newest_first)
