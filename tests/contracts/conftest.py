"""A stack and a service of their own: generated requests change, suspend and delete whatever they find."""

from collections.abc import AsyncIterator, Iterator

import pytest

from devstack import Endpoints, Stack
from tests.contracts.events import EventsThatCame
from tests.contracts.http import Contract
from tests.contracts.story import Story
from tests.support.api_client import Api, sign_in
from tests.support.dedicated_stack import dedicated_stack
from tests.support.service_process import ServiceProcess

UNCOUNTED = {
    "MODPLANE_REQUESTS_PER_ADDRESS": "0",
    "MODPLANE_REQUESTS_PER_TOKEN": "0",
    "MODPLANE_SIGN_IN_FAILURES_PER_ADDRESS": "0",
    "MODPLANE_SIGN_IN_FAILURES_PER_ACCOUNT": "0",
}


@pytest.fixture(scope="package")
async def own_endpoints(parts: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoints]:
    async with dedicated_stack(parts, tmp_path_factory.mktemp("contracts"), partitions=1) as (_, addresses):
        yield addresses


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
