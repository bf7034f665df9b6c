"""One process's parts on the scratch database, which need neither Kafka nor Redis, and commands decided by them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from dishka import AsyncContainer

from app.infrastructure import Processors
from app.main import make_container
from app.settings import Settings
from shared.commands.envelopes import encoded_command
from shared.messages import CommandEnvelope, Outcome, ReceivedCommand
from shared.postgres.database import PostgresDatabase

Decided = Callable[..., Awaitable[Outcome]]


def lonely(postgres_url: str) -> Settings:
    """Settings of a process that reaches a database, and neither Kafka nor Redis."""
    return Settings(
        postgres_url=postgres_url, kafka_bootstrap="127.0.0.1:1", redis_url="redis://127.0.0.1:1/0", replica="test"
    )


@pytest.fixture
def settings(scratch_url: str) -> Settings:
    return lonely(scratch_url)


@pytest.fixture
async def container(
    settings: Settings,
    database: PostgresDatabase,  # noqa: ARG001 - it is emptied for the test
) -> AsyncIterator[AsyncContainer]:
    container = make_container(settings)
    yield container
    await container.close()


@pytest.fixture
async def decided(container: AsyncContainer) -> Decided:
    return await deciding(container)


async def deciding(container: AsyncContainer) -> Decided:
    """Decides commands on one aggregate here and now, all in one batch; answers the last one's outcome."""
    processors = await container.get(Processors)

    async def decide(context: str, aggregate_id: str, *commands: Any) -> Outcome:
        works = [ReceivedCommand(envelope(aggregate_id, command), command) for command in commands]
        outcomes = {outcome.operation_id: outcome for outcome in await processors[context].process(works)}
        assert [outcome.refusal for outcome in outcomes.values() if outcome.refusal] == []
        return outcomes[works[-1].envelope.operation_id]

    return decide


def envelope(aggregate_id: str, command: Any) -> CommandEnvelope:
    return CommandEnvelope(
        operation_id=uuid4(),
        aggregate_id=aggregate_id,
        user_id="ana",
        fingerprint="",
        issued_at=datetime.now(UTC),
        command=encoded_command(command),
    )
