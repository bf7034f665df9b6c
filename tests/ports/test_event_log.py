"""The end of the event log: the fake and PostgreSQL keep the same promises."""

from typing import NamedTuple

import pytest

from shared.eventlog.model import Position
from shared.eventlog.postgres import PostgresEventLog
from shared.eventlog.tail import LogEnd
from shared.postgres.database import PostgresDatabase
from tests.support.event_log import FakeEventLog, NewEvent, write_events


class Site(NamedTuple):
    log: LogEnd
    database: PostgresDatabase | None

    async def happen(self, *organizations: str) -> None:
        if isinstance(self.log, FakeEventLog):
            for organization_id in organizations:
                self.log.happen(organization_id)
            return
        assert self.database is not None
        await write_events(self.database, *(NewEvent(organization_id=one) for one in organizations))

    async def newer(self, than: Position, limit: int = 10) -> tuple[list[str | None], Position]:
        entries, reached = await self.log.newer(than, limit)
        return [entry.event.organization_id for entry in entries], reached


@pytest.fixture
def site(real_database: PostgresDatabase | None) -> Site:
    return Site(PostgresEventLog(real_database) if real_database else FakeEventLog(), real_database)


async def test_what_comes_after_a_place_is_read_once_and_in_order_page_by_page(site: Site) -> None:
    await site.happen("before")
    place = await site.log.end()
    assert (await site.newer(place))[0] == []
    await site.happen("a", "b", "c")
    organizations, place = await site.newer(place, 2)
    seen = list(organizations)
    while organizations:
        organizations, place = await site.newer(place, 2)
        seen += organizations
    assert seen == ["a", "b", "c"]
    await site.happen("d")
    assert (await site.newer(place))[0] == ["d"]


async def test_an_entrys_place_lies_where_reading_goes_on(site: Site) -> None:
    place = await site.log.end()
    await site.happen("a", "b")
    entries, _ = await site.log.newer(place, 10)
    assert [entry.event.position for entry in entries] == [str(entry.position) for entry in entries]
    assert (await site.newer(entries[0].position))[0] == ["b"]
    assert (await site.newer(entries[1].position))[0] == []


async def test_the_end_is_no_earlier_than_what_was_read(site: Site) -> None:
    place = await site.log.end()
    await site.happen("a")
    entries, reached = await site.log.newer(place, 10)
    assert place < entries[0].position < reached <= await site.log.end()
