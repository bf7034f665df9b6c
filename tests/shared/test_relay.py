"""The relay: order per key, nothing removed that the broker did not take, and the cache always first."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID, uuid4

import msgspec
import pytest

from shared import relay as relay_module
from shared.messages import EventEnvelope
from shared.relay import LeadershipLost, PublishFailed, Queued, Relay, RelayQueue, until_first_failure
from tests.fakes import NOON
from tests.waiting import eventually

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


class World:
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
        return [one for one in self.rows if one.key not in self.blocked][:limit]

    async def fresh(self, limit: int) -> Sequence[Queued]:
        return [one for one in self.rows if one.fresh][:limit]

    async def mark_invalidated(self, seqs: Sequence[int]) -> None:
        self.rows = [msgspec.structs.replace(one, fresh=one.fresh and one.seq not in seqs) for one in self.rows]

    async def remove(self, seqs: Sequence[int]) -> None:
        self.rows = [one for one in self.rows if one.seq not in seqs]

    async def block(self, row: Queued, error: str) -> UUID:
        self.blocked[row.key] = error
        return uuid4()

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

    async def invalidate(self, touched: Sequence[str]) -> None:
        self.log += [f"invalidated {name}" for name in touched]

    async def reset(self) -> None:
        self.resets += 1

    def relay(self) -> Relay:
        return Relay(self, self, self, self)

    def left(self) -> list[int]:
        return [one.seq for one in self.rows]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAUSE_SECONDS", "IDLE_SECONDS", "RENEW_SECONDS"):
        monkeypatch.setattr(relay_module, name, 0.01)


def test_what_follows_a_failure_of_its_key_stays_and_other_keys_go() -> None:
    rows = [row(1), row(2, "b"), row(3), row(4, "b"), row(5), row(6, "c")]
    published, broken = until_first_failure(rows, [None, PASSING, PERMANENT, None, None, None])
    assert [one.seq for one in published] == [1, 6]
    assert [(one.seq, error) for one, error in broken] == [(2, PASSING), (3, PERMANENT)]


async def test_a_page_is_invalidated_before_it_is_published_and_then_removed() -> None:
    world = World(row(1), row(2, "b"))
    assert await world.relay().relay_page(world)
    assert world.log == ["invalidated gen:a", "invalidated gen:b", "published 1", "published 2"]
    assert world.left() == []


async def test_while_kafka_is_away_nothing_is_removed_and_everything_invalidated_once() -> None:
    world = World(*[row(number) for number in range(1, 4)])
    world.refusals = dict.fromkeys(range(1, 4), PASSING)
    await world.relay().relay_page(world)
    assert world.left() == [1, 2, 3]
    assert world.log == ["invalidated gen:a"]
    world.log.clear()
    await world.relay().relay_page(world)
    assert world.log == []
    world.refusals.clear()
    await world.relay().relay_page(world)
    assert (world.published, world.left()) == ([1, 2, 3], [])


async def test_a_backlog_behind_the_first_page_is_invalidated_while_kafka_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay_module, "PAGE", 2)
    world = World(*[row(number, f"k{number}") for number in range(1, 6)])
    world.refusals = dict.fromkeys(range(1, 6), PASSING)
    relay = world.relay()
    while await relay.relay_page(world):
        pass
    assert {f"invalidated gen:k{number}" for number in range(1, 6)} <= set(world.log)


async def test_an_event_nobody_will_ever_take_blocks_its_key_alone() -> None:
    world = World(row(1), row(2, "b"), row(3), row(4, "b"))
    world.refusals[1] = PERMANENT
    relay = world.relay()
    while await relay.relay_page(world):
        pass
    assert world.published == [2, 4]
    assert (world.left(), world.blocked) == ([1, 3], {"a": "too large"})


async def test_a_new_leader_resets_the_cache_and_works_until_it_leads_no_longer() -> None:
    world = World(row(1))
    run = asyncio.create_task(world.relay().run())
    await eventually(lambda: world.left() == [], "the row is relayed", pause=0.005)
    assert world.resets == 1
    world.lost = True
    await eventually(lambda: "closed" in world.log, "the reign has ended", pause=0.005)
    world.lost = False
    world.rows.append(row(2))
    world.elections = [None, world]
    await eventually(lambda: world.left() == [], "the next reign relays", pause=0.005)
    assert (world.published, world.resets) == ([1, 2], 2)
    run.cancel()
    with suppress(asyncio.CancelledError):
        await run


class Hanging(World):
    """A broker that neither takes an event nor refuses it."""

    async def publish_module_event(self, event_type: str, event_data: EventEnvelope) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().create_future()


async def test_lost_invalidations_are_made_good_while_a_publishing_hangs() -> None:
    world = Hanging(row(1))
    relaying = asyncio.create_task(world.relay().run())
    await eventually(lambda: "invalidated gen:a" in world.log, "the page is invalidated")
    world.rows.append(row(2, "late"))
    await eventually(lambda: "invalidated gen:late" in world.log, "what came while publishing hangs is invalidated")
    relaying.cancel()
    with suppress(asyncio.CancelledError):
        await relaying
    assert world.left() == [1, 2]
