"""Pages of the event log: everything wanted, in the order of the log, once, whatever happens meanwhile."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from shared.eventlog import postgres as event_pages
from shared.eventlog.model import BEGINNING, Entry, EventFilter, Window
from shared.eventlog.postgres import EventReader, PostgresEventLog, Sort, beyond, rarest
from shared.eventlog.query import EventQuery
from shared.postgres.database import PostgresDatabase
from tests.fakes import CURSORS, NOON
from tests.support.event_log import NewEvent, all_entries, append_events, write_events

TYPES = ("tenant.module.assigned", "tenant.module.bulk_assigned", "tenant.industry.applied", "access.user.activated")
OPERATIONS = [uuid4() for _ in range(40)]


@pytest.fixture
def log(database: PostgresDatabase) -> PostgresEventLog:
    return PostgresEventLog(database)


def many(chance: random.Random, number: int) -> list[NewEvent]:
    """Events of all kinds; time goes on by a minute each, and back by some."""
    events = []
    for place in range(number):
        listed = chance.random() < 0.4
        events.append(
            NewEvent(
                type=chance.choice(TYPES),
                organization_id=chance.choice(["acme", "globex", None]),
                module_id=None if listed else chance.choice(["crm", "hr", None]),
                module_ids=chance.sample(["crm", "hr", "pos"], chance.randint(1, 3)) if listed else (),
                industry_code=chance.choice(["retail", "tech", None]) if listed else None,
                user_id=chance.choice(["ada", "bob"]),
                operation_id=chance.choice(OPERATIONS),
                occurred_at=NOON + timedelta(minutes=place, seconds=chance.randint(-30, 30)),
            )
        )
    return events


def some_filter(chance: random.Random) -> EventFilter:
    """Any filter, with one to three conditions as a rule."""

    def maybe(value: Any) -> Any:
        return value if chance.random() < 0.3 else None

    return EventFilter(
        organization_id=maybe(chance.choice(["acme", "globex", "nobody"])),
        module_id=maybe(chance.choice(["crm", "hr", "pos"])),
        industry_code=maybe(chance.choice(["retail", "tech"])),
        user_id=maybe(chance.choice(["ada", "bob"])),
        types=tuple(chance.sample(TYPES, chance.randint(1, 3))) if chance.random() < 0.3 else (),
        operation_id=maybe(chance.choice(OPERATIONS)) if chance.random() < 0.3 else None,
        since=maybe(NOON + timedelta(minutes=chance.randint(-5, 245), seconds=7)),
        until=maybe(NOON + timedelta(minutes=chance.randint(-5, 245), seconds=7)),
        published_only=chance.random() < 0.3,
    )


async def all_pages(log: PostgresEventLog, wanted: EventFilter, limit: int, *, newest_first: bool) -> list[Entry]:
    """What one gets who turns pages until there is none."""
    window, _ = await log.window(wanted)
    found: list[Entry] = []
    while True:
        page = await log.page(wanted, window, limit, newest_first=newest_first)
        assert len(page.entries) <= limit
        found += page.entries
        if page.reached is None:
            return found
        window = beyond(window, page.reached, newest_first=newest_first)


def places(entries: Sequence[Entry]) -> list[str]:
    return [entry.event.position for entry in entries]


async def test_pages_hold_what_the_filter_admits_each_once_in_order(
    database: PostgresDatabase, log: PostgresEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_pages, "FIRST_LOOK", 7)
    monkeypatch.setattr(event_pages, "MOST_LOOKED_AT", 50)
    chance = random.Random(4)  # noqa: S311 - any choice will do, the same each time
    events = many(chance, 240)
    for start in range(0, 240, 24):
        await write_events(database, *events[start : start + 19])
        await write_events(database, *events[start + 19 : start + 24])
    entries = await all_entries(log)
    assert len(entries) == 240
    assert all(one.position < other.position for one, other in pairwise(entries))
    for _ in range(100):
        wanted, limit, newest_first = some_filter(chance), chance.choice([3, 20, 200]), chance.random() < 0.5
        expected = [entry for entry in entries if wanted.admits(entry)]
        found = await all_pages(log, wanted, limit, newest_first=newest_first)
        assert places(found) == places(expected[::-1] if newest_first else expected), (wanted, limit)


@pytest.mark.parametrize("sort", ["position", "-position"])
async def test_an_export_has_every_event_once_however_many_pages_it_takes(
    database: PostgresDatabase, log: PostgresEventLog, monkeypatch: pytest.MonkeyPatch, sort: Sort
) -> None:
    monkeypatch.setattr(event_pages, "EXPORTED_AT_ONCE", 3)
    for _ in range(4):
        await write_events(database, NewEvent(), NewEvent())
    lines = await EventReader(log, CURSORS).export(EventFilter(), sort)
    exported = [json.loads(line)["position"] for line in b"".join([chunk async for chunk in lines]).splitlines()]
    expected = [entry.event.position for entry in await all_entries(log)]
    assert exported == (expected if sort == "position" else expected[::-1])
    assert len(exported) == 8


async def test_nothing_appears_behind_a_reader(database: PostgresDatabase, log: PostgresEventLog) -> None:
    await write_events(database, NewEvent(reason="first"))
    async with database.writing() as slow:
        await append_events(slow, NewEvent(reason="slow"))
        await write_events(database, NewEvent(reason="quick"))
        seen, reached = await log.newer(BEGINNING, 10)
        assert [entry.event.reason for entry in seen] == ["first"]
        assert [entry.event.reason for entry in await all_pages(log, EventFilter(), 5, newest_first=True)] == ["first"]
    later, _ = await log.newer(reached, 10)
    assert [entry.event.reason for entry in later] == ["slow", "quick"]


async def test_an_event_is_as_it_was_written(database: PostgresDatabase, log: PostgresEventLog) -> None:
    operation = uuid4()
    written = NewEvent("toy.done", "acme", "crm", user_id="bob", operation_id=operation, reason="why", filling="ä")
    await write_events(database, written)
    (entry,) = await all_entries(log)
    event = entry.event
    assert (event.type, event.organization_id, event.module_id, event.user_id) == ("toy.done", "acme", "crm", "bob")
    assert (event.operation_id, event.reason, event.occurred_at) == (operation, "why", NOON)
    assert json.loads(bytes(event.payload)) == {"filling": "ä"}
    assert event.stream.startswith("toy:")
    assert event.position == str(entry.position)


async def test_a_page_and_a_look_at_the_end_are_bounded_in_bytes(
    database: PostgresDatabase, log: PostgresEventLog
) -> None:
    large = NewEvent(filling="x" * 900_000)
    for number in range(8):
        await write_events(database, replace(large, reason=str(number)))
    window, end = await log.window(EventFilter())
    first = await log.page(EventFilter(), window, 100, newest_first=False)
    assert [entry.event.reason for entry in first.entries] == ["0", "1", "2", "3", "4"]
    assert first.reached == first.entries[-1].position
    assert len(await all_pages(log, EventFilter(), 100, newest_first=True)) == 8
    looked_at, reached = await log.newer(BEGINNING, 100)
    assert (len(looked_at), reached) == (5, looked_at[-1].position)
    rest, reached = await log.newer(reached, 100)
    assert (len(rest), reached) == (3, end)


async def test_looking_for_what_is_not_there_is_done_in_bounded_steps(
    database: PostgresDatabase, log: PostgresEventLog
) -> None:
    for _ in range(3):
        await write_events(database, *[NewEvent(module_id="crm"), NewEvent(user_id="bob")] * 4_000)
    wanted = EventFilter(module_id="crm", user_id="bob")
    window, _ = await log.window(wanted)
    page = await log.page(wanted, window, 50, newest_first=True)
    assert page.entries == []
    assert page.reached is not None
    assert (await log.page(wanted, Window(window.after, page.reached), 50, newest_first=True)).reached is None


FILL = """
INSERT INTO shared.event_log (id, aggregatetype, aggregateid, type, sequence, payload, organization_id, module_id,
                              user_id, operation_id, occurred_at)
