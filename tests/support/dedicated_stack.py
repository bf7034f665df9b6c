"""Kafka and Redis of their own, and a database of the run's server, for packages that own all that happens there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.migrate import create_topics, migrate_database
from devstack import Endpoints, Given, Stack
from tests.support.databases import new_database


@asynccontextmanager
async def dedicated_stack(parts: Stack, folder: Path, partitions: int) -> AsyncIterator[tuple[Stack, Endpoints]]:
    """Migrated, with topics of so many partitions."""
    async with new_database(parts.plan().postgres_url) as postgres_url:
        stack = Stack(folder, Given(postgres_url=postgres_url), quick=True)
        stack.start()
        try:
            addresses = stack.plan()
            await migrate_database(addresses.postgres_url)
            await create_topics(addresses.kafka_bootstrap, partitions)
            yield stack, addresses
        finally:
            stack.stop()
