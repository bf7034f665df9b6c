"""Dead letters as operators deal with them, on the real database."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from shared.commands.bus import CommandBus, OutcomeWaiter
from shared.commands.decision import CommandExpired
from shared.commands.processor import CommandProcessor
from shared.dead_letters.postgres import PostgresDeadLetters, PostgresDeadLetterStore
from shared.dead_letters.service import (
    DeadLetter,
    DeadLetters,
    LetterHandled,
    LetterNotFound,
    LetterUnreadable,
    RecordRedeliveries,
    Resolution,
)
from shared.errors import Unavailable
from shared.eventlog.audit_log import PostgresAuditLog
from shared.messages import EventEnvelope
from shared.outbox.postgres import PostgresRelayElection, PostgresRelayQueue
from shared.ports import EventHandler
from shared.postgres.database import PostgresDatabase
from tests.fakes import NOON, FakeKafka, FreshIds
from tests.shared.conftest import Toy
from tests.shared.toy import Added, work

AUDITED = """
SELECT type, user_id, reason, sequence FROM shared.event_log WHERE aggregatetype = 'system' ORDER BY seq
"""


@dataclass
class Subscriber:
    """A context that hears of additions. `broken` is what it raises."""

    heard: list[UUID] = field(default_factory=list)
    broken: Exception | None = None

    async def handlers(self) -> Mapping[str, Mapping[str, EventHandler]]:
        return {"listening": {Added.topic: self.handle}}

    async def handle(self, events: Sequence[EventEnvelope]) -> None:
        if self.broken is not None:
            raise self.broken
        self.heard += [event.event_id for event in events]


class Site:
    """Dead letters, and what retries and drops them, in a world with one context."""

    def __init__(self, toy: Toy, database: PostgresDatabase) -> None:
        self.toy = toy
        self.database = database
        self.subscriber = Subscriber()
        self.letters = PostgresDeadLetters(database)
        self.waiter = OutcomeWaiter(toy.command_store, toy.world.invalidation)
        self.processor = CommandProcessor(
            toy.decider, database, toy.command_store, toy.world.invalidation, self.waiter, toy.world.clock
        )
        bus = CommandBus(FakeKafka(there=False), {"toy": self.processor}, self.waiter, toy.command_store)
        redeliveries = RecordRedeliveries(bus, [toy.decider], self.subscriber, toy.world.clock)
        audit_log, clock = PostgresAuditLog("system"), toy.world.clock
        self.dead_letters = DeadLetters(database, self.letters, redeliveries, audit_log, clock, FreshIds())

    async def only(self) -> DeadLetter:
        (letter,) = await self.letters.page(10)
        return letter

    async def failed(self, amount: int = 5, **fields: Any) -> tuple[DeadLetter, Any]:
        """The letter of a command that failed, and its work. What broke it is repaired."""
        one = work(amount, **fields)
        self.toy.world.tables.breaking[amount] = KeyError("a defect")
        await self.processor.process([one])
        self.toy.world.tables.breaking.clear()
        return await self.only(), one

    async def unheard(self, body: bytes | None = None) -> DeadLetter:
        """The letter of an event that the subscriber could not handle."""
        event = EventEnvelope(
            event_id=uuid4(),
            type=Added.topic,
            occurred_at=NOON,
            stream="toy:a",
            sequence=1,
            organization_id=None,
            module_id=None,
            user_id="ada",
            operation_id=uuid4(),
            reason=None,
            payload=msgspec.Raw(b'{"amount":1}'),
        )
        record = msgspec.json.encode(event) if body is None else body
        site = PostgresDeadLetterStore(self.database, "listening")
        await site.add("event", f"{Added.topic}/0/{uuid4()}", "a", record, "KeyError('amount')")
        return (await self.letters.page(1))[0]

    async def total(self) -> list[tuple[Any, ...]]:
        return await self.toy.rows("SELECT version, state::text FROM shared.streams WHERE context = 'toy'")


@pytest.fixture
def site(toy: Toy, database: PostgresDatabase) -> Site:
    return Site(toy, database)


@pytest.fixture
async def queue(database: PostgresDatabase) -> AsyncIterator[PostgresRelayQueue]:
    """The relay's, as its leader has it."""
    queue = await PostgresRelayElection(database, "a-relay").lead()
    assert queue is not None
    yield queue
    await queue.close()


