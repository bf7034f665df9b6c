"""Brings the database and the topics to what this version needs. Safe to run by many at once, and again."""

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
from app.migration.text_fill import fill_text_forms
from app.output import Answer, CommandFailed, Say
from app.settings import Settings
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


class MigrationFailed(Exception):  # noqa: N818 - shown as one line
    """The schema or the topics could not be brought up to date; nothing was left half done in the database."""


REFUSALS = (MigrationFailed, SQLAlchemyError, CommandError, asyncpg.PostgresError, asyncpg.InterfaceError)


def topics() -> dict[str, dict[str, str]]:
    """Every topic with its configuration: commands are kept 3 days, events 14."""
    commands = {command_topic(name): {"retention.ms": str(COMMAND_RETENTION_MS)} for name in EVENT_SOURCES}
    events = {topic: {"retention.ms": str(EVENT_RETENTION_MS)} for source in EVENT_SOURCES.values() for topic in source}
    return commands | events


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings, without a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


async def migrate_database(url: str, revision: str = "head") -> None:
    """Runs all missing revisions in one transaction, one process at a time."""
    engine = create_async_engine("postgresql+asyncpg://", async_creator=read_address(url).connect)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), revision))
    finally:
        await engine.dispose()


async def create_topics(bootstrap: str, partitions: int) -> Sequence[str]:
    """Creates the missing topics; existing ones are left as they are. Returns the names created.

    Returns once the broker shows them: a consumer that starts before that looks for them only minutes later.
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
                await until_visible(admin)
        return [topic.name for topic in missing]
    finally:
        await admin.close()


async def until_visible(admin: AIOKafkaAdminClient) -> None:
    """Waits until every topic has partitions, for creating is answered before brokers know of it."""
    while not all(found["partitions"] for found in await admin.describe_topics([*topics()])):  # noqa: ASYNC110 - no signal
        await asyncio.sleep(VISIBLE_PAUSE_SECONDS)


def check_created(response: Any) -> None:
    """Raises the first error but "it exists": another process may have been quicker."""
    for name, code, *_ in response.topic_errors:
        if code not in {0, TOPIC_EXISTS}:
            raise MigrationFailed(f"Topic {name} could not be created: {for_code(code).__name__}.")


async def migrate(postgres_url: str, kafka_bootstrap: str, partitions: int) -> Sequence[str]:
    """The database first, then the topics; returns those it created. Raises `MigrationFailed`."""
    try:
        await migrate_database(postgres_url)
        await finish_event_log(postgres_url)
        await fill_text_forms(postgres_url)
        return await create_topics(kafka_bootstrap, partitions)
    except (*OUTAGES, *REFUSALS) as error:
        raise MigrationFailed(told(error)) from error


async def migrate_all(settings: Settings, say: Say) -> Answer:
    """For the command line: brings schema and topics up to date."""
    try:
        created = await migrate(settings.postgres_url, settings.kafka_bootstrap, settings.partitions)
    except MigrationFailed as failed:
        raise CommandFailed("migration_failed", str(failed)) from failed
    say("The schema and the topics are up to date.")
    return Answer({"status": "up_to_date", "topics_created": created})


def told(error: Exception) -> str:
    """What went wrong, in one line without any statement or password."""
    line = str(getattr(error, "orig", error)).partition("\n")[0]
    if isinstance(error, MigrationFailed):
        return line
    if isinstance(error, OUTAGES):
        return f"The database or Kafka cannot be reached: {line or type(error).__name__}"
    return f"The database cannot be brought up to date: {line}"
