import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from app.migration.migrate import MIGRATION_LOCK, MigrationFailed, create_topics, migrate, topics
from devstack import Endpoints
from shared.commands.bus import KafkaUnreachable
from shared.kafka.broker import KafkaCommandPublisher, KafkaConnection, make_broker
from tests.support.databases import new_database

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()"
DAY_MS = 24 * 3600 * 1000


@asynccontextmanager
async def administering(endpoints: Endpoints) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=endpoints.kafka_bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def partitions_of(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    return {found["topic"]: len(found["partitions"]) for found in await admin.describe_topics(names)}


async def retention_of(admin: AIOKafkaAdminClient, name: str) -> int:
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    (resource,) = answer.resources
    return next(int(entry[1]) for entry in resource[4] if entry[0] == "retention.ms")


@pytest.fixture
async def unknown_topics(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Mapping[str, Mapping[str, str]]]:
    """The service's topics under names that nobody has used; removed afterwards."""
    prefix = f"test-{uuid4().hex}"
    renamed = {f"{prefix}.{name}": config for name, config in topics().items()}
    monkeypatch.setattr("app.migration.migrate.topics", lambda: renamed)
    yield renamed
    async with administering(endpoints) as admin:
        await admin.delete_topics([name for name in await admin.list_topics() if name.startswith(prefix)])


def test_commands_and_every_event_have_their_topic() -> None:
    assert set(topics()) == {
        *(f"tenant.commands.{name}" for name in ("registry", "industries", "organizations", "assignments")),
        *(f"tenant.module.{name}" for name in ("registered", "updated", "activated", "deactivated", "deleted")),
        *(f"tenant.module.{name}" for name in ("assigned", "unassigned", "bulk_assigned", "config_updated")),
        *(f"tenant.industry.{name}" for name in ("created", "updated", "deleted", "applied")),
        *(f"tenant.organization.{name}" for name in ("registered", "updated", "suspended", "reactivated")),
    }


async def test_topics_have_the_configured_partitions_and_are_kept_as_long_as_promised(
    endpoints: Endpoints, unknown_topics: Mapping[str, Mapping[str, str]]
) -> None:
    assert sorted(await create_topics(endpoints.kafka_bootstrap, partitions=3)) == sorted(unknown_topics)
    async with administering(endpoints) as admin:
        assert await partitions_of(admin, list(unknown_topics)) == dict.fromkeys(unknown_topics, 3)
        for name in unknown_topics:
            assert await retention_of(admin, name) == (3 if ".commands." in name else 14) * DAY_MS


async def test_a_topic_that_exists_keeps_its_partitions(
    endpoints: Endpoints, unknown_topics: Mapping[str, Mapping[str, str]]
) -> None:
    await create_topics(endpoints.kafka_bootstrap, partitions=1)
    assert await create_topics(endpoints.kafka_bootstrap, partitions=2) == []
    async with administering(endpoints) as admin:
        assert set((await partitions_of(admin, list(unknown_topics))).values()) == {1}


async def test_many_that_create_the_same_topics_at_once_do_not_fail(
    endpoints: Endpoints, unknown_topics: Mapping[str, Mapping[str, str]]
) -> None:
    await asyncio.gather(*(create_topics(endpoints.kafka_bootstrap, partitions=1) for _ in range(4)))
    async with administering(endpoints) as admin:
        assert set(unknown_topics) <= set(await admin.list_topics())


async def test_a_topic_nobody_made_does_not_come_to_be_by_publishing(endpoints: Endpoints) -> None:
    topic = f"nobody-made-{uuid4().hex}"
    connection = KafkaConnection(make_broker(endpoints.kafka_bootstrap))
    await connection.keep_trying()
    try:
        with pytest.raises(KafkaUnreachable):
            await KafkaCommandPublisher(connection).publish(topic, "key", b"{}")
    finally:
        await connection.stop()
    async with administering(endpoints) as admin:
        assert topic not in await admin.list_topics()


def cli(endpoints: Endpoints, postgres_url: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "migrate"],
        env=endpoints.environment() | {"MODPLANE_POSTGRES_URL": postgres_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def test_processes_that_migrate_an_empty_database_at_once_all_succeed(endpoints: Endpoints) -> None:
    async with new_database(endpoints.postgres_url) as url:
        connection = await asyncpg.connect(url)
        await connection.execute(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
        processes = [cli(endpoints, url) for _ in range(3)]
        async with asyncio.timeout(60):
            while await connection.fetchval(WAITING) < len(processes):  # noqa: ASYNC110 - other processes tell no event
                await asyncio.sleep(0.02)
        await connection.execute(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})")
        said = [process.communicate(timeout=60)[0] for process in processes]
        assert said == ["The schema and the topics are up to date.\n"] * 3
        assert await connection.fetchval("SELECT count(*) FROM schema_version") == 1
        await connection.close()


async def test_what_cannot_be_reached_is_told_in_one_line(endpoints: Endpoints) -> None:
    with pytest.raises(MigrationFailed, match=r"^The database or Kafka cannot be reached: .+$"):
        await migrate("postgresql://127.0.0.1:1/nowhere", endpoints.kafka_bootstrap, partitions=1)
    with pytest.raises(MigrationFailed, match=r"^The database or Kafka cannot be reached: .+$"):
        await migrate(endpoints.postgres_url, "127.0.0.1:1", partitions=1)


async def test_a_database_that_refuses_is_told_in_one_line(endpoints: Endpoints) -> None:
    nowhere = endpoints.postgres_url.rsplit("/", 1)[0] + "/no_such_database"
    with pytest.raises(MigrationFailed, match=r'^.*database "no_such_database" does not exist$'):
        await migrate(nowhere, endpoints.kafka_bootstrap, partitions=1)


async def test_a_schema_somebody_else_made_is_told_in_one_line(endpoints: Endpoints) -> None:
    async with new_database(endpoints.postgres_url) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE SCHEMA registry")
        await connection.close()
        with pytest.raises(MigrationFailed, match=r'^.*schema "registry" already exists$'):
            await migrate(url, endpoints.kafka_bootstrap, partitions=1)


async def test_a_database_of_a_newer_version_is_told_in_one_line(endpoints: Endpoints) -> None:
    async with new_database(endpoints.postgres_url) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE schema_version (version_num varchar(32))")
        await connection.execute("INSERT INTO schema_version VALUES ('2999_01_01_0000')")
        await connection.close()
        with pytest.raises(MigrationFailed, match=r"^.*'2999_01_01_0000'$"):
            await migrate(url, endpoints.kafka_bootstrap, partitions=1)