async def blocked(site: Site, queue: PostgresRelayQueue) -> DeadLetter:
    """The letter of the first of two events of one key."""
    await site.processor.process([work(1), work(2)])
    first, _ = await queue.page(10)
    await queue.block(first, "too large")
    assert await queue.page(10) == []
    return await site.only()


async def test_a_failed_command_is_tried_again_as_the_same_operation(site: Site) -> None:
    letter, one = await site.failed()
    assert (letter.kind, letter.context, letter.subject_id, letter.key) == (
        "command",
        "toy",
        one.envelope.operation_id,
        "a",
    )
    retried = await site.dead_letters.retry(letter.id, "ana", "repaired")
    assert (retried.status, retried.retries, retried.handled_by, retried.reason) == ("resolved", 1, "ana", "repaired")
    assert await site.total() == [(1, '{"total":5}')]
    (((status, operation)),) = await site.toy.rows("SELECT status, id FROM shared.operations")
    assert (status, operation) == ("applied", one.envelope.operation_id)


async def test_a_command_that_fails_again_is_open_again_with_what_it_failed_of(site: Site) -> None:
    letter, _ = await site.failed()
    site.toy.world.tables.breaking[5] = ValueError("another defect")
    again = await site.dead_letters.retry(letter.id, "ana", None)
    assert (again.status, again.retries, again.error) == ("open", 1, "ValueError('another defect')")
    assert await site.total() == []


async def test_who_waits_for_a_retry_is_not_told_the_failure_before_it(site: Site) -> None:
    letter, one = await site.failed()
    operation = one.envelope.operation_id
    assert (await site.toy.command_store.decided([operation]))[operation].status == "failed"
    async with site.database.writing() as transaction:
        retried = Resolution(letter, "retried", "ana", NOON, None)
        assert await site.letters.claim(transaction, retried)
    assert await site.toy.command_store.decided([operation]) == {}
    await site.letters.reopen(letter.id, "Nobody took it.")
    assert (await site.toy.command_store.decided([operation]))[operation].status == "failed"


@pytest.mark.parametrize(("amount", "status"), [(5, "applied"), (0, "unchanged"), (-1, "rejected")])
async def test_the_letter_of_an_operation_that_was_decided_after_all_is_resolved(
    site: Site, amount: int, status: str
) -> None:
    letter, one = await site.failed(amount)
    outcomes = await site.processor.process([one])
    assert [outcome.status for outcome in outcomes] == [status]
    resolved = await site.only()
    assert (resolved.status, resolved.handled_by) == ("resolved", None)
    with pytest.raises(LetterHandled):
        await site.dead_letters.retry(letter.id, "ana", None)


async def test_a_dropped_letter_stays_dropped_when_its_caller_tries_again(site: Site) -> None:
    letter, one = await site.failed()
    await site.dead_letters.drop(letter.id, "ana", "nobody needs it")
    await site.processor.process([one])
    assert (await site.only()).status == "dropped"
    assert await site.total() == [(1, '{"total":5}')]


async def test_an_undecodable_command_says_so_and_stays_open(site: Site, database: PostgresDatabase) -> None:
    await PostgresDeadLetterStore(database, "toy").add("command", "tenant.commands.toy/0/7", "a", b"no JSON", "bad")
    letter = await site.only()
    with pytest.raises(LetterUnreadable, match="cannot be read"):
        await site.dead_letters.retry(letter.id, "ana", None)
    assert await site.only() == letter
    assert (await site.dead_letters.drop(letter.id, "ana", "junk")).status == "dropped"


