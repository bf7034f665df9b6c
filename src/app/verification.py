"""Compares the three tellings of every aggregate: its head, its events, its rows."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from app.seams import Deciders
from shared.adapters.postgres import PostgresDatabase
from shared.decider import Decider
from shared.messages import stream_name

PAGE = 200

HEADS = """
SELECT id, version, state FROM shared.streams WHERE context = $1 AND id > $2 ORDER BY id LIMIT $3
"""

EVENTS = """
SELECT aggregateid, type, payload FROM shared.event_log
WHERE aggregatetype = $1 AND aggregateid = ANY($2::text[]) ORDER BY aggregateid, sequence
"""


class Verification:
    """Folds every stream again, in pages, each page in one snapshot."""

    def __init__(self, deciders: Deciders, database: PostgresDatabase) -> None:
        self._deciders = deciders
        self._database = database
        self.compared = 0

    async def differences(self) -> AsyncIterator[str]:
        """A line for each aggregate whose head, events and rows do not tell the same."""
        for decider in self._deciders:
            last = ""
            while page := await self._page(decider, last):
                last, lines = page
                for line in lines:
                    yield line

    async def _page(self, decider: Decider, after: str) -> tuple[str, Sequence[str]] | None:
        async with self._database.snapshot() as snapshot:
            heads = await snapshot.fetch(HEADS, decider.name, after, PAGE)
            ids = [head["id"] for head in heads]
            events: dict[str, list[Any]] = {id_: [] for id_ in ids}
            for id_, topic, payload in await snapshot.fetch(EVENTS, decider.name, ids):
                events[id_].append(decider.decode_event(topic, payload))
            rows = await decider.write_side.restored(snapshot, ids)
        if not heads:
            return None
        self.compared += len(heads)
        return ids[-1], [
            f"{stream_name(decider.name, head['id'])}: {why}"
            for head in heads
            if (why := difference(decider, head, events[head["id"]], rows.get(head["id"])))
        ]


def difference(decider: Decider, head: Any, events: Sequence[Any], row: Any) -> str:
    """What differs, in words; empty when nothing does."""
    state = decider.initial if head["state"] is None else decider.state_decoder.decode(head["state"])
    if head["version"] != len(events):
        return f"the head is at {head['version']}, the log has {len(events)} events"
    if encoded(decider.fold(events)) != encoded(state):
        return "the head differs from its events folded again"
    if encoded(row) != encoded(decider.write_side.shown(state)):
        return "the rows differ from the head"
    return ""


def encoded(value: Any) -> bytes:
    """A form in which two equal values are equal bytes."""
    return msgspec.json.encode(value, order="deterministic")
