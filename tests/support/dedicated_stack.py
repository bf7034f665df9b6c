"""Kafka and Redis of their own, and a database of the run's server, for packages that own all that happens there."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.migration.migrate import create_topics, migrate_database
from devstack import Endpoints, Given, Stack
from tests.support.databases import new_database
from tests.support.stack_choice import choose_own, running_stack


@asynccontextmanager
async def dedicated_stack(parts: Stack, folder: Path, partitions: int) -> AsyncIterator[tuple[Stack, Endpoints]]:
    """Migrated, with topics of so many partitions."""
    async with new_database(parts.plan().postgres_url) as postgres_url:
        with running_stack(folder, choose_own(os.environ), Given(postgres_url=postgres_url)) as stack:
            addresses = stack.plan()
            await migrate_database(addresses.postgres_url)
            await create_topics(addresses.kafka_bootstrap, partitions)
            yield stack, addresses
