"""A log of events of many kinds, written as the service writes them, a transaction a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from shared.errors import Unavailable
from shared.eventlog.model import Entry, EventFilter, LoggedEvent, Position
from shared.eventlog.postgres import PostgresEventLog
from shared.postgres.database import PostgresDatabase
from tests.fakes import NOON

APPEND = """
INSERT INTO shared.event_log (id, aggregatetype, aggregateid, type, sequence, payload, organization_id, module_id,
                              user_id, operation_id, reason, occurred_at)
SELECT gen_random_uuid(), 'toy', gen_random_uuid()::text, type, 1, payload::json, organization_id, module_id, user_id,
       operation_id, reason, occurred_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::timestamptz[])
     WITH ORDINALITY AS e(type, payload, organization_id, module_id, user_id, operation_id, reason, occurred_at, place)
ORDER BY place
"""


def log_entry(position: Position = Position(7, 1), names: tuple[str, ...] = (), **fields: Any) -> Entry:  # noqa: B008 - frozen
    values: dict[str, Any] = {
        "event_id": uuid4(),
        "type": "tenant.module.assigned",
        "occurred_at": NOON,
        "stream": "assignments:acme",
        "sequence": 1,
        "organization_id": "acme",
        "module_id": "crm",
        "user_id": "ada",
        "operation_id": uuid4(),
        "reason": None,
        "payload": msgspec.Raw(b"{}"),
    }
    return Entry(position, LoggedEvent(position=str(position), **values | fields), names)


class FakeEventLog:
    """A log in memory; every event is a transaction of its own. `away`: it cannot be read."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.looks = 0
        self.away = False

    def happen(self, organization_id: str | None = None, number: int = 1, **fields: Any) -> None:
        for _ in range(number):
            place = Position(len(self.entries) + 1, 1)
            self.entries.append(log_entry(place, organization_id=organization_id, **fields))

    async def end(self) -> Position:
        if self.away:
            raise Unavailable("The log is away.")
        return Position(len(self.entries) + 1, 0)

    async def newer(self, than: Position, limit: int) -> tuple[Sequence[Entry], Position]:
        end = await self.end()
        self.looks += 1
        found = [entry for entry in self.entries if entry.position > than][:limit]
        return found, found[-1].position if len(found) == limit else end


@dataclass(frozen=True)
class NewEvent:
    """An event to write."""

    type: str = "tenant.module.assigned"
    organization_id: str | None = None
    module_id: str | None = None
    module_ids: Sequence[str] = ()
    industry_code: str | None = None
    user_id: str = "ada"
    operation_id: UUID | None = None
    reason: str | None = None
    occurred_at: datetime = NOON
    filling: str = ""

    def row(self) -> tuple[Any, ...]:
        payload: dict[str, Any] = {"filling": self.filling}
        payload |= {"module_ids": self.module_ids} if self.module_ids else {}
        payload |= {"industry_code": self.industry_code} if self.industry_code else {}
        return (
            self.type,
            msgspec.json.encode(payload).decode(),
            self.organization_id,
            self.module_id,
            self.user_id,
            self.operation_id or uuid4(),
            self.reason,
            self.occurred_at,
        )


async def append_events(transaction: Any, *events: NewEvent) -> None:
    """Writes the events by one statement."""
    await transaction.execute(
        APPEND, *(list(column) for column in zip(*(event.row() for event in events), strict=True))
    )


async def write_events(database: PostgresDatabase, *events: NewEvent) -> None:
    """Writes the events by one transaction."""
    async with database.writing() as transaction:
        await append_events(transaction, *events)


async def all_entries(log: PostgresEventLog) -> list[Entry]:
    """The complete part of the log, oldest first, as the tail reads it."""
    entries, reached = await log.newer((await log.window(EventFilter()))[0].after, 10_000)
    assert not entries or reached > entries[-1].position
    return entries
