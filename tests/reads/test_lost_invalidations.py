"""A process dies between the commit and the invalidation, while Kafka is frozen: nobody reads the past for long."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from assignments.adapters.cached import ASSIGNMENTS
from devstack import Stack
from tests.support.api_client import Api
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess
from tests.support.stack_choice import embedded_server

Replicas = tuple[ServiceProcess, ServiceProcess]
Callers = tuple[Api, Api]

LEADER = "SELECT holder FROM shared.relay_lease WHERE renewed_at > now() - interval '10 seconds'"
WAITING = "SELECT count(*) FROM shared.event_relay"


@contextmanager
def frozen_kafka(stack: Stack) -> Iterator[None]:
    embedded_server(stack, "kafka").pause()
    try:
        yield
    finally:
        embedded_server(stack, "kafka").resume()


@pytest.fixture
async def both_ready(replicas: Replicas, truth: Any) -> Replicas:
    """Both replicas serve, and the first leads the relay."""
    second = replicas[1]
    for replica in replicas:
        if replica.has_ended():
            replica.start()
        replica.wait_ready()
    if await truth.fetchval(LEADER) != "first":
        second.stop()
        for _ in range(200):
            if await truth.fetchval(LEADER) == "first":
                break
            await asyncio.sleep(0.1)
        second.start().wait_ready()
    return replicas


@pytest.fixture
def callers(admin: Api, elsewhere: Api, both_ready: Replicas) -> Callers:
    assert len(both_ready) == 2
    return admin, elsewhere


@pytest.fixture
async def organization(callers: Callers, truth: Any) -> tuple[str, str]:
    """An organization everybody has read, and a module it does not have. No event of its making waits any more.

    A new leader would repeat the invalidations of those that wait, and so hide the one that is lost.
    """
    admin, elsewhere = callers
    kept, new = admin.module(), admin.module()
    organization = admin.organization(admin.industry([kept]))
    for _ in range(1000):
        if not await truth.fetchval(WAITING):
            break
        await asyncio.sleep(0.02)
    assert not await truth.fetchval(WAITING), "the relay publishes all that waits"
    assert admin.modules_of(organization).keys() == elsewhere.modules_of(organization).keys() == {kept}
    return organization, new


def assign_and_die(elsewhere: Api, dying: ServiceProcess, doom: Path, target: tuple[str, str]) -> None:
    """The second replica commits the assignment and is gone."""
    organization, module = target
    doom.write_text(ASSIGNMENTS.format(organization_id=organization))
    with pytest.raises(httpx.TransportError):
        elsewhere.post(f"/modules/assign/{organization}", {"module_id": module})
    wait_for(dying.has_ended, "the doomed process is gone")
    doom.unlink()


async def committed(truth: Any, target: tuple[str, str]) -> bool:
    query = "SELECT count(*) FROM assignments.assignments WHERE organization_id = $1 AND module_id = $2"
    return bool(await truth.fetchval(query, *target))


def first_modules(replica: ServiceProcess, token: Api, organization: str) -> set[str]:
    """What the first answered read of a starting process says."""

    def answered() -> httpx.Response | None:
        url = f"{replica.url}/api/v1/organizations/{organization}/modules"
        try:
            answer = httpx.get(url, headers={"Authorization": token.client.headers["Authorization"]}, timeout=10)
        except httpx.TransportError:
            return None
        return answer if answer.status_code == 200 else None

    answer = wait_for(answered, "the started process answers", 60)
    return {item["module_id"] for item in answer.json()["items"]}


async def test_the_relay_leader_makes_the_lost_invalidation_of_another_process_good(
    callers: Callers, own_stack: Stack, both_ready: Replicas, doom: Path, organization: tuple[str, str], truth: Any
) -> None:
    admin, elsewhere = callers
    with frozen_kafka(own_stack):
        assign_and_die(elsewhere, both_ready[1], doom, organization)
        assert await committed(truth, organization)
        wait_for(lambda: organization[1] in admin.modules_of(organization[0]), "the other replica reads it", 5)
        both_ready[1].start()
        assert organization[1] in first_modules(both_ready[1], admin, organization[0])


async def test_the_only_process_reads_nothing_stale_from_its_first_answer_on(
    callers: Callers, own_stack: Stack, both_ready: Replicas, doom: Path, organization: tuple[str, str], cached: Any
) -> None:
    (admin, elsewhere), (first, second) = callers, both_ready
    first.stop()
    generation = ASSIGNMENTS.format(organization_id=organization[0])
    try:
        with frozen_kafka(own_stack):
            elsewhere.modules_of(organization[0])
            before = cached.get(generation)
            assign_and_die(elsewhere, second, doom, organization)
            assert cached.get(generation) == before, "only a lost invalidation proves anything here"
            second.start()
            assert organization[1] in first_modules(second, admin, organization[0])
    finally:
        for replica in both_ready:
            if replica.has_ended():
                replica.start()
            replica.wait_ready()
