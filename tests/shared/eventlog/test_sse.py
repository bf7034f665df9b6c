"""A stream: what was missed, then what happens, nothing twice and nothing left out; and how it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import pytest

from shared.errors import Unauthenticated, Unavailable
from shared.eventlog import sse as event_streams
from shared.eventlog import tail as event_tail
from shared.eventlog.model import BEGINNING, BadPosition, EventFilter, Position, Window
from shared.eventlog.postgres import Found, PostgresEventLog
from shared.eventlog.sse import EventStream, EventStreams, Listener, OrganizationIsSuspended, Pace, PlaceUnknown
from shared.eventlog.tail import EventTail
from shared.http.responses import Chunks
from shared.ports import Caller
from shared.postgres.database import PostgresDatabase
from tests.support.event_log import NewEvent, all_entries, write_events
from tests.support.event_stream_client import ReceivedEvents

QUICK = Pace(heartbeat_seconds=0.05, check_seconds=0.05)
ADA = Caller("ada", "super_admin")
ACME = str(uuid4())


async def everybody() -> None:
    return


class Log(PostgresEventLog):
    """The log; unreadable for the next `failures` looks. `afterwards` happens once, when a page was read."""

    failures = 0

    def __init__(self, database: PostgresDatabase) -> None:
        super().__init__(database)
        self.afterwards: Callable[[], Awaitable[None]] = everybody

    async def page(self, wanted: EventFilter, window: Window, limit: int, *, newest_first: bool) -> Found:
        self._fail()
        found = await super().page(wanted, window, limit, newest_first=newest_first)
        afterwards, self.afterwards = self.afterwards, everybody
        await afterwards()
        return found

    async def end(self) -> Position:
        self._fail()
        return await super().end()

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("The log is away.")


@pytest.fixture
def log(database: PostgresDatabase) -> Log:
    return Log(database)


@pytest.fixture
async def tail(log: Log, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EventTail]:
    monkeypatch.setattr(event_tail, "IDLE_SECONDS", 0.02)
    monkeypatch.setattr(event_streams, "PAUSE_SECONDS", 0.02)
    tail = EventTail(log)
    running = asyncio.create_task(tail.run())
    yield tail
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@asynccontextmanager
async def streaming(
    log: Log,
    tail: EventTail,
    after: Position | None = None,
    *,
    wanted: EventFilter = EventFilter(),  # noqa: B008 - frozen
    admitted: Callable[[], Awaitable[None]] = everybody,
    pace: Pace = Pace(),  # noqa: B008 - frozen
) -> AsyncIterator[tuple[ReceivedEvents, Chunks]]:
    chunks = EventStream(log, tail, wanted, pace).chunks(after, admitted)
    yield ReceivedEvents(), chunks
    await chunks.aclose()
    assert len(tail) == 0


async def test_everything_from_a_place_on_comes_once_while_much_happens(
    database: PostgresDatabase, log: Log, tail: EventTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "PAGE", 7)
    written = 0

    async def write() -> None:
        nonlocal written
        for number in range(60):
            await write_events(database, *[NewEvent(organization_id=ACME)] * (number % 5 + 1), NewEvent())
            written += number % 5 + 1
            tail.wake()

    await asyncio.gather(write(), write())
    wanted = EventFilter(organization_id=ACME)
    async with streaming(log, tail, BEGINNING, wanted=wanted) as (heard, chunks):
        writing = asyncio.gather(write(), write())
        await heard.until(
            chunks, lambda: writing.done() and len(heard.positions) >= written and heard.states[-1] == "live"
        )
    expected = [entry.event.position for entry in await all_entries(log) if wanted.admits(entry)]
    assert heard.positions == expected
    assert heard.states == ["catching_up", "live"]
    assert heard.sent.startswith(b"retry: 2000\n\n")

    middle = expected[len(expected) // 3]
    async with streaming(log, tail, Position(*map(int, middle.split("-"))), wanted=wanted) as (heard, chunks):
        await heard.until(chunks, lambda: len(heard.positions) >= len(expected) - len(expected) // 3 - 1)
    assert heard.positions == expected[len(expected) // 3 + 1 :]


async def test_what_happens_between_catching_up_and_following_comes_too(
    database: PostgresDatabase, log: Log, tail: EventTail
) -> None:
    await write_events(database, NewEvent())
    log.afterwards = lambda: write_events(database, NewEvent())
    async with streaming(log, tail, BEGINNING) as (heard, chunks):
        await heard.until(chunks, lambda: heard.states == ["catching_up", "live"])
    assert heard.positions == [entry.event.position for entry in await all_entries(log)]
    assert len(heard.positions) == 2


async def test_without_a_place_a_stream_begins_now_and_names_where_that_is(
    database: PostgresDatabase, log: Log, tail: EventTail
) -> None:
    await write_events(database, NewEvent())
    async with streaming(log, tail) as (heard, chunks):
        await heard.until(chunks, lambda: heard.states == ["live"])
        assert heard.place == str(await log.end())
        await write_events(database, NewEvent(reason="now"))
        await heard.until(chunks, lambda: heard.positions)
    assert len(heard.positions) == 1
    assert heard.place == heard.positions[0]


async def test_a_quiet_stream_beats_and_moves_the_place_from_which_one_comes_back(
    database: PostgresDatabase, log: Log, tail: EventTail
) -> None:
    async with streaming(log, tail, wanted=EventFilter(organization_id=ACME), pace=QUICK) as (heard, chunks):
        await heard.until(chunks, lambda: heard.states == ["live"])
        await write_events(database, *[NewEvent()] * 3)
        end = str(await log.end())
        await heard.until(chunks, lambda: heard.place == end)
    assert b"\n\n: \nid: " in heard.sent
    assert heard.positions == []


async def test_who_may_listen_no_longer_is_told_and_the_stream_ends(log: Log, tail: EventTail) -> None:
    async def nobody() -> None:
        raise Unauthenticated("The token has expired: sign in again.")

    async with streaming(log, tail, admitted=nobody, pace=QUICK) as (heard, chunks):
        with pytest.raises(StopAsyncIteration):
            await heard.until(chunks, lambda: False)
    assert heard.told[-1] == {
        "state": "ended",
        "code": "unauthenticated",
        "detail": "The token has expired: sign in again.",
    }


async def test_who_was_let_in_stays_in_while_nobody_can_tell(
    database: PostgresDatabase, log: Log, tail: EventTail
) -> None:
    asked = 0

    async def unknown() -> None:
        nonlocal asked
        asked += 1
        raise Unavailable("The database is away.")

    async with streaming(log, tail, admitted=unknown, pace=QUICK) as (heard, chunks):
        await heard.until(chunks, lambda: asked > 2)
        await write_events(database, NewEvent())
        await heard.until(chunks, lambda: heard.positions)


async def test_a_stream_that_begins_while_the_log_is_away_says_so_and_leaves_nothing_out(
    database: PostgresDatabase, log: Log, tail: EventTail
) -> None:
    await write_events(database, NewEvent())
    log.failures = 3
    async with streaming(log, tail, BEGINNING) as (heard, chunks):
        await heard.until(chunks, lambda: "live" in heard.states)
        assert heard.states == ["catching_up", "database_away", "live"]
    assert len(heard.positions) == 1


async def test_the_end_of_the_process_is_told_to_those_who_listen_and_to_those_who_catch_up(
    database: PostgresDatabase, log: Log, tail: EventTail
) -> None:
    await write_events(database, NewEvent())
    async with streaming(log, tail) as (heard, chunks), streaming(log, tail, BEGINNING) as (late, late_chunks):
        await heard.until(chunks, lambda: "live" in heard.states)
        await late.until(late_chunks, lambda: "catching_up" in late.states)
        tail.close()
        for one, its in ((heard, chunks), (late, late_chunks)):
            with pytest.raises(StopAsyncIteration):
                await one.until(its, lambda: False)
            assert one.told[-1]["code"] == "service_stops"
        await chunks.aclose()
        await late_chunks.aclose()


class Gate:
    """Knows every token, and suspends organizations."""

    def __init__(self) -> None:
        self.suspended: set[str] = set()

    async def authenticate(self, token: str) -> Caller:
        return ADA

    async def is_suspended(self, organization_id: Any) -> bool:
        return str(organization_id) in self.suspended


async def test_people_of_a_suspended_organization_get_no_stream_and_lose_theirs(log: Log, tail: EventTail) -> None:
    gate = Gate()
    streams = EventStreams(log, tail, gate, gate, QUICK)
    who = Listener(Caller("bob", "organization_admin", ACME), "token")
    chunks, _ = await streams.open(who, EventFilter(organization_id=ACME), None)
    heard = ReceivedEvents()
    await heard.until(chunks, lambda: heard.states == ["live"])
    gate.suspended.add(ACME)
    with pytest.raises(StopAsyncIteration):
        await heard.until(chunks, lambda: False)
    assert heard.told[-1]["code"] == "organization_is_suspended"
    with pytest.raises(OrganizationIsSuspended):
        await streams.open(who, EventFilter(organization_id=ACME), None)
    assert "token" not in repr(who)


async def test_a_place_beyond_the_end_of_the_log_or_no_place_at_all_is_refused(log: Log, tail: EventTail) -> None:
    gate = Gate()
    streams = EventStreams(log, tail, gate, gate, QUICK)
    who, end = Listener(ADA, "token"), await log.end()
    with pytest.raises(BadPosition):
        await streams.open(who, EventFilter(), "yesterday")
    with pytest.raises(PlaceUnknown):
        await streams.open(who, EventFilter(), str(Position(end.xid + 1000, 1)))
    chunks, _ = await streams.open(who, EventFilter(), str(end))
    heard = ReceivedEvents()
    await heard.until(chunks, lambda: "live" in heard.states)
    await chunks.aclose()