async def test_a_command_that_can_be_read_by_now_is_decided(site: Site, database: PostgresDatabase) -> None:
    one = work(3)
    body = msgspec.json.encode(one.envelope)
    await PostgresDeadLetterStore(database, "toy").add("command", "tenant.commands.toy/0/7", "a", body, "bad")
    letter = await site.only()
    assert letter.subject_id == one.envelope.operation_id
    assert (await site.dead_letters.retry(letter.id, "ana", None)).status == "resolved"
    assert await site.total() == [(1, '{"total":3}')]


async def test_a_command_too_old_to_be_carried_out_is_refused_and_stays_open(site: Site) -> None:
    letter, _ = await site.failed()
    site.toy.world.clock.time += timedelta(days=8)
    with pytest.raises(CommandExpired):
        await site.dead_letters.retry(letter.id, "ana", None)
    assert (await site.only()).status == "open"


async def test_an_event_is_handed_to_its_subscriber_again(site: Site) -> None:
    letter = await site.unheard()
    retried = await site.dead_letters.retry(letter.id, "ana", None)
    assert retried.status == "resolved"
    assert site.subscriber.heard == [letter.subject_id]


async def test_an_event_that_cannot_be_handled_again_is_open_with_the_new_error(site: Site) -> None:
    letter = await site.unheard()
    site.subscriber.broken = ValueError("still \x00 broken")
    again = await site.dead_letters.retry(letter.id, "ana", None)
    assert (again.status, again.error) == ("open", "ValueError('still \\x00 broken')")
    site.subscriber.broken = None
    assert (await site.dead_letters.retry(letter.id, "bea", None)).retries == 2


async def test_while_a_part_is_away_the_letter_stays_open_and_the_caller_is_told(site: Site) -> None:
    letter = await site.unheard()
    site.subscriber.broken = Unavailable("The cache is away.")
    with pytest.raises(Unavailable):
        await site.dead_letters.retry(letter.id, "ana", None)
    assert (await site.only()).status == "open"


async def test_an_event_nobody_handles_any_more_says_so(site: Site) -> None:
    await site.unheard()
    await site.toy.rows("UPDATE shared.dead_letters SET source = 'toy.forgotten/0/1' RETURNING 1")
    with pytest.raises(LetterUnreadable, match=r"Nobody handles toy\.forgotten"):
        await site.dead_letters.retry((await site.only()).id, "ana", None)


async def test_two_contexts_may_set_one_event_aside_each_on_its_own(site: Site, database: PostgresDatabase) -> None:
    for context in ("listening", "other", "other"):
        await PostgresDeadLetterStore(database, context).add("event", "topic/0/1", "a", b"{}", "bad")
    assert {letter.context for letter in await site.letters.page(10)} == {"listening", "other"}


async def test_a_retried_event_of_the_relay_frees_its_key_and_is_resolved_once_it_is_out(
    site: Site, queue: PostgresRelayQueue
) -> None:
    letter = await blocked(site, queue)
    assert (letter.kind, letter.context, letter.key) == ("relay", "toy", "a")
    assert (await site.dead_letters.retry(letter.id, "ana", None)).status == "retried"
    rows = await queue.page(10)
    assert [row.event.sequence for row in rows] == [1, 2]
    assert rows[0].event.event_id == letter.subject_id
    await queue.remove([rows[0].seq])
    assert (await site.only()).status == "resolved"


async def test_an_event_refused_again_blocks_its_key_again(site: Site, queue: PostgresRelayQueue) -> None:
    letter = await blocked(site, queue)
    await site.dead_letters.retry(letter.id, "ana", None)
    first, _ = await queue.page(10)
    await queue.block(first, "still too large")
    again = await site.only()
    assert (again.id, again.status, again.error, again.retries) == (letter.id, "open", "still too large", 1)
    assert await queue.page(10) == []


async def test_a_dropped_event_leaves_the_queue_and_stays_in_the_log(site: Site, queue: PostgresRelayQueue) -> None:
    letter = await blocked(site, queue)
    assert (await site.dead_letters.drop(letter.id, "ana", "too large for ever")).status == "dropped"
    assert [row.event.sequence for row in await queue.page(10)] == [2]
    assert await site.toy.rows("SELECT sequence FROM shared.event_log WHERE id = $1", letter.subject_id) == [(1,)]


