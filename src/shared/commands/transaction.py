"""The plan's `@kafka_transaction`: database and Kafka, as one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.ports import Database, Transaction


@asynccontextmanager
async def kafka_transaction(database: Database) -> AsyncIterator[Transaction]:
    """A transaction whose events reach Kafka if, and only if, it commits; one serves a whole batch of commands.

    Events are rows of `event_relay` until the relay has published them (the transactional outbox), so neither a lost
    broker nor a crash between commit and publishing can lose or invent one.
    """
    async with database.writing() as transaction:
        yield transaction
