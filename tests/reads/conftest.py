"""A stack of its own for the read path, so that Redis can be killed and Kafka frozen beside no other test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis
from sqlalchemy.engine import make_url

from app.migrate import create_topics, migrate_database
from devstack import Endpoints, Given, Stack
from devstack.part import Part
from devstack.ports import choose_port
from devstack.redis import RedisRecipe
from tests.running import Api, ServiceProcess, sign_in

DYING = Path(__file__).with_name("entry_dying.py")


@pytest.fixture(scope="package")
async def own_database(parts: Stack) -> str:
    """A database of the shared server, for nobody else."""
    url = make_url(parts.plan().postgres_url)
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    await connection.execute("CREATE DATABASE reads")
    await connection.close()
    return url.set(database="reads").render_as_string(hide_password=False)


@pytest.fixture(scope="package")
def own_stack(own_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("reads"), Given(postgres_url=own_database), quick=True)
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture(scope="package")
async def own_endpoints(own_stack: Stack) -> Endpoints:
    addresses = own_stack.plan()
    await migrate_database(addresses.postgres_url)
    await create_topics(addresses.kafka_bootstrap, partitions=2)
    return addresses


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
def lone_redis(tmp_path: Path) -> Iterator[tuple[Part, str]]:
    """A Redis nobody else uses, and its address."""
    port = choose_port(set())
    part = Part(RedisRecipe(tmp_path / "redis", tmp_path / "redis.log", port, "secret"))
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
