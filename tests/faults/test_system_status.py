"""How the system is told to be while its parts are away: always told, and soon."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from devstack import Endpoints, Stack
from tests.faults.test_outages import How, away
from tests.support.api_client import Api, sign_in
from tests.support.database_inspector import DatabaseInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

REPLICA = "looked_at"
ANSWER_SECONDS = 6.0
"""A look takes at most a second and a half; the rest is for a machine that is busy."""


@pytest.fixture(scope="module")
def service(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with ServiceProcess(endpoints, tmp_path_factory.mktemp("status") / "service.log", replica=REPLICA) as replica:
        yield replica


@pytest.fixture(scope="module")
def admin(service: ServiceProcess) -> Api:
    return sign_in(service.url)


def status(admin: Api) -> Any:
    """The document, which there must be, in time, whatever is away."""
    started = time.monotonic()
    answer = admin.get("/system/status")
    assert answer.status_code == 200, answer.text
    assert time.monotonic() - started < ANSWER_SECONDS
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def own_replica(admin: Api) -> Any:
    """What the one that answers told of itself; others left their word when they were killed."""
    (own,) = [one for one in status(admin)["replicas"]["items"] if one["name"] == REPLICA]
    return own


def wait_until(admin: Api, part: str, state: str) -> Any:
    """The document in which the part is so."""
    return wait_for(lambda: (now := status(admin))[part]["state"] == state and now, f"{part} {state}")


def test_all_parts_are_told_while_all_is_well(admin: Api) -> None:
    now = wait_for(
        lambda: (now := status(admin))["consumers"]["state"] == now["kafka"]["state"] == "ok" and now, "all consume"
    )
    assert now["answered_by"] == REPLICA
    assert all(now[part]["state"] == "ok" and now[part]["answer_ms"] > 0 for part in ("postgres", "kafka", "redis"))
    assert all(now[part]["version"][0].isdigit() for part in ("postgres", "redis"))
    assert now["relay"]["leader"] == REPLICA
    own = own_replica(admin)
    assert (own["role"], own["state"], own["reaches_kafka"], own["reaches_redis"]) == ("all", "running", True, True)
    groups = {group["group"]: group for group in now["consumers"]["groups"]}
    assert all(group["members"] == 1 for group in groups.values()), groups
    assert {"modplane.assignments.commands", "modplane.assignments.events"} < groups.keys()
    assert [each["topic"] for each in groups["modplane.registry.commands"]["topics"]] == ["tenant.commands.registry"]


def test_reads_count_as_hits_and_misses(admin: Api) -> None:
    organization = admin.organization()

    def reads() -> tuple[int, int]:
        cache = status(admin)["cache"]
        return cache["hits"], cache["misses"]

    before = reads()
    for _ in range(3):
        admin.get(f"/organizations/{organization}/modules")
    wait_for(lambda: all(after > earlier for after, earlier in zip(reads(), before, strict=True)), "hits and misses")


@pytest.mark.parametrize(("part", "how"), [("redis", "killed"), ("kafka", "paused")])
def test_a_part_that_is_away_is_told_as_down_and_as_well_when_it_is_back(
    admin: Api, parts: Stack, part: str, how: How
) -> None:
    wait_until(admin, part, "ok")
    with away(parts, part, how):
        now = wait_until(admin, part, "down")
        assert now["state"] == "down"
        assert now[part]["answer_ms"] is now[part]["version"] is None
        assert now[part]["still_works"]
        assert now["postgres"]["state"] == "ok"
        others = {"redis", "kafka"} - {part}
        assert all(now[other]["state"] == "ok" for other in others)
        wait_for(lambda: not own_replica(admin)[f"reaches_{part}"], "its replica tells it too")
    wait_until(admin, part, "ok")


def test_without_postgres_the_servers_are_told_and_the_rest_is_unknown(admin: Api, parts: Stack) -> None:
    wait_until(admin, "kafka", "ok")
    with away(parts, "postgres", "paused"):
        now = wait_until(admin, "postgres", "down")
        assert {name for name, part in now.items() if isinstance(part, dict) and part["state"] == "unknown"} == {
            "relay",
            "dead_letters",
            "operations",
            "cache",
            "replicas",
            "module_types",
        }
        assert (now["redis"]["state"], now["kafka"]["state"]) == ("ok", "ok")
    wait_until(admin, "postgres", "ok")


def test_who_stops_in_order_is_heard_of_no_more(service: ServiceProcess, endpoints: Endpoints) -> None:
    ledger = DatabaseInspector(endpoints.postgres_url)
    assert ledger.fetch("SELECT role FROM shared.replicas WHERE name = $1", REPLICA) == [("all",)]
    service.stop()
    assert ledger.fetch("SELECT role FROM shared.replicas WHERE name = $1", REPLICA) == []
