"""The write path's ports: the world in memory, which many tests decide on, and PostgreSQL keep the same promises."""

from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid4

import msgspec
import pytest

from shared.commands.bus import PendingStore
from shared.commands.decision import Head, outcome_of
from shared.commands.dry_run import HeadReader
from shared.commands.postgres import PostgresCommandStore
from shared.commands.processor import BatchChanges, CommandProcessor, CommandStore, OperationClash
from shared.messages import Outcome, ReceivedCommand, Status
from shared.ports import Database, OperationsReader
from shared.postgres.database import PostgresDatabase
from tests.shared.toy import Total, ToyWorld, work


class Kept(CommandStore, HeadReader, PendingStore, OperationsReader, Protocol):
    """All ports that the journal answers."""


class Site(NamedTuple):
    """The toy context with one kind of command_store."""

    world: ToyWorld
    database: Database
    command_store: Kept

    async def decide(self, *batch: ReceivedCommand) -> list[Outcome]:
        world = self.world
        processor = CommandProcessor(
            world.decider, self.database, self.command_store, world.invalidation, world, world.clock
        )
        outcomes = {outcome.operation_id: outcome for outcome in await processor.process(batch)}
        return [outcomes[one.envelope.operation_id] for one in batch]

    async def heads(self, *ids: str) -> dict[str, tuple[int, Any]]:
        """As a dry run reads them."""
        async with self.database.snapshot() as transaction:
            heads = await self.command_store.read_heads(transaction, self.world.decider, ids)
        return {id_: (head.version, head.state) for id_, head in heads.items()}

    async def decided_already(self, *operations: ReceivedCommand) -> set[UUID]:
        async with self.database.writing() as transaction:
            ids = [one.envelope.operation_id for one in operations]
            return set(await self.command_store.lock_facts(transaction, self.world.decider, ids))

    async def told(self, *operations: ReceivedCommand) -> list[Status | None]:
        """How each went, for those who wait."""
        known = await self.command_store.decided([one.envelope.operation_id for one in operations])
        return [
            known[id_].status if id_ in known else None for id_ in (one.envelope.operation_id for one in operations)
        ]


@pytest.fixture(params=["fake", "postgres"])
def site(request: pytest.FixtureRequest) -> Site:
    world = ToyWorld()
    if request.param == "fake":
        return Site(world, world, world)
    database: PostgresDatabase = request.getfixturevalue("database")
    return Site(world, database, PostgresCommandStore(database, "test"))


def failed(one: ReceivedCommand) -> Outcome:
    attempts = () if one.envelope.attempt is None else (one.envelope.attempt,)
    return msgspec.structs.replace(outcome_of("toy", one, Head(0, Total())), status="failed", attempts=attempts)


async def test_heads_are_initial_until_something_is_saved(site: Site) -> None:
    assert await site.heads("a", "b") == {"a": (0, Total()), "b": (0, Total())}
    await site.decide(work(1, "a"), work(2, "a"), work(-1, "b"))
    assert await site.heads("a", "b") == {"a": (2, Total(3)), "b": (0, Total())}
    async with site.database.writing() as transaction:
        heads = await site.command_store.lock_heads(transaction, site.world.decider, ["a", "b"])
    assert [(head.version, head.created) for head in heads.values()] == [(2, False), (0, True)]


async def test_an_operation_is_decided_once(site: Site) -> None:
    one, refused, unknown = work(5), work(-1), work(9)
    first = await site.decide(one, refused)
    assert [outcome.status for outcome in first] == ["applied", "rejected"]
    assert await site.decided_already(one, refused, unknown) == {each.operation_id for each in first}
    again = await site.decide(one)
    assert (again[0].sequence, again[0].event_ids) == (first[0].sequence, first[0].event_ids)
    assert await site.heads("a") == {"a": (1, Total(5))}
    assert await site.told(one, refused, unknown) == ["applied", "rejected", None]


async def test_a_failed_operation_is_told_and_may_be_decided_later_but_not_the_other_way_round(site: Site) -> None:
    one = work(1)
    await site.command_store.record_failure("toy", one, failed(one), "a defect")
    assert (await site.told(one), await site.decided_already(one)) == (["failed"], set())
    assert (await site.decide(one))[0].status == "applied"
    await site.command_store.record_failure("toy", one, failed(one), "too late")
    assert await site.told(one) == ["applied"]


async def test_a_failure_names_every_attempt_that_failed(site: Site) -> None:
    one = work(1, attempt=uuid4())
    again = work(1, operation_id=one.envelope.operation_id, attempt=uuid4())
    for attempt in (one, again):
        await site.command_store.record_failure("toy", attempt, failed(attempt), "a defect")
    known = (await site.command_store.decided([one.envelope.operation_id]))[one.envelope.operation_id]
    assert known.attempts == (one.envelope.attempt, again.envelope.attempt)


async def test_a_pending_operation_is_told_when_it_is_decided(site: Site) -> None:
    one = work(1)
    await site.command_store.store_pending("toy", one)
    assert (await site.told(one), await site.decided_already(one)) == ([None], set())
    await site.decide(one)
    await site.command_store.store_pending("toy", one)
    assert await site.told(one) == ["applied"]


async def test_an_operation_decided_meanwhile_for_another_aggregate_clashes(site: Site) -> None:
    id_ = uuid4()
    first, second = work(1, "a", operation_id=id_), work(1, "b", operation_id=id_)

    async def decide_late() -> None:
        async with site.database.writing() as transaction:
            page = BatchChanges(
                site.world.decider, await site.command_store.lock_heads(transaction, site.world.decider, ["b"])
            )
            await site.decide(first)
            page.decided.append((second, outcome_of("toy", second, page.heads["b"])))
            await site.command_store.save(transaction, page)

    with pytest.raises(OperationClash):
        await decide_late()
    assert (await site.command_store.decided([id_]))[id_].aggregate_id == "a"


async def test_what_a_broken_transaction_saved_is_not_there(site: Site) -> None:
    one = work(1)

    async def break_off() -> None:
        async with site.database.writing() as transaction:
            page = BatchChanges(
                site.world.decider, await site.command_store.lock_heads(transaction, site.world.decider, ["a"])
            )
            page.decided.append((one, outcome_of("toy", one, page.heads["a"])))
            await site.command_store.save(transaction, page)
            raise KeyError

    with pytest.raises(KeyError):
        await break_off()
    assert await site.told(one) == [None]
    assert (await site.decide(one))[0].status == "applied"


async def test_a_later_position_is_no_smaller(site: Site) -> None:
    async with site.database.snapshot() as transaction:
        before = await site.command_store.position(transaction)
    await site.decide(work(1))
    async with site.database.snapshot() as transaction:
        assert await site.command_store.position(transaction) >= before
