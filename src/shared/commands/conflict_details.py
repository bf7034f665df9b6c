"""Details for a refused precondition: the events since the caller's state, their authors, and the current state."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Raw, Struct

from shared.errors import Refusal
from shared.messages import Outcome
from shared.ports import Caller

EVENTS_SINCE = 20


class EventSummary(Struct, frozen=True):
    sequence: int
    type: str
    user_id: str
    occurred_at: str
    reason: str | None
    stream: str


class EventsSince(Protocol):
    async def events_since(self, stream: str, sequence: int, limit: int) -> Sequence[EventSummary]: ...

    async def events_from(self, streams: Sequence[str], position: int, limit: int) -> Sequence[EventSummary]:
        """Return the streams' events from a position of the event log on, oldest first."""
        ...


class CurrentState(Struct, frozen=True):
    """The current state of a resource, as `link` shows it; null when it is gone."""

    link: str
    state: Raw


class CurrentStates(Protocol):
    """Current states, read past the cache."""

    async def current_state(self, context: str, aggregate_id: str) -> CurrentState: ...


class ConflictDetails:
    def __init__(self, events: EventsSince, states: CurrentStates) -> None:
        self._events = events
        self._states = states

    async def complete(self, outcome: Outcome, caller: Caller | None) -> Refusal | None:
        """Return the refusal with as much of its cause as the caller may know; nothing for an anonymous one."""
        refusal = outcome.refusal
        if refusal is None or refusal.kind != "precondition_failed" or "expected" not in refusal.extra:
            return refusal
        extra: dict[str, Any] = dict(refusal.extra)
        streams, position = extra.pop("streams", []), extra.pop("position", 0)
        if caller is None:
            return msgspec.structs.replace(refusal, extra=extra)
        events = list(await self._events.events_since(extra["stream"], int(extra["expected"]), EVENTS_SINCE))
        if streams:
            elsewhere = await self._events.events_from(streams, int(position), EVENTS_SINCE)
            knows_all = caller.role == "super_admin"
            events += elsewhere if knows_all else [msgspec.structs.replace(event, reason=None) for event in elsewhere]
        current = await self._states.current_state(outcome.context, outcome.aggregate_id)
        details = {"events": events[:EVENTS_SINCE], "current": current.state, "link": current.link}
        return msgspec.structs.replace(refusal, extra=extra | details)
