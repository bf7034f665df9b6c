"""Compare the three records of every aggregate: its head, its events, its rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from app.seams.commands import Deciders
from shared.commands.decision import Decider
from shared.messages import stream_name
from shared.ports import Transaction
from shared.postgres.database import PostgresDatabase

PAGE = 200

HEADS = """
SELECT id, version, state FROM shared.streams WHERE context = $1 AND id > $2 ORDER BY id LIMIT $3
"""

EVENTS = """
SELECT aggregateid, sequence, type, payload FROM shared.event_log
WHERE aggregatetype = $1 AND aggregateid = ANY($2::text[]) ORDER BY aggregateid, sequence
"""

STREAMS = """
SELECT e.aggregateid, EXISTS (SELECT FROM shared.streams s WHERE s.context = $1 AND s.id = e.aggregateid)
FROM shared.event_log e WHERE e.aggregatetype = $1 AND e.aggregateid > $2 AND e.sequence = 1
ORDER BY e.aggregateid LIMIT $3
"""


class Verification:
    def __init__(self, deciders: Deciders, database: PostgresDatabase) -> None:
        self._deciders = deciders
        self._database = database
        self.compared = 0

    async def differences(self) -> AsyncIterator[str]:
        """Return a line for each aggregate whose head, events and rows do not agree."""
        for decider in self._deciders:
            for read in (self._compared, self._headless):
                last = ""
                while page := await read(decider, last):
                    last, differing = page
                    for id_, why in differing:
                        yield f"{stream_name(decider.name, id_)}: {why}"

    async def _compared(self, decider: Decider, after: str) -> tuple[str, Sequence[tuple[str, str]]] | None:
        async with self._database.snapshot() as snapshot:
            heads = await snapshot.fetch(HEADS, decider.name, after, PAGE)
            if not heads:
                return None
            ids = [head["id"] for head in heads]
            events = await recorded(snapshot, decider, ids)
            rows = await restored(snapshot, decider, ids)
        self.compared += len(heads)
        rowless = decider.write_side.comparable(decider.initial)
        return ids[-1], [
            (head["id"], why)
            for head in heads
            if (why := difference(decider, head, events[head["id"]], rows.get(head["id"], rowless)))
        ]

    async def _headless(self, decider: Decider, after: str) -> tuple[str, Sequence[tuple[str, str]]] | None:
        async with self._database.snapshot() as snapshot:
            streams = await snapshot.fetch(STREAMS, decider.name, after, PAGE)
        if not streams:
            return None
        return streams[-1][0], [
            (id_, "the log has events, and there is no head") for id_, has_head in streams if not has_head
        ]


async def recorded(transaction: Transaction, decider: Decider, ids: Sequence[str]) -> Mapping[str, Sequence[Any]]:
    """Return the logged events by id, in the order of their sequence; every id has an entry."""
    events: dict[str, list[Any]] = {id_: [] for id_ in ids}
    for row in await transaction.fetch(EVENTS, decider.name, ids):
        events[row["aggregateid"]].append(row)
    return events


async def restored(transaction: Transaction, decider: Decider, ids: Sequence[str]) -> Mapping[str, Any]:
    """Return what the rows hold, by id; of an aggregate whose rows cannot be read, the error."""
    try:
        return await decider.write_side.read_back(transaction, ids)
    except msgspec.MsgspecError as error:
        if len(ids) == 1:
            return {ids[0]: str(error)}
    return {id_: shown for one in ids for id_, shown in (await restored(transaction, decider, [one])).items()}


def difference(decider: Decider, head: Any, events: Sequence[Any], rows: Any) -> str:
    """Describe what differs; empty when nothing does. `rows` is what the rows hold."""
    sequences = [event["sequence"] for event in events]
    if sequences != list(range(1, head["version"] + 1)):
        return f"the head is at {head['version']}, the log has {describe_sequences(sequences)}"
    try:
        state = decider.initial if head["state"] is None else decider.state_decoder.decode(head["state"])
        folded = decider.fold([decider.decode_event(event["type"], event["payload"]) for event in events])
    except (msgspec.MsgspecError, KeyError) as error:
        return f"the head or an event cannot be read: {error}"
    # Encoding forgets the order of keys; where order matters, the comparable form keeps it.
    shown_state = decider.write_side.comparable(state)
    if encoded((folded, decider.write_side.comparable(folded))) != encoded((state, shown_state)):
        return "the head differs from its events folded again"
    if encoded(rows) != encoded(shown_state):
        return "the rows differ from the head"
    return ""


def describe_sequences(sequences: Sequence[int]) -> str:
    count = "1 event" if len(sequences) == 1 else f"{len(sequences)} events"
    missing = next((number for number, sequence in enumerate(sequences, 1) if number != sequence), None)
    return count if missing is None else f"{count}, number {missing} is missing"


def encoded(value: Any) -> bytes:
    """Encode so that two equal values are equal bytes."""
    return msgspec.json.encode(value, order="deterministic")
