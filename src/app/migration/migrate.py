"""Bring the database and the topics to what this version needs. Idempotent, and safe for many processes at once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

import assignments.events
import industries.events
import organizations.events
import registry.events
from app.migration.event_log_upkeep import finish_event_log
from shared.messages import command_topic
from shared.postgres.address import read_address

MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
MIGRATION_LOCK = 0x4D504C
COMMAND_RETENTION_MS = 3 * 24 * 3600 * 1000
EVENT_RETENTION_MS = 14 * 24 * 3600 * 1000
MAX_REPLICAS = 3
VISIBLE_SECONDS = 20.0
VISIBLE_PAUSE_SECONDS = 0.05
OUTAGES = (OSError, KafkaError)
TOPIC_EXISTS = TopicAlreadyExistsError.errno

EVENT_SOURCES = {
    "registry": registry.events.EVENTS,
    "industries": industries.events.EVENTS,
    "organizations": organizations.events.EVENTS,
    "assignments": assignments.events.EVENTS,
}


class MigrationFailed(Exception):  # noqa: N818 - an answer in one line
    """The schema or the topics could not be brought up to date; the database is unchanged."""


REFUSALS = (MigrationFailed, SQLAlchemyError, CommandError, asyncpg.PostgresError, asyncpg.InterfaceError)


def topics() -> dict[str, dict[str, str]]:
    commands = {command_topic(name): {"retention.ms": str(COMMAND_RETENTION_MS)} for name in EVENT_SOURCES}
    events = {topic: {"retention.ms": str(EVENT_RETENTION_MS)} for source in EVENT_SOURCES.values() for topic in source}
    return commands | events


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


async def migrate_database(url: str, revision: str = "head") -> None:
    """Run all missing revisions in one transaction, one process at a time."""
    engine = create_async_engine("postgresql+asyncpg://", async_creator=read_address(url).connect)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), revision))
    finally:
        await engine.dispose()


async def create_topics(bootstrap: str, partitions: int) -> Sequence[str]:
    """Create the missing topics, leave existing ones as they are, and return the names created.

    Wait until the broker lists them: a consumer that starts earlier looks for them again only minutes later.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=20_000)
    try:
        await admin.start()
        brokers = len((await admin.describe_cluster())["brokers"])
        existing = set(await admin.list_topics())
        missing = [
            NewTopic(name, partitions, min(MAX_REPLICAS, brokers), topic_configs=config)
            for name, config in topics().items()
            if name not in existing
        ]
        if missing:
            check_created(await admin.create_topics(missing))
            async with asyncio.timeout(VISIBLE_SECONDS):
                await wait_until_visible(admin)
        return [topic.name for topic in missing]
    finally:
        await admin.close()


async def wait_until_visible(admin: AIOKafkaAdminClient) -> None:
    """Wait until every topic has partitions: brokers answer a creation before they know of it."""
    while not all(topic["partitions"] for topic in await admin.describe_topics([*topics()])):  # noqa: ASYNC110 - no signal
        await asyncio.sleep(VISIBLE_PAUSE_SECONDS)


def check_created(response: Any) -> None:
    """Raise the first error but "it exists": another process may have been quicker."""
    for name, code, *_ in response.topic_errors:
        if code not in {0, TOPIC_EXISTS}:
            raise MigrationFailed(f"Topic {name} could not be created: {for_code(code).__name__}.")


async def migrate(postgres_url: str, kafka_bootstrap: str, partitions: int) -> Sequence[str]:
    """Migrate the database, then create the topics; return those created. Raises `MigrationFailed`."""
    try:
        await migrate_database(postgres_url)
        await finish_event_log(postgres_url)
        return await create_topics(kafka_bootstrap, partitions)
    except (*OUTAGES, *REFUSALS) as error:
        raise MigrationFailed(describe_failure(error)) from error


def describe_failure(error: Exception) -> str:
    """Describe an error in one line, without any statement or password."""
    line = str(getattr(error, "orig", error)).partition("\n")[0]
    if isinstance(error, MigrationFailed):
        return line
    if isinstance(error, OUTAGES):
        return f"The database or Kafka cannot be reached: {line or type(error).__name__}"
    return f"The database cannot be brought up to date: {line}"