SELECT gen_random_uuid(), 'toy', gen_random_uuid()::text, CASE WHEN n % 2000 = 0 THEN 'rare' WHEN n % 10 = 0 THEN 'bulk'
       ELSE 'usual' END, 1,
       CASE WHEN n % 10 = 0 THEN '{"module_ids": ["crm", "hr"], "industry_code": "retail"}' ELSE '{}' END::json,
       'o' || n % 300, CASE WHEN n % 10 > 0 THEN 'crm' END, CASE WHEN n % 7000 = 0 THEN 'bob' ELSE 'ada' END,
       CASE WHEN n % 100 = 0 THEN $2::uuid ELSE gen_random_uuid() END,
       timestamptz '2026-01-01T00:00:00Z' + n * interval '1 minute'
FROM generate_series($1::integer + 1, $1 + 500) n
"""
EVENTS = 40_000
CHEAP = 900
FIRST = NOON.replace(month=1, day=1, hour=0)
COMMON = OPERATIONS[0]
CONDITIONS = {
    "nothing": EventFilter(),
    "organization": EventFilter(organization_id="o7"),
    "module": EventFilter(module_id="crm"),
    "listed module": EventFilter(module_id="hr"),
    "industry": EventFilter(industry_code="retail"),
    "actor": EventFilter(user_id="ada"),
    "rare actor": EventFilter(user_id="bob"),
    "type": EventFilter(types=("usual",)),
    "types": EventFilter(types=("rare", "bulk")),
    "operation": EventFilter(operation_id=COMMON),
    "since": EventFilter(since=FIRST + timedelta(minutes=EVENTS // 2)),
    "until": EventFilter(until=FIRST + timedelta(minutes=EVENTS // 2)),
    "a while": EventFilter(
        since=FIRST + timedelta(minutes=EVENTS // 2), until=FIRST + timedelta(minutes=EVENTS // 2 + 300)
    ),
    "the rarest leads": EventFilter(user_id="ada", module_id="hr", types=("rare",)),
    "of an organization": EventFilter(organization_id="o7", user_id="ada", published_only=True),
}


async def blocks(connection: Any, statement: str, arguments: Sequence[Any]) -> int:
    """How many blocks the statement read, wherever it found them."""
    rows = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *arguments)
    plan = json.loads(rows[0][0])[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize("known", ["when it was empty", "when it held others", "now"])
async def test_no_filter_reads_more_than_its_page_at_the_end_or_deep_in_the_log(
    database: PostgresDatabase, log: PostgresEventLog, scratch_url: str, known: str
) -> None:
    if known == "when it held others":
        for _ in range(3):
            await write_events(database, *many(random.Random(5), 1_000))  # noqa: S311 - to be the same each time
    await look_at_tables(scratch_url)
    for start in range(0, EVENTS, 500):
        async with database.writing() as transaction:
            await transaction.execute(FILL, start, COMMON)
    if known == "now":
        await look_at_tables(scratch_url)
    entries = await log.page(EventFilter(), (await log.window(EventFilter()))[0], 200, newest_first=False)
    oldest = entries.entries[-1].position
    costs: dict[str, list[int]] = {}
    for name, wanted in CONDITIONS.items():
        for newest_first in (True, False):
            window, end = await log.window(wanted)
            middle = replace_xid(window, oldest.xid, end.xid)
            query = EventQuery(wanted, newest_first=newest_first)
            async with database.reading_the_log() as connection:
                leading = await rarest(connection, query, window)
                look_at = event_pages.FIRST_LOOK if query.looks_closer(leading) else 51
                for part in (window, beyond(window, middle, newest_first=newest_first)):
                    cost = await blocks(connection, query.page(leading), query.arguments(part, look_at, 51))
                    if len(query.candidates) > 1:
                        cost += await blocks(connection, query.count(), query.count_arguments(part))
                    costs.setdefault(name, []).append(cost)
                bounds = [event_pages.blurred(wanted.since, -event_pages.BLUR), None]
                assert await blocks(connection, event_pages.BOUNDS, bounds) < 20
    assert {name: cost for name, cost in costs.items() if max(cost) > CHEAP} == {}


async def look_at_tables(url: str) -> None:
    """What the planner knows of the log's tables becomes how they are now."""
    connection = await asyncpg.connect(url)
    await connection.execute("VACUUM (ANALYZE) shared.event_log")
    await connection.execute("VACUUM (ANALYZE) shared.event_names")
    await connection.close()


def replace_xid(window: Window, first: int, last: int) -> Any:
    """A place in the middle of the log, within the window."""
    middle = type(window.after)((first + last) // 2, 0)
    return min(max(middle, window.after), window.before)
