"""The parts on real processes: what a start promises, what an outage leaves, what a stop ends."""

from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import redis

from devstack import Endpoints, Given, Stack, StackError, endpoints_of
from devstack.kafka import escaped

NewStack = Callable[..., Stack]
ProcessesOf = Callable[[Path], list[str]]


async def _remember(endpoints: Endpoints) -> int:
    connection = await asyncpg.connect(endpoints.postgres_url)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz DEFAULT now())")
        await connection.execute("INSERT INTO visits DEFAULT VALUES")
        return int(await connection.fetchval("SELECT count(*) FROM visits"))
    finally:
        await connection.close()


def _ping(endpoints: Endpoints) -> bool:
    with redis.Redis.from_url(endpoints.redis_url, socket_timeout=2) as client:
        return bool(client.ping())


async def test_a_second_start_has_the_same_addresses_and_the_data(folder: Path, new_stack: NewStack) -> None:
    first = new_stack(folder / "data")
    addresses = first.start()
    assert await _remember(addresses) == 1
    first.stop()

    second = new_stack(folder / "data")
    assert second.start() == addresses
    assert await _remember(addresses) == 2
    assert _ping(addresses)


async def test_a_killed_part_starts_again_where_it_was(folder: Path, new_stack: NewStack) -> None:
    stack = new_stack(folder / "data")
    endpoints = stack.start()
    await _remember(endpoints)

    stack.server("postgres").kill()
    assert not stack.server("postgres").is_running()
    with pytest.raises(OSError, match="onnect"):
        await _remember(endpoints)

    stack.server("postgres").start()
    assert await _remember(endpoints) == 2


def test_a_paused_part_keeps_its_connections_and_answers_when_resumed(folder: Path, new_stack: NewStack) -> None:
    stack = new_stack(folder / "data", Given(postgres_url="postgresql://elsewhere", kafka_bootstrap="elsewhere:9092"))
    endpoints = stack.start()

    stack.server("redis").pause()
    with pytest.raises(redis.TimeoutError):
        _ping(endpoints)

    stack.server("redis").resume()
    assert _ping(endpoints)


def test_a_given_address_replaces_the_embedded_server(folder: Path, new_stack: NewStack) -> None:
    stack = new_stack(folder / "data", Given(postgres_url="postgresql://elsewhere", kafka_bootstrap="elsewhere:9092"))
    endpoints = stack.start()

    assert [part.name for part in stack.servers] == ["redis"]
    assert (endpoints.postgres_url, endpoints.kafka_bootstrap) == ("postgresql://elsewhere", "elsewhere:9092")


async def test_two_stacks_run_side_by_side(folder: Path, new_stack: NewStack) -> None:
    one, other = new_stack(folder / "one"), new_stack(folder / "other")
    at_one, at_other = one.start(), other.start()

    assert await _remember(at_one) == 1
    assert await _remember(at_other) == 1
    one.stop()
    assert await _remember(at_other) == 2


def test_a_data_directory_in_use_is_refused_by_name(folder: Path, new_stack: NewStack) -> None:
    only_redis = Given(postgres_url="postgresql://elsewhere", kafka_bootstrap="elsewhere:9092")
    endpoints = new_stack(folder / "data", only_redis).start()

    with pytest.raises(StackError, match="in use by process"):
        new_stack(folder / "data", only_redis).start()
    assert endpoints_of(folder / "data") == endpoints


async def test_nobody_reaches_the_database_without_the_password(folder: Path, new_stack: NewStack) -> None:
    endpoints = new_stack(folder / "data").start()
    host = endpoints.postgres_url.rpartition("@")[2]

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"postgresql://modplane:wrong@{host}")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(f"postgresql://postgres:wrong@{host}")


async def test_a_lost_record_costs_no_data(folder: Path, new_stack: NewStack) -> None:
    stack = new_stack(folder / "data")
    await _remember(stack.start())
    stack.stop()
    (folder / "data" / "stack.json").unlink()

    assert await _remember(new_stack(folder / "data").start()) == 2


def test_a_failed_start_leaves_nothing_running(folder: Path, new_stack: NewStack, processes_of: ProcessesOf) -> None:
    stack = new_stack(folder / "data")
    (folder / "data" / "postgres").mkdir(parents=True)
    (folder / "data" / "postgres" / "PG_VERSION").write_text("9\n")

    with pytest.raises(StackError, match="postgres"):
        stack.start()
    assert processes_of(folder / "data") == []
    assert endpoints_of(folder / "data") is None


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("/plain/path", "/plain/path"),
        ("/dätä", "/d\\u00e4t\\u00e4"),
        ("/a b\\c", "/a\\u0020b\\u005cc"),
        ("/Ł#=:!", "/\\u0141#=:!"),
        ("/😀", "/\\ud83d\\ude00"),
    ],
)
def test_a_value_of_a_properties_file_is_written_in_ascii(value: str, written: str) -> None:
    assert escaped(value) == written
