"""The toy context on the real database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from shared.commands.decision import Decider
from shared.commands.postgres import PostgresCommandStore
from shared.commands.processor import CommandProcessor
from shared.messages import Outcome, ReceivedCommand
from shared.postgres.database import PostgresDatabase
from tests.shared.toy import ToyWorld

PATIENCE_SECONDS = 60.0
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    """Returns once the condition holds; fails when it takes too long."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - what others do in a database tells no event
            await asyncio.sleep(0.01)


class Toy:
    """One process's write path for the toy context, on the real database."""

    def __init__(self, database: PostgresDatabase, replica: str = "test") -> None:
        self.world = ToyWorld()
        self.database = database
        self.command_store = PostgresCommandStore(database, replica)
        self.processor = CommandProcessor(
            self.decider, database, self.command_store, self.world.invalidation, self.world, self.world.clock
        )

    @property
    def decider(self) -> Decider:
        return self.world.decider

    async def decide(self, *batch: ReceivedCommand) -> list[Outcome]:
        """The outcomes in the order of the batch."""
        outcomes = {outcome.operation_id: outcome for outcome in await self.processor.process(batch)}
        return [outcomes[one.envelope.operation_id] for one in batch]

    async def rows(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        """As the database's owner sees them, who also sees what other sessions do."""
        connection = await self.database.connect(as_service=False)
        try:
            found: Sequence[Any] = await connection.fetch(query, *args)
        finally:
            await connection.close()
        return [tuple(row) for row in found]

    async def somebody_waits(self) -> bool:
        """Whether a session waits for a lock."""
        return bool((await self.rows(WAITING))[0][0])


@pytest.fixture
def toy(database: PostgresDatabase) -> Toy:
    return Toy(database)
