"""A stack and a service of their own: generated requests change, suspend and delete whatever they find."""

from collections.abc import AsyncIterator, Iterator

import pytest

from app.migrate import create_topics, migrate_database
from devstack import Endpoints, Given, Stack
from tests.contracts.events import EventsThatCame
from tests.contracts.http import Contract
from tests.contracts.story import Story
from tests.databases import new_database
from tests.running import Api, ServiceProcess, sign_in

UNCOUNTED = {
    "MODPLANE_REQUESTS_PER_ADDRESS": "0",
    "MODPLANE_REQUESTS_PER_TOKEN": "0",
    "MODPLANE_SIGN_IN_FAILURES_PER_ADDRESS": "0",
    "MODPLANE_SIGN_IN_FAILURES_PER_ACCOUNT": "0",
}


@pytest.fixture(scope="package")
async def own_endpoints(parts: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoints]:
    async with new_database(parts.plan().postgres_url) as postgres_url:
        stack = Stack(tmp_path_factory.mktemp("contracts"), Given(postgres_url=postgres_url), quick=True)
        stack.start()
        addresses = stack.plan()
        await migrate_database(addresses.postgres_url)
        await create_topics(addresses.kafka_bootstrap, partitions=1)
        yield addresses
        stack.stop()


@pytest.fixture(scope="package")
def service(own_endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    log = tmp_path_factory.mktemp("service") / "service.log"
    with ServiceProcess(own_endpoints, log, environment=UNCOUNTED) as process:
        yield process


@pytest.fixture(scope="package")
def admin(service: ServiceProcess) -> Api:
    return sign_in(service.url)


@pytest.fixture(scope="package")
def story(service: ServiceProcess, admin: Api, own_endpoints: Endpoints) -> Story:
    """Everything that can happen has happened once."""
    return Story(service.url, admin, own_endpoints.postgres_url).told()


@pytest.fixture(scope="package")
def came(story: Story, own_endpoints: Endpoints) -> EventsThatCame:
    """The story's events."""
    return EventsThatCame(story, own_endpoints)


@pytest.fixture(scope="package")
def contract(service: ServiceProcess, story: Story) -> Contract:
    return Contract(service.url, story)
