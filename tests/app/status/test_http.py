"""What readiness and the system's status say while the database answers and takes no writes."""

from dishka import AsyncContainer
from msgspec.structs import replace

from app.cli.status import lines
from app.status.heartbeat import Heartbeat
from app.status.http import HealthController, Readiness
from app.status.rules import assess
from shared.cache.redis import RedisCache
from shared.kafka.broker import KafkaConnection
from shared.postgres.database import PostgresDatabase
from shared.postgres.outages import DISK_FULL
from tests.app.status.test_rules import WELL


async def readiness(container: AsyncContainer) -> tuple[int | None, str, str, str]:
    parts = [await container.get(part) for part in (PostgresDatabase, RedisCache, KafkaConnection, Readiness)]
    answer = await HealthController.ready.fn(None, *parts)
    return answer.status_code, answer.content.status, answer.content.parts["postgres"], answer.content.waiting_for


async def test_without_writes_it_is_ready_for_reads_says_why_and_finds_the_room_again(
    container: AsyncContainer,
) -> None:
    (await container.get(Readiness)).prepared.set()
    (await container.get(Readiness)).problem = ""
    database, heartbeat = await container.get(PostgresDatabase), await container.get(Heartbeat)
    assert await readiness(container) == (200, "ok", "ok", "")
    database.writes.failed(DISK_FULL)
    waiting_for = "writes: the database takes none, its disk is full"
    assert await readiness(container) == (200, "degraded", "degraded", waiting_for)
    await heartbeat.beat()
    assert await readiness(container) == (200, "ok", "ok", "")


async def test_before_it_is_prepared_it_is_not_ready_whatever_the_disk_is(container: AsyncContainer) -> None:
    (await container.get(PostgresDatabase)).writes.failed(DISK_FULL)
    assert (await readiness(container))[:2] == (503, "not_ready")


def test_the_status_says_that_writes_fail_why_and_what_still_works() -> None:
    status = assess(replace(WELL, writes_problem=DISK_FULL))
    assert (status.state, status.postgres.state, status.postgres.code) == ("degraded", "degraded", "disk_full")
    part, still_works, *_ = lines(status)
    assert part.startswith("postgres: degraded. PostgreSQL takes no writes: its disk is full.")
    assert still_works.startswith("  Still works: Reads.")
