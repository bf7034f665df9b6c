"""The relay: order per key, nothing removed that the broker did not take, and the cache always first."""

import asyncio
from contextlib import suppress

import pytest

from shared.messages import EventEnvelope
from shared.outbox import relay as relay_module
from shared.outbox.relay import until_first_failure
from tests.shared.outbox.relaying import PASSING, PERMANENT, RelayWorld, row
from tests.support.polling import eventually


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
    world = RelayWorld(row(1), row(2, "b"))
    assert await world.relay().relay_page(world)
    assert world.log == ["invalidated gen:a", "invalidated gen:b", "published 1", "published 2"]
    assert world.left() == []


async def test_while_kafka_is_away_nothing_is_removed_and_everything_invalidated_once() -> None:
    world = RelayWorld(*[row(number) for number in range(1, 4)])
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
    world = RelayWorld(*[row(number, f"k{number}") for number in range(1, 6)])
    world.refusals = dict.fromkeys(range(1, 6), PASSING)
    relay = world.relay()
    while await relay.relay_page(world):
        pass
    assert {f"invalidated gen:k{number}" for number in range(1, 6)} <= set(world.log)


async def test_an_event_nobody_will_ever_take_blocks_its_key_alone() -> None:
    world = RelayWorld(row(1), row(2, "b"), row(3), row(4, "b"))
    world.refusals[1] = PERMANENT
    relay = world.relay()
    while await relay.relay_page(world):
        pass
    assert world.published == [2, 4]
    assert (world.left(), world.blocked) == ([1, 3], {"a": "too large"})


async def test_a_new_leader_resets_the_cache_and_works_until_it_leads_no_longer() -> None:
    world = RelayWorld(row(1))
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


class Hanging(RelayWorld):
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
