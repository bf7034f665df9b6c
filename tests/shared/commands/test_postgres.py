"""The write path's statements on the real database."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from shared.commands.decision import Head
from shared.commands.postgres import StateFromTheFuture
from shared.commands.processor import BatchChanges, OperationClash
from shared.messages import Outcome, ReceivedCommand
from shared.postgres.database import PostgresDatabase
from tests.fakes import NOON
from tests.shared.conftest import Toy, until
from tests.shared.toy import Total, work

HEADS = "SELECT id, version, state::text FROM shared.streams ORDER BY id"
LOCK_NOW = "SELECT FROM shared.streams WHERE id = $1 FOR UPDATE NOWAIT"


def outcome_of(one: ReceivedCommand, status: str = "failed") -> Outcome:
    envelope = one.envelope
    return msgspec.convert(
        {
            "operation_id": envelope.operation_id,
            "status": status,
            "fingerprint": envelope.fingerprint,
            "context": "toy",
            "aggregate_id": envelope.aggregate_id,
        },
        Outcome,
    )


async def test_a_batch_is_saved_whole(toy: Toy) -> None:
    batch = [work(1, "b", organization_id="acme"), work(2, "a", reason="why"), work(3, "b"), work(-1, "a")]
    await toy.decide(*batch)
    assert await toy.rows(HEADS) == [("a", 1, '{"total":2}'), ("b", 2, '{"total":4}')]
    assert await toy.rows(
        "SELECT aggregatetype, aggregateid, sequence, type, payload::text, reason, occurred_at, operation_id,"
        " xid = ANY(array(SELECT xid FROM shared.event_log)) FROM shared.event_log ORDER BY seq"
    ) == [
        (
            "toy",
            one.envelope.aggregate_id,
            sequence,
            "toy.added",
            payload,
            reason,
            NOON,
            one.envelope.operation_id,
            True,
        )
        for one, sequence, payload, reason in (
            (batch[0], 1, '{"amount":1,"text":""}', None),
            (batch[1], 1, '{"amount":2,"text":""}', "why"),
            (batch[2], 2, '{"amount":3,"text":""}', None),
        )
    ]
    assert await toy.rows(
        "SELECT key, invalidates, fresh, seq IN (SELECT seq FROM shared.event_log) FROM shared.event_relay ORDER BY seq"
    ) == [(id_, f"gen:toy:{id_}", True, True) for id_ in ("b", "a", "b")]
    statuses = dict(await toy.rows("SELECT id, status FROM shared.operations"))
    assert [statuses[one.envelope.operation_id] for one in batch] == ["applied", "applied", "applied", "rejected"]


async def test_heads_are_locked_in_the_order_of_their_ids_whatever_order_is_asked_for(
    toy: Toy, database: PostgresDatabase
) -> None:
    await toy.decide(work(1, "c"), work(1, "b"), work(1, "a"))

    async def lock_two() -> dict[str, Head]:
        async with database.writing() as transaction:
            return await toy.command_store.lock_heads(transaction, toy.decider, ["c", "a"])

    async with database.writing() as transaction:
        await transaction.execute(LOCK_NOW, "a")
        waiting = asyncio.create_task(lock_two())
        await until(toy.somebody_waits)
        await transaction.execute(LOCK_NOW, "c")
    assert {id_: head.state for id_, head in (await waiting).items()} == {"a": Total(1), "c": Total(1)}


async def test_who_waited_for_a_head_decides_on_what_was_committed_meanwhile(
    toy: Toy, database: PostgresDatabase
) -> None:
    await toy.decide(work(1))
    async with database.writing() as transaction:
        await transaction.execute("UPDATE shared.streams SET version = 2, state = '{\"total\":100}'")
        waiting = asyncio.create_task(toy.decide(work(1)))
        await until(toy.somebody_waits)
    assert [outcome.sequence for outcome in await waiting] == [3]
    assert await toy.rows(HEADS) == [("a", 3, '{"total":101}')]


async def test_two_processes_that_meet_on_a_new_aggregate_lose_nothing(database: PostgresDatabase) -> None:
    processes = [Toy(database, f"replica-{number}") for number in range(4)]
    await asyncio.gather(*(each.decide(work(1), work(1, "b")) for each in processes for _ in range(5)))
    assert await processes[0].rows(HEADS) == [("a", 20, '{"total":20}'), ("b", 20, '{"total":20}')]
    sequences = await processes[0].rows("SELECT sequence FROM shared.event_log WHERE aggregateid = 'a' ORDER BY seq")
    assert [sequence for (sequence,) in sequences] == list(range(1, 21))


async def test_a_head_that_nothing_happened_to_is_removed(toy: Toy) -> None:
    await toy.decide(work(1, "used"))
    await toy.decide(work(-1, "refused"), work(0, "unchanged"), work(-1, "used"))
    assert [id_ for id_, _, _ in await toy.rows(HEADS)] == ["used"]


async def test_an_operation_has_one_effect_in_however_many_processes_it_is_decided(database: PostgresDatabase) -> None:
    processes = [Toy(database, f"replica-{number}") for number in range(3)]
    one = work(7)
    outcomes = await asyncio.gather(*(each.decide(one) for each in processes))
    assert [(outcome.status, outcome.sequence) for (outcome,) in outcomes] == [("applied", 1)] * 3
    assert len({outcome.event_ids[0] for (outcome,) in outcomes}) == 1
    assert await processes[0].rows("SELECT count(*), max(sequence) FROM shared.event_log") == [(1, 1)]


async def test_an_operation_decided_meanwhile_for_another_aggregate_clashes(
    toy: Toy, database: PostgresDatabase
) -> None:
    operation_id = uuid4()
    first, second = work(1, "a", operation_id=operation_id), work(1, "b", operation_id=operation_id)

    async def decide_second_while_first_is_decided() -> None:
        async with database.writing() as transaction:
            page = BatchChanges(toy.decider, await toy.command_store.lock_heads(transaction, toy.decider, ["b"]))
            await toy.decide(first)
            page.decided.append((second, outcome_of(second, "unchanged")))
            await toy.command_store.save(transaction, page)

    with pytest.raises(OperationClash):
        await decide_second_while_first_is_decided()
    (replayed,) = await toy.decide(second)
    assert (replayed.aggregate_id, replayed.status) == ("a", "applied")
    assert await toy.rows("SELECT aggregate_id, status FROM shared.operations") == [("a", "applied")]


async def test_a_pending_operation_becomes_decided_and_a_decided_one_never_pending(toy: Toy) -> None:
    early, late = work(1), work(2)
    await toy.command_store.store_pending("toy", early)
    assert await toy.rows("SELECT status FROM shared.operations") == [("pending",)]
    assert await toy.command_store.decided([early.envelope.operation_id]) == {}
    decided = await toy.decide(early, late)
    for one in (early, late):
        await toy.command_store.store_pending("toy", one)
    assert await toy.rows("SELECT status FROM shared.operations") == [("applied",)] * 2
    assert await toy.command_store.decided([one.envelope.operation_id for one in (early, late)]) == {
        outcome.operation_id: outcome for outcome in decided
    }


async def test_a_failed_operation_has_a_dead_letter_and_may_be_decided_later(toy: Toy) -> None:
    one = work(1)
    id_ = one.envelope.operation_id
    for error in ("once", "twice"):
        await toy.command_store.record_failure("toy", one, outcome_of(one), error)
    assert await toy.rows("SELECT kind, source, key, error, status FROM shared.dead_letters") == [
        ("command", "toy", "a", "twice", "open")
    ]
    assert (await toy.command_store.decided([id_]))[id_].status == "failed"
    (outcome,) = await toy.decide(one)
    assert outcome.status == "applied"
    await toy.command_store.record_failure("toy", one, outcome_of(one), "too late")
    assert await toy.rows("SELECT status FROM shared.operations") == [("applied",)]


async def test_a_failed_operation_that_is_sent_again_is_pending_until_that_attempt_has_failed_too(toy: Toy) -> None:
    one = work(1, attempt=uuid4())
    again = work(1, operation_id=one.envelope.operation_id, attempt=uuid4(), issued_at=NOON - timedelta(hours=1))
    await toy.command_store.record_failure("toy", one, failed(one), "once")
    await toy.command_store.store_pending("toy", one)
    assert await toy.rows("SELECT status FROM shared.operations") == [("failed",)]
    await toy.command_store.store_pending("toy", again)
    assert await toy.rows("SELECT status FROM shared.operations") == [("pending",)]
    assert await toy.command_store.decided([one.envelope.operation_id]) == {}
    await toy.command_store.record_failure("toy", again, failed(again), "twice")
    await toy.command_store.store_pending("toy", again)
    assert await toy.rows("SELECT status FROM shared.operations") == [("failed",)]
    known = await toy.command_store.decided([one.envelope.operation_id])
    assert known[one.envelope.operation_id].attempts == (one.envelope.attempt, again.envelope.attempt)


async def test_the_attempts_an_operation_remembers_are_bounded(toy: Toy) -> None:
    id_ = uuid4()
    for _ in range(102):
        one = work(1, operation_id=id_, attempt=uuid4())
        await toy.command_store.record_failure("toy", one, failed(one), "again")
    attempts = (await toy.command_store.decided([id_]))[id_].attempts
    assert (len(attempts), attempts[-1]) == (2, one.envelope.attempt)


def failed(one: ReceivedCommand) -> Outcome:
    return msgspec.structs.replace(outcome_of(one), attempts=(one.envelope.attempt,) if one.envelope.attempt else ())


async def test_a_state_of_a_newer_version_is_not_touched(toy: Toy) -> None:
    await toy.decide(work(1))
    async with toy.database.writing() as transaction:
        await transaction.execute("UPDATE shared.streams SET state_schema = 2")
    with pytest.raises(StateFromTheFuture, match=r"toy a has state schema 2; this is 1\."):
        await toy.decide(work(1), work(1, "b"))
    assert await toy.rows(HEADS) == [("a", 1, '{"total":1}')]
    assert await toy.rows("SELECT count(*) FROM shared.operations") == [(1,)]


async def test_heads_that_are_gone_are_made_anew_at_the_second_attempt(toy: Toy) -> None:
    for _ in range(2):
        await toy.decide(work(1))
    async with toy.database.writing() as transaction:
        await transaction.execute("DELETE FROM shared.streams")
    with pytest.raises(StateFromTheFuture):
        await toy.decide(work(0))
    (outcome,) = await toy.decide(work(0))
    assert outcome.sequence == 0


@pytest.mark.parametrize(
    ("exclusive", "shared", "left"),
    [
        ((), (), {"industries": "exclusive", "registry": "exclusive"}),
        (("registry",), (), {"industries": "exclusive", "registry": "nothing"}),
        (("industries",), ("registry",), {"industries": "nothing", "registry": "shared"}),
        ((), ("industries", "registry"), {"industries": "shared", "registry": "shared"}),
    ],
)
async def test_fact_locks_leave_others_what_they_may_have(
    toy: Toy, database: PostgresDatabase, exclusive: tuple[str, ...], shared: tuple[str, ...], left: dict[str, str]
) -> None:
    decider = replace(toy.decider, locks_exclusive=exclusive, locks_shared=shared)
    async with database.writing() as holder:
        assert await toy.command_store.lock_facts(holder, decider, []) == {}
        for name, most in left.items():
            place = ("industries", "registry").index(name)
            async with database.writing() as other:
                taken = [
                    await other.fetchval(f"SELECT pg_try_advisory_xact_lock{kind}({0x4D50}, {place})")
                    for kind in ("_shared", "")
                ]
            assert taken == {"exclusive": [True, True], "shared": [True, False], "nothing": [False, False]}[most], name


async def test_only_a_unique_violation_is_one(toy: Toy) -> None:
    statement = "INSERT INTO shared.marks (name) VALUES ('a'), ('a')"
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        async with toy.database.writing() as transaction:
            await transaction.execute(statement)
    assert toy.command_store.is_unique_violation(caught.value)
    assert not toy.command_store.is_unique_violation(asyncpg.NotNullViolationError("no"))
    assert not toy.command_store.is_unique_violation(ValueError("23505"))
