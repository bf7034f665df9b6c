"""A stack of its own for the read path, so that Redis can be killed and Kafka frozen beside no other test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis

from devstack import Endpoints, Server, Stack
from devstack.ports import choose_port
from devstack.redis import RedisSpec
from tests.support.api_client import Api, sign_in
from tests.support.dedicated_stack import dedicated_stack
from tests.support.service_process import ServiceProcess

DYING = Path(__file__).with_name("entry_dying.py")


@pytest.fixture(scope="package")
async def own_parts(parts: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stack, Endpoints]]:
    async with dedicated_stack(parts, tmp_path_factory.mktemp("reads"), partitions=2) as own:
        yield own


@pytest.fixture(scope="package")
def own_stack(own_parts: tuple[Stack, Endpoints]) -> Stack:
    return own_parts[0]


@pytest.fixture(scope="package")
def own_endpoints(own_parts: tuple[Stack, Endpoints]) -> Endpoints:
    return own_parts[1]


@pytest.fixture(scope="package")
def doom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names a generation: the second replica dies instead of renewing it."""
    return tmp_path_factory.mktemp("doom") / "generation"


@pytest.fixture(scope="package")
def replicas(
    own_endpoints: Endpoints, doom: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServiceProcess, ServiceProcess]]:
    """Two processes with one cache."""
    logs = tmp_path_factory.mktemp("replicas")
    first = ServiceProcess(own_endpoints, logs / "first.log", replica="first")
    second = ServiceProcess(
        own_endpoints,
        logs / "second.log",
        replica="second",
        program=[str(DYING)],
        environment={"DOOM": str(doom)},
    )
    first.start()
    with second:
        yield first.wait_ready(), second
    first.stop()


@pytest.fixture(scope="package")
def admin(replicas: tuple[ServiceProcess, ServiceProcess]) -> Api:
    """The super admin, at the first replica."""
    return sign_in(replicas[0].url)


@pytest.fixture(scope="package")
def elsewhere(replicas: tuple[ServiceProcess, ServiceProcess]) -> Api:
    """The super admin, at the second replica."""
    return sign_in(replicas[1].url)


@pytest.fixture(scope="package")
def cached(own_endpoints: Endpoints) -> Iterator[Any]:
    """Redis as it is, without any protocol."""
    with redis.Redis.from_url(own_endpoints.redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture
def lone_redis(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A Redis nobody else uses, and its address."""
    port = choose_port(set())
    part = Server(RedisSpec(tmp_path / "redis", tmp_path / "redis.log", port, "secret"))
    part.start()
    yield part, f"redis://:secret@127.0.0.1:{port}/0"
    if part.is_running():
        part.resume()
    part.stop()


@pytest.fixture(scope="package")
async def truth(own_endpoints: Endpoints) -> AsyncIterator[Any]:
    """The database of the replicas."""
    connection = await asyncpg.connect(own_endpoints.postgres_url)
    yield connection
    await connection.close()
