"""Positions, entries and filters of the event log."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from shared.errors import Malformed
from shared.messages import EventEnvelope

PUBLISHED = "tenant."
POSITION = re.compile(r"([0-9]{1,19})-([0-9]{1,18})")


class BadPosition(Malformed):
    """The text names no place in the event log."""


class Position(Struct, frozen=True, order=True):
    """A place in the log, ordered by the beginning of transactions. Below the oldest running one nothing changes."""

    xid: int
    seq: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.seq}"


BEGINNING = Position(0, 0)


def position_of(text: str) -> Position:
    """Read the `position` of an event. Raises `BadPosition`."""
    read = POSITION.fullmatch(text)
    if read is None:
        raise BadPosition("A place in the event log is the `position` of an event, such as 4711-12.")
    return Position(int(read[1]), int(read[2]))


class Window(Struct, frozen=True):
    """The range between two places, neither included."""

    after: Position
    before: Position


class LoggedEvent(EventEnvelope, frozen=True, kw_only=True):
    """An event as it went to its topic, and its place in the log."""

    position: str


class Entry(Struct, frozen=True):
    """An event with what filters look at: its place, and the modules and industries it names beside its own module."""

    position: Position
    event: LoggedEvent
    names: Sequence[str] = ()


class EventFilter(Struct, frozen=True, kw_only=True):
    """What all wanted events have in common. `published_only`: what leaves the service by a topic."""

    organization_id: str | None = None
    module_id: str | None = None
    industry_code: str | None = None
    user_id: str | None = None
    types: tuple[str, ...] = ()
    operation_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    published_only: bool = False

    def admits(self, entry: Entry) -> bool:
        event = entry.event
        return (
            same(self.organization_id, event.organization_id)
            and same(self.user_id, event.user_id)
            and same(self.operation_id, event.operation_id)
            and (not self.types or event.type in self.types)
            and (self.module_id is None or self.module_id == event.module_id or module_name(self) in entry.names)
            and (self.industry_code is None or industry_name(self) in entry.names)
            and (self.since is None or event.occurred_at >= self.since)
            and (self.until is None or event.occurred_at < self.until)
            and (not self.published_only or event.type.startswith(PUBLISHED))
        )


def same(wanted: Any, found: Any) -> bool:
    return wanted is None or wanted == found


def module_name(wanted: EventFilter) -> str:
    return f"module:{wanted.module_id}"


def industry_name(wanted: EventFilter) -> str:
    return f"industry:{wanted.industry_code}"
