import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from dishka import AsyncContainer
from faststream.kafka import KafkaBroker

from app.main import make_container
from app.migration.migrate import topics
from app.service import Service, keep_running
from app.settings import Role, Settings
from app.status.http import Readiness
from devstack import Endpoints
from shared.postgres.database import PostgresDatabase

PATIENCE_SECONDS = 60.0


async def until(condition: Callable[[], Awaitable[bool] | bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (met if isinstance(met := condition(), bool) else await met):  # noqa: ASYNC110 - no event tells it
            await asyncio.sleep(0.01)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that failed starts again at once."""
    real = asyncio.sleep

    async def sleep(_: float) -> None:
        await real(0)

    monkeypatch.setattr("app.service.asyncio.sleep", sleep)


@pytest.mark.usefixtures("no_pause")
async def test_a_part_that_fails_or_ends_runs_again() -> None:
    runs: list[str] = []
    enough = asyncio.Event()

    async def part() -> None:
        runs.append("run")
        if len(runs) == 1:
            raise RuntimeError("It broke.")
        if len(runs) == 3:
            enough.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(keep_running("part", part, once=False))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await enough.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.usefixtures("no_pause")
async def test_a_part_that_shall_run_once_is_repeated_only_until_it_ends_well() -> None:
    runs: list[str] = []

    async def part() -> None:
        runs.append("run")
        if len(runs) < 3:
            raise RuntimeError("It broke.")

    async with asyncio.timeout(PATIENCE_SECONDS):
        await keep_running("part", part, once=True)
    assert len(runs) == 3


class Started:
    """A service's background, with what is to be seen of it."""

    def __init__(self, container: AsyncContainer, service: Service) -> None:
        self.container = container
        self.service = service

    async def parts(self) -> set[str]:
        return {task.get_name() for task in asyncio.all_tasks() if task.get_name() in PARTS and not task.done()}

    async def subscribed(self) -> set[str]:
        broker = await self.container.get(KafkaBroker)
        return {topic.name for subscriber in broker.subscribers for topic in getattr(subscriber, "topics", ())}


PARTS = {"cache", "prepare", "listener", "outcomes", "relay", "sweep"}
EVERYWHERE = {"cache", "listener", "outcomes"}


@pytest.fixture
async def start(settings: Settings) -> AsyncIterator[Callable[..., Awaitable[Started]]]:
    """Starts backgrounds on the scratch database; they stop with the test."""
    started: list[Started] = []

    async def begin(role: Role = "all", **changed: object) -> Started:
        container = make_container(settings.model_copy(update={"role": role, **changed}))
        service = Service(container, await container.get(Settings))
        started.append(Started(container, service))
        await service.start()
        return started[-1]

    yield begin
    for each in started:
        await each.service.stop()
        await each.container.close()


async def test_the_role_api_consumes_nothing_and_relays_nothing(
    start: Callable[..., Awaitable[Started]], endpoints: Endpoints
) -> None:
    started = await start("api", kafka_bootstrap=endpoints.kafka_bootstrap)
    readiness = await started.container.get(Readiness)
    await until(readiness.prepared.is_set)
    assert await started.subscribed() == set()
    assert await started.parts() == EVERYWHERE


@pytest.mark.parametrize("role", ["all", "worker"])
async def test_workers_consume_all_commands_and_only_topics_that_exist(
    start: Callable[..., Awaitable[Started]], role: Role
) -> None:
    started = await start(role)
    await until(lambda: until_relaying(started))
    subscribed = await started.subscribed()
    assert {topic for topic in subscribed if ".commands." in topic} == {t for t in topics() if ".commands." in t}
    assert {"tenant.module.assigned", "tenant.organization.registered"} <= subscribed <= set(topics())
    assert {*EVERYWHERE, "relay", "sweep"} <= await started.parts()


async def until_relaying(started: Started) -> bool:
    return "sweep" in await started.parts()


async def test_it_waits_for_kafka_before_it_says_that_it_is_ready(
    start: Callable[..., Awaitable[Started]], scratch: PostgresDatabase
) -> None:
    await scratch.check_schema()
    started = await start("api")
    readiness = await started.container.get(Readiness)
    await until(lambda: readiness.problem == "waiting for Kafka")
    assert not readiness.prepared.is_set()


async def test_it_waits_for_a_database_that_is_not_there(start: Callable[..., Awaitable[Started]]) -> None:
    started = await start("api", postgres_url="postgresql://127.0.0.1:1/nowhere")
    readiness = await started.container.get(Readiness)
    await until(lambda: readiness.problem == "waiting for the database")
    assert await started.parts() == {"cache", "prepare"}
