import asyncpg

from app.status.replicas import CacheCounts, Observed, PostgresReplicas, Replica, Report
from shared.postgres.database import PostgresDatabase
from tests.fakes import NOON

REPORT = Report(Observed(answers=True, since=NOON), Observed(answers=False, since=NOON), CacheCounts(1, 2, 3), 4)
LEADS = """
INSERT INTO shared.relay_lease (id, holder, backend_pid, backend_start, renewed_at)
VALUES (1, 'one', 0, now(), now() - $1 * interval '1 second')
ON CONFLICT (id) DO UPDATE SET renewed_at = excluded.renewed_at
"""


def replica(name: str) -> Replica:
    return Replica(name, "worker", "1.0", NOON, REPORT)


async def test_a_replica_is_told_of_once_with_what_it_said_last(database: PostgresDatabase) -> None:
    replicas = PostgresReplicas(database)
    for name in ("two", "one", "one"):
        await replicas.report(replica(name))
    seen, _ = await replicas.seen()
    assert [(one.name, one.role, one.report) for one in seen] == [("one", "worker", REPORT), ("two", "worker", REPORT)]
    assert all(0 <= one.silent_seconds < 60 for one in seen)


async def test_who_is_unheard_of_for_an_hour_is_forgotten(database: PostgresDatabase, scratch_url: str) -> None:
    replicas = PostgresReplicas(database)
    for name in ("long_gone", "gone"):
        await replicas.report(replica(name))
    owner = await asyncpg.connect(scratch_url)
    await owner.execute("UPDATE shared.replicas SET seen_at = now() - interval '50 minutes'")
    await owner.execute("UPDATE shared.replicas SET seen_at = now() - interval '61 minutes' WHERE name = 'long_gone'")
    await owner.close()
    await replicas.report(replica("here"))
    seen, _ = await replicas.seen()
    assert [one.name for one in seen] == ["gone", "here"]
    assert seen[0].silent_seconds >= 3000


async def test_who_stops_takes_its_row_along_but_not_that_of_its_next_process(database: PostgresDatabase) -> None:
    replicas = PostgresReplicas(database)
    await replicas.report(replica("one"))
    await replicas.leave("one", NOON.replace(hour=1))
    assert len((await replicas.seen())[0]) == 1
    await replicas.leave("one", NOON)
    assert (await replicas.seen())[0] == []


async def test_the_relay_is_led_by_whoever_holds_a_lease_that_is_not_void(
    database: PostgresDatabase, scratch_url: str
) -> None:
    replicas = PostgresReplicas(database)
    leaders = []
    owner = await asyncpg.connect(scratch_url)
    for age in (0, 11):
        await owner.execute(LEADS, age)
        leaders.append((await replicas.seen())[1])
    await owner.close()
    assert leaders == ["one", None]


async def test_what_a_newer_version_says_beside_is_ignored(database: PostgresDatabase, scratch_url: str) -> None:
    replicas = PostgresReplicas(database)
    await replicas.report(replica("one"))
    owner = await asyncpg.connect(scratch_url)
    await owner.execute("""UPDATE shared.replicas SET report = (report::jsonb || '{"mood": "good"}')::json""")
    await owner.close()
    assert (await replicas.seen())[0][0].report == REPORT
