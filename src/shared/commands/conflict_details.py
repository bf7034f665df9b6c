"""What somebody who came too late has to know: what happened meanwhile, by whom, and how things are now."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Raw, Struct

from shared.errors import Refusal
from shared.messages import Outcome
from shared.ports import Caller

EVENTS_SINCE = 20


class EventSummary(Struct, frozen=True):
    """One event a caller did not know of."""

    sequence: int
    type: str
    user_id: str
    occurred_at: str
    reason: str | None
    stream: str


class EventsSince(Protocol):
    """What happened after a moment, oldest first, at most `limit` events."""

    async def events_since(self, stream: str, sequence: int, limit: int) -> Sequence[EventSummary]:
        """On one stream, after its `sequence`."""
        ...

    async def events_from(self, streams: Sequence[str], position: int, limit: int) -> Sequence[EventSummary]:
        """On any of the streams, from a position of the event log on."""
        ...


class Present(Struct, frozen=True):
    """How a thing is now, as its address shows it; null when it is gone."""

    link: str
    state: Raw


class PresentStates(Protocol):
    """How things are now, read past the cache."""

    async def present(self, context: str, aggregate_id: str) -> Present:
        """The thing whose sequence is that of the stream."""
        ...


class Meanwhile:
    """Completes the refusals of commands that were meant for another state."""

    def __init__(self, events: EventsSince, states: PresentStates) -> None:
        self._events = events
        self._states = states

    async def told(self, outcome: Outcome, caller: Caller | None) -> Refusal | None:
        """The outcome's refusal, with as much as the caller may know of what made it so.

        Nobody in particular learns nothing more, and super admins alone the reasons of what happened elsewhere.
        """
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
        present = await self._states.present(outcome.context, outcome.aggregate_id)
        told = {"events": events[:EVENTS_SINCE], "current": present.state, "link": present.link}
        return msgspec.structs.replace(refusal, extra=extra | told)
