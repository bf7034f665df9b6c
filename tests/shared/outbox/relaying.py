"""What the relay asks of the world, in memory."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import msgspec

from shared.messages import EventEnvelope
from shared.outbox.relay import LeadershipLost, PublishFailed, Queued, Relay, RelayQueue
from tests.fakes import NOON

PASSING = PublishFailed("no broker", permanent=False)
PERMANENT = PublishFailed("too large", permanent=True)


def row(seq: int, key: str = "a", *, fresh: bool = True) -> Queued:
    event = EventEnvelope(
        event_id=UUID(int=seq),
        type="toy.added",
        occurred_at=NOON,
        stream=f"toy:{key}",
        sequence=seq,
        organization_id=None,
        module_id=None,
        user_id="ada",
        operation_id=uuid4(),
        reason=None,
        payload=msgspec.Raw(b"{}"),
    )
    return Queued(seq, key, (f"gen:{key}",), fresh, event)


class RelayWorld:
    """Queue, broker and cache in one, and in which order they were used."""

    def __init__(self, *rows: Queued) -> None:
        self.rows = list(rows)
        self.blocked: dict[str, str] = {}
        self.refusals: dict[int, PublishFailed] = {}
        self.log: list[str] = []
        self.published: list[int] = []
        self.resets = 0
        self.elections: list[RelayQueue | None] = [self]
        self.lost = False

    async def lead(self) -> RelayQueue | None:
        return self.elections.pop(0) if self.elections else None

    async def renew(self) -> None:
        if self.lost:
            raise LeadershipLost("somebody else leads")

    async def page(self, limit: int) -> Sequence[Queued]:
        await self.renew()
        return [one for one in self.rows if one.key not in self.blocked][:limit]

    async def fresh(self, limit: int) -> Sequence[Queued]:
        await self.renew()
        return [one for one in self.rows if one.fresh][:limit]

    async def mark_invalidated(self, seqs: Sequence[int]) -> None:
        await self.renew()
        self.rows = [msgspec.structs.replace(one, fresh=one.fresh and one.seq not in seqs) for one in self.rows]

    async def remove(self, seqs: Sequence[int]) -> None:
        await self.renew()
        self.rows = [one for one in self.rows if one.seq not in seqs]

    async def block(self, row: Queued, error: str) -> UUID:
        await self.renew()
        self.blocked[row.key] = error
        return row.event.event_id

    async def close(self) -> None:
        self.log.append("closed")

    async def publish_module_event(self, event_type: str, event_data: EventEnvelope) -> "asyncio.Future[None]":
        seq = event_data.sequence
        if seq in self.refusals:
            raise self.refusals[seq]
        self.log.append(f"published {seq}")
        self.published.append(seq)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answer.set_result(None)
        return answer

    async def invalidate(self, names: Sequence[str]) -> None:
        self.log += [f"invalidated {name}" for name in names]

    async def reset(self) -> None:
        self.resets += 1

    def relay(self) -> Relay:
        return Relay(self, self, self, self)

    def left(self) -> list[int]:
        return [one.seq for one in self.rows]
