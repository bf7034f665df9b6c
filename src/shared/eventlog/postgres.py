"""Read the event log from PostgreSQL: in pages, as an export, and what is new at its end."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from shared.errors import Unavailable
from shared.eventlog.model import BEGINNING, Entry, EventFilter, LoggedEvent, Position, Window
from shared.eventlog.query import BYTES, EVENT_COLUMNS, SELECTED, EventQuery, event_fields
from shared.http.responses import Chunks
from shared.lists.cursors import Cursors
from shared.postgres.database import PostgresDatabase

FIRST_LOOK, MOST_LOOKED_AT = 200, 10_000

# An event's moment is taken while its transaction is under way, which lasts 35 seconds at most, by the clock of the
# replica that decides: so much may its place in the log lie before or after that of others of the same moment.
BLUR = timedelta(seconds=60)

BOUNDS = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text, first.xid, first.seq, last.xid, last.seq
FROM (VALUES (1)) AS one
LEFT JOIN LATERAL (
  SELECT xid::text, seq FROM shared.event_log WHERE occurred_at < $1::timestamptz ORDER BY occurred_at DESC LIMIT 1
) AS first ON true
LEFT JOIN LATERAL (
  SELECT xid::text, seq FROM shared.event_log WHERE occurred_at > $2::timestamptz ORDER BY occurred_at LIMIT 1
) AS last ON true
"""

NEWER = f"""
WITH complete AS (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS below)
SELECT c.below::text, n.number, n.names, n.log_xid::text, n.place, {SELECTED} FROM complete c LEFT JOIN LATERAL (
  SELECT count(*) OVER () AS number,
    sum(octet_length(l.payload::text)) OVER (ORDER BY l.xid, l.seq) - octet_length(l.payload::text) AS bytes_before,
    CASE WHEN l.module_id IS NULL THEN ARRAY(SELECT one FROM shared.names_in(l.payload) AS one) END AS names,
    l.xid AS log_xid, l.seq AS place, {EVENT_COLUMNS}
  FROM (
    SELECT * FROM shared.event_log WHERE (xid, seq) > ($1::text::xid8, $2::bigint) AND xid < c.below
    ORDER BY xid, seq LIMIT $3
  ) AS l
) AS n ON n.bytes_before < {BYTES} ORDER BY n.log_xid, n.place
"""

EXPORTED_AT_ONCE = 200
PAUSE_SECONDS = 1.0
MOST_FAILURES = 20
Sort = Literal["-position", "position"]
NEWEST_FIRST: Sort = "-position"


class Found(Struct, frozen=True):
    """Events in the requested order. `reached`: where to continue; None when the whole window was searched."""

    entries: list[Entry]
    reached: Position | None


class PostgresEventLog:
    """Every page ends below the oldest running transaction, so nothing can appear behind a reader's back."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def end(self) -> Position:
        return (await self.window(EventFilter()))[1]

    async def window(self, wanted: EventFilter) -> tuple[Window, Position]:
        """Return where matching events can be, by their time; and where the complete part of the log ends."""
        arguments = [blurred(wanted.since, -BLUR), blurred(wanted.until, BLUR)]
        async with self._database.reading_the_log() as connection:
            row = await connection.fetchrow(BOUNDS, *arguments)
        below, first_xid, first_seq, last_xid, last_seq = row
        end = Position(int(below), 0)
        last = end if last_xid is None else Position(int(last_xid), last_seq)
        first = BEGINNING if first_xid is None else Position(int(first_xid), first_seq)
        return Window(first, min(last, end)), end

    async def page(self, wanted: EventFilter, window: Window, limit: int, *, newest_first: bool) -> Found:
        """Return at most `limit` events from one end of the window: fewer, even none, may come before the end."""
        query = EventQuery(wanted, newest_first=newest_first)
        entries: list[Entry] = []
        looked_at, look_at = 0, FIRST_LOOK
        async with self._database.reading_the_log() as connection:
            leading = await rarest(connection, query, window)
            statement = query.page(leading)
            if not query.looks_closer(leading):
                look_at = limit + 1
            while True:
                left = limit - len(entries)
                rows = await connection.fetch(statement, *query.arguments(window, look_at, left + 1))
                found = [entry(row[4:]) for row in rows if row[4] is not None][:left]
                entries += found
                if found and rows[0][3] > len(found):
                    return Found(entries, found[-1].position)
                if not rows or rows[0][0] < look_at:
                    return Found(entries, None)
                reached = Position(int(rows[0][1]), rows[0][2])
                looked_at += look_at
                if looked_at >= MOST_LOOKED_AT or len(entries) == limit:
                    return Found(entries, reached)
                window = beyond(window, reached, newest_first=newest_first)
                look_at = min(4 * look_at, MOST_LOOKED_AT - looked_at)

    async def newer(self, than: Position, limit: int) -> tuple[list[Entry], Position]:
        async with self._database.reading_the_log() as connection:
            rows = await connection.fetch(NEWER, str(than.xid), than.seq, limit)
        entries = [entry(row[3:], row[2] or ()) for row in rows if row[3] is not None]
        complete = not entries or len(entries) == rows[0][1] < limit
        return entries, Position(int(rows[0][0]), 0) if complete else entries[-1].position


async def rarest(connection: Any, query: EventQuery, window: Window) -> str | None:
    """Choose the condition by which the fewest events are looked at."""
    candidates = query.candidates
    if len(candidates) < 2:  # noqa: PLR2004 - there is nothing to choose
        return candidates[0] if candidates else None
    counts = await connection.fetchrow(query.count(), *query.count_arguments(window))
    return min(zip(counts, range(len(candidates)), candidates, strict=True))[2]


def beyond(window: Window, reached: Position, *, newest_first: bool) -> Window:
    return Window(window.after, reached) if newest_first else Window(reached, window.before)


def entry(columns: Any, names: Any = ()) -> Entry:
    xid, seq, *event = columns
    position = Position(int(xid), seq)
    return Entry(position, LoggedEvent(position=str(position), **event_fields(event)), names)


def blurred(moment: datetime | None, by: timedelta) -> datetime | None:
    """Move the moment as far as the calendar goes."""
    try:
        return None if moment is None else moment + by
    except OverflowError:
        return moment


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