async def test_of_two_operators_at_once_one_wins(site: Site) -> None:
    letter = await site.unheard()
    ended = await asyncio.gather(
        *[site.dead_letters.retry(letter.id, by, None) for by in ("ana", "bea")],
        *[site.dead_letters.drop(letter.id, by, "junk") for by in ("eve", "ida")],
        return_exceptions=True,
    )
    winners = [one for one in ended if isinstance(one, DeadLetter)]
    refused = [one for one in ended if isinstance(one, LetterHandled)]
    assert (len(winners), len(refused)) == (1, 3)
    assert len(site.subscriber.heard) == (winners[0].status != "dropped")
    assert len(await site.toy.rows(AUDITED)) == 1
    with pytest.raises(LetterHandled) as late:
        await site.dead_letters.drop(letter.id, "eve", "junk")
    assert late.value.extra["handled_by"] == winners[0].handled_by
    assert late.value.extra["letter_status"] == winners[0].status


async def test_what_became_of_a_retry_nobody_heard_of_can_be_tried_again_after_a_minute(
    site: Site, queue: PostgresRelayQueue
) -> None:
    letter = await blocked(site, queue)
    await site.dead_letters.retry(letter.id, "ana", None)
    with pytest.raises(LetterHandled):
        await site.dead_letters.drop(letter.id, "bea", "impatient")
    site.toy.world.clock.time += timedelta(seconds=61)
    assert (await site.dead_letters.drop(letter.id, "bea", "long enough")).status == "dropped"


async def test_it_is_recorded_who_did_what_and_why(site: Site) -> None:
    letter = await site.unheard()
    site.subscriber.broken = ValueError("broken")
    await site.dead_letters.retry(letter.id, "ana", None)
    await site.dead_letters.drop(letter.id, "bea", "not worth it")
    assert await site.toy.rows(AUDITED) == [
        ("system.dead_letter.retried", "ana", None, 1),
        ("system.dead_letter.dropped", "bea", "not worth it", 2),
    ]
    assert await site.toy.rows("SELECT seq FROM shared.event_relay") == []


async def test_an_unknown_letter_is_told(site: Site) -> None:
    for do in (site.dead_letters.retry(uuid4(), "ana", None), site.dead_letters.drop(uuid4(), "ana", "junk")):
        with pytest.raises(LetterNotFound):
            await do


async def test_pages_are_of_one_state_and_kind_the_newest_first(site: Site) -> None:
    for number in range(5):
        await site.unheard()
        await site.toy.rows(
            "UPDATE shared.dead_letters SET created_at = $1, source = $2, kind = $3 "
            "WHERE source LIKE 'toy%' RETURNING 1",
            NOON + timedelta(seconds=number // 2),
            f"{number}",
            "relay" if number == 3 else "event",
        )
    everything = await site.letters.page(10)
    seen: list[DeadLetter] = []
    before = None
    while page := await site.letters.page(2, before):
        seen += page
        before = (page[-1].created_at, page[-1].id)
    assert seen == everything
    assert [letter.created_at for letter in seen] == sorted((letter.created_at for letter in seen), reverse=True)
    assert {letter.source for letter in await site.letters.page(10, kind="relay", status="open")} == {"3"}
    assert await site.letters.page(10, status="dropped") == []


async def test_what_was_dealt_with_is_kept_ninety_days_and_what_is_open_for_ever(site: Site) -> None:
    old = await site.unheard()
    await site.toy.rows("UPDATE shared.dead_letters SET source = 'old', created_at = $1 RETURNING 1", NOON)
    await site.letters.sweep(NOON + timedelta(days=91))
    assert (await site.only()).id == old.id
    await site.letters.resolve(old.id)
    await site.letters.sweep(NOON + timedelta(days=89))
    assert (await site.only()).status == "resolved"
    await site.letters.sweep(NOON + timedelta(days=91))
    assert await site.letters.page(10) == []
