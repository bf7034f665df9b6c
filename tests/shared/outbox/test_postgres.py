"""The relay's lease and its queue on the real database."""

from collections.abc import AsyncIterator

import pytest

from shared.errors import Unavailable
from shared.outbox.postgres import PostgresRelayElection, PostgresRelayQueue
from shared.outbox.relay import LeadershipLost
from shared.postgres.database import PostgresDatabase
from tests.shared.conftest import Toy, until
from tests.shared.toy import work

LEASE = "SELECT holder, backend_pid FROM shared.relay_lease"
AGE = "UPDATE shared.relay_lease SET renewed_at = now() - $1::int * interval '1 second'"


class Candidates:
    """Processes that want to lead; whoever led is closed with the test."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database
        self.leaders: list[PostgresRelayQueue] = []

    async def lead(self, name: str) -> PostgresRelayQueue | None:
        leader = await PostgresRelayElection(self.database, name).lead()
        if leader is not None:
            self.leaders.append(leader)
        return leader

    async def leader(self, name: str) -> PostgresRelayQueue:
        leader = await self.lead(name)
        assert leader is not None
        return leader

    async def age(self, seconds: int) -> None:
        async with self.database.writing() as transaction:
            await transaction.execute(AGE, seconds)


@pytest.fixture
async def candidates(database: PostgresDatabase) -> AsyncIterator[Candidates]:
    candidates = Candidates(database)
    yield candidates
    for leader in candidates.leaders:
        await leader.close()


async def session_is_gone(toy: Toy, pid: int) -> bool:
    return await toy.rows("SELECT FROM pg_stat_activity WHERE pid = $1", pid) == []


async def test_a_second_candidate_waits_while_the_lease_is_renewed(candidates: Candidates) -> None:
    first = await candidates.leader("first")
    await candidates.age(9)
    assert await candidates.lead("second") is None
    await first.renew()
    await candidates.age(0)
    assert await candidates.lead("second") is None


async def test_renewing_makes_the_lease_young_again(candidates: Candidates, toy: Toy) -> None:
    first = await candidates.leader("first")
    await candidates.age(9)
    await first.renew()
    assert await toy.rows("SELECT renewed_at > now() - interval '5 seconds' FROM shared.relay_lease") == [(True,)]


async def test_a_void_lease_is_taken_and_the_old_session_ended(candidates: Candidates, toy: Toy) -> None:
    first = await candidates.leader("first")
    ((_, pid),) = await toy.rows(LEASE)
    await candidates.age(11)
    second = await candidates.leader("second")
    await until(lambda: session_is_gone(toy, pid))
    with pytest.raises((Unavailable, LeadershipLost)):
        await first.renew()
    with pytest.raises((Unavailable, LeadershipLost)):
        await first.remove([1])
    await second.renew()
    assert [holder for holder, _ in await toy.rows(LEASE)] == ["second"]


async def test_the_same_process_started_again_leads_at_once(candidates: Candidates, toy: Toy) -> None:
    await candidates.leader("first")
    ((_, pid),) = await toy.rows(LEASE)
    await candidates.leader("first")
    await until(lambda: session_is_gone(toy, pid))
    assert await candidates.lead("second") is None


async def test_a_lease_that_was_given_back_is_taken_at_once(candidates: Candidates) -> None:
    await (await candidates.leader("first")).close()
    await candidates.leader("second")


async def test_a_former_leader_that_closes_late_does_not_give_the_others_lease_back(candidates: Candidates) -> None:
    first = await candidates.leader("first")
    await candidates.age(11)
    await candidates.leader("second")
    await first.close()
    assert await candidates.lead("third") is None


async def test_a_leader_whose_lease_is_anothers_hears_so(candidates: Candidates, database: PostgresDatabase) -> None:
    first = await candidates.leader("first")
    async with database.writing() as transaction:
        await transaction.execute("UPDATE shared.relay_lease SET holder = 'second'")
    with pytest.raises(LeadershipLost):
        await first.renew()


async def test_rows_come_in_the_order_of_commits_with_their_whole_event(candidates: Candidates, toy: Toy) -> None:
    one = work(1, "a", reason="why")
    await toy.decide(one)
    await toy.decide(work(2, "b"), work(3, "a"))
    queue = await candidates.leader("first")
    rows = await queue.page(10)
    assert [(row.key, row.event.sequence, row.fresh) for row in rows] == [
        ("a", 1, True),
        ("b", 1, True),
        ("a", 2, True),
    ]
    assert rows[0].invalidates == ["gen:toy:a"]
    event = rows[0].event
    assert (event.stream, event.type, event.reason) == ("toy:a", "toy.added", "why")
    assert (event.user_id, event.operation_id) == ("ada", one.envelope.operation_id)
    assert bytes(event.payload) == b'{"amount":1,"text":""}'
    assert [row.seq for row in await queue.page(2)] == [row.seq for row in rows[:2]]


async def test_what_was_removed_does_not_come_again(candidates: Candidates, toy: Toy) -> None:
    await toy.decide(work(1), work(2), work(3))
    queue = await candidates.leader("first")
    first, second, third = await queue.page(10)
    await queue.remove([first.seq, third.seq])
    await queue.remove([])
    assert [row.seq for row in await queue.page(10)] == [second.seq]


async def test_a_blocked_key_is_left_out_until_its_letter_is_settled_and_holds_up_no_other(
    candidates: Candidates, toy: Toy, database: PostgresDatabase
) -> None:
    await toy.decide(work(1, "a"), work(1, "b"), work(2, "a"))
    queue = await candidates.leader("first")
    rows = await queue.page(10)
    letter = await queue.block(rows[0], "It is too large. " * 500)
    assert await queue.block(rows[0], "Again.") == letter
    assert [row.key for row in await queue.page(10)] == ["b"]
    assert [row.key for row in await queue.fresh(10)] == ["a", "b", "a"]
    assert await toy.rows("SELECT id, kind, source, key, error, status FROM shared.dead_letters") == [
        (letter, "relay", "toy.added", "a", "Again.", "open")
    ]
    async with database.writing() as transaction:
        await transaction.execute("UPDATE shared.dead_letters SET status = 'retried'")
    assert [row.seq for row in await queue.page(10)] == [row.seq for row in rows]


async def test_what_was_invalidated_again_is_not_fresh_any_more_and_still_to_be_published(
    candidates: Candidates, toy: Toy
) -> None:
    await toy.decide(work(1), work(2))
    queue = await candidates.leader("first")
    first, second = await queue.fresh(10)
    await queue.mark_invalidated([first.seq])
    assert [row.seq for row in await queue.fresh(10)] == [second.seq]
    assert [(row.seq, row.fresh) for row in await queue.page(10)] == [(first.seq, False), (second.seq, True)]


async def test_the_leader_works_under_the_services_role(candidates: Candidates, toy: Toy) -> None:
    await candidates.leader("first")
    assert await toy.rows(
        "SELECT usename <> 'modplane_service' FROM pg_stat_activity JOIN shared.relay_lease ON pid = backend_pid"
    ) == [(True,)]
    leader = candidates.leaders[0]
    with pytest.raises(Exception, match="permission denied"):
        await leader._fetch("DELETE FROM shared.event_log")  # noqa: SLF001 - the session itself is the matter
