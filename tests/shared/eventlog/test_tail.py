import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from shared.eventlog import tail as event_tail
from shared.eventlog.model import EventFilter, Position
from shared.eventlog.tail import EventTail, Reader, ServiceStops, TooManyStreams
from tests.support.event_log import FakeEventLog
from tests.support.polling import eventually

PATIENCE = 10.0
AWAY = b'"database_away"'
LIVE = b'"live"'


@pytest.fixture
def log() -> FakeEventLog:
    return FakeEventLog()


@pytest.fixture
async def tail(log: FakeEventLog, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EventTail]:
    monkeypatch.setattr(event_tail, "IDLE_SECONDS", 0.02)
    tail = EventTail(log)
    running = asyncio.create_task(tail.run())
    yield tail
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def following(tail: EventTail, wanted: EventFilter = EventFilter()) -> Reader:  # noqa: B008 - frozen
    reader = Reader(wanted)
    tail.enter(reader)
    tail.follow(reader)
    async with asyncio.timeout(PATIENCE):
        await reader.started
    return reader


async def taken(reader: Reader, *wanted: bytes) -> bytes:
    """What the reader takes until all of this is in it."""
    got = b""
    async with asyncio.timeout(PATIENCE):
        while not all(part in got for part in wanted):
            got += await reader.take(PATIENCE)
    return got


def idle(tail: EventTail, log: FakeEventLog) -> bool:
    return tail.position == Position(len(log.entries) + 1, 0)


async def test_readers_get_what_happens_after_they_came_each_what_he_wants(log: FakeEventLog, tail: EventTail) -> None:
    log.happen("acme")
    everything, acme, globex = [
        await following(tail, EventFilter(organization_id=organization)) for organization in (None, "acme", "globex")
    ]
    log.happen("acme", user_id="ada")
    log.happen(None)
    tail.wake()
    got = await taken(everything, b"id: 2-1\n", b"id: 3-1\n")
    assert got.count(b"data: ") == 2
    assert (await taken(acme, b"id: 2-1\n")).count(b"data: ") == 1
    await eventually(lambda: idle(tail, log), "a look at the end")
    assert globex.has_all


async def test_a_reader_hears_what_his_filter_admits_and_nothing_else(log: FakeEventLog, tail: EventTail) -> None:
    own_people = EventFilter(organization_id="acme", published_only=True)
    people, modules = await following(tail, own_people), await following(tail, EventFilter(module_id="till"))
    log.happen("acme", type="access.user.activated", module_id=None)
    log.happen("globex", module_id="till")
    log.happen("acme")
    tail.wake()
    await eventually(lambda: idle(tail, log), "a look at the end")
    got = await taken(people, b"id: 3-1\n"), await taken(modules, b"id: 2-1\n")
    assert [each.count(b"data: ") for each in got] == [1, 1]
    assert (people.has_all, modules.has_all) == (True, True)


async def test_one_look_serves_all_readers_and_nobody_looks_for_nobody(log: FakeEventLog, tail: EventTail) -> None:
    readers = [await following(tail) for _ in range(50)]
    before = log.looks
    log.happen(number=3)
    for reader in readers:
        await taken(reader, b"id: 3-1\n")
    assert log.looks - before < 25
    for reader in readers:
        tail.leave(reader)
        tail.leave(reader)
    assert len(tail) == 0
    await eventually(lambda: tail.position is None, "nobody to be forgotten")
    looks = log.looks
    log.happen()
    tail.wake()
    (await following(tail)).end()
    assert log.looks - looks <= 2


async def test_an_event_is_handed_to_few_readers_at_a_time_so_that_everybody_else_gets_his_turn(
    log: FakeEventLog, tail: EventTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = [await following(tail) for _ in range(50)]
    monkeypatch.setattr(event_tail, "REST_SECONDS", 3600.0)
    log.happen()
    await eventually(lambda: any(not reader.has_all for reader in readers), "the first to be given it")
    for _ in range(100):
        await asyncio.sleep(0)
    assert sum(not reader.has_all for reader in readers) == event_tail.FEW


async def test_a_slow_reader_is_cut_off_and_the_others_go_on(
    log: FakeEventLog, tail: EventTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_tail, "MAX_WAITING", 100)
    slow, quick = await following(tail), await following(tail)
    got = b""
    for _ in range(3):
        log.happen(number=60)
        got += await taken(quick, b"id: %d-1\n" % len(log.entries))
    assert slow.cut.done()
    assert slow.is_over
    assert await slow.take(PATIENCE) == b""
    assert not quick.cut.done()
    assert got.count(b"data: ") == 180
    assert len(tail) == 1


async def test_what_waits_for_a_reader_is_bounded_in_bytes_and_taken_by_handfuls(
    log: FakeEventLog, tail: EventTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_tail, "MAX_WAITING_BYTES", 1_000_000)
    reader = await following(tail)
    log.happen(number=3, reason="x" * 200_000)
    await eventually(lambda: idle(tail, log), "a look at the end")
    assert [len(await reader.take(PATIENCE)) > 200_000 for _ in range(2)] == [True, True]
    log.happen(number=5, reason="x" * 200_000)
    await eventually(reader.cut.done, "the cut")


async def test_readers_hear_that_the_database_is_away_and_that_it_is_back_with_all_that_happened(
    log: FakeEventLog, tail: EventTail
) -> None:
    reader = await following(tail)
    log.away = True
    await taken(reader, AWAY)
    assert tail.state == "database_away"
    log.happen()
    log.away = False
    assert (await taken(reader, LIVE, b"id: 1-1\n")).startswith(b"event: state\n")


async def test_who_comes_while_the_database_is_away_is_started_when_it_is_back(
    log: FakeEventLog, tail: EventTail
) -> None:
    log.away = True
    reader = Reader(EventFilter())
    tail.enter(reader)
    tail.follow(reader)
    await eventually(lambda: tail.state == "database_away", "a look in vain")
    log.away = False
    async with asyncio.timeout(PATIENCE):
        assert await reader.started == Position(1, 0)


async def test_what_a_reader_has_seen_before_he_came_does_not_come_again(log: FakeEventLog, tail: EventTail) -> None:
    await following(tail)
    log.happen(number=2)
    reader = Reader(EventFilter())
    reader.after = Position(2, 0)
    tail.enter(reader)
    tail.follow(reader)
    assert b"id: 1-1\n" not in await taken(reader, b"id: 2-1\n")


async def test_the_end_of_the_process_ends_readers_after_what_waits_for_them_and_lets_in_no_more(
    log: FakeEventLog, tail: EventTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_tail, "FAREWELL_SECONDS", 0.05)
    reader = await following(tail)
    log.happen()
    await eventually(lambda: not reader.has_all, "an event")
    for _ in range(2):
        tail.close()
    assert b"id: 1-1\n" in await reader.take(PATIENCE)
    assert reader.is_over
    assert await reader.take(PATIENCE) == b""
    with pytest.raises(ServiceStops):
        tail.check_room()
    await eventually(reader.cut.done, "the end of patience with those who do not read")


async def test_there_is_room_for_a_bounded_number(tail: EventTail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_tail, "MAX_READERS", 2)
    first, _ = await following(tail), await following(tail)
    with pytest.raises(TooManyStreams):
        tail.check_room()
    tail.leave(first)
    tail.check_room()
