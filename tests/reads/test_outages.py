"""Redis goes away and comes back while everybody reads and somebody writes: no read fails, and none is stale."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from devstack import Stack
from tests.support.api_client import Api
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess
from tests.support.stack_choice import embedded_server

READERS = 6


class Traffic:
    """Readers at both replicas and one writer at the first, who counts upwards in a module's config."""

    def __init__(self, replicas: tuple[ServiceProcess, ServiceProcess], token: str, target: tuple[str, str]) -> None:
        self._clients = [
            httpx.AsyncClient(base_url=f"{replica.url}/api/v1", headers={"Authorization": token}, timeout=20)
            for replica in replicas
        ]
        self._path = f"/organizations/{target[0]}/modules"
        self._module = target[1]
        self.acknowledged = 0
        self.reads = 0
        self.longest = 0.0
        self.wrong: list[str] = []

    async def number_at(self, replica: int) -> int:
        """What a replica says now; -1 when it fails."""
        answer = await self._clients[replica].get(self._path)
        if answer.status_code != 200:
            self.wrong.append(f"{answer.status_code} {answer.text[:200]}")
            return -1
        items = {item["module_id"]: item for item in answer.json()["items"]}
        return int(items[self._module]["config"].get("n", 0))

    async def read_for_ever(self, replica: int) -> None:
        while True:
            before, started = self.acknowledged, time.monotonic()
            number = await self.number_at(replica)
            self.longest = max(self.longest, time.monotonic() - started)
            self.reads += 1
            if replica == 0 and number < before:
                self.wrong.append(f"read {number} after {before} was acknowledged")

    async def write_for_ever(self) -> None:
        while True:
            number = self.acknowledged + 1
            answer = await self._clients[0].patch(f"{self._path}/{self._module}", json={"n": number})
            if answer.status_code == 200:
                self.acknowledged = number
            else:
                self.wrong.append(f"write: {answer.status_code} {answer.text[:200]}")

    async def goes_on(self, reads: int = 60, writes: int = 3) -> None:
        """Returns when so many more reads and writes were answered."""
        enough = (self.reads + reads, self.acknowledged + writes)
        deadline = time.monotonic() + 20
        while self.reads < enough[0] or self.acknowledged < enough[1]:
            assert time.monotonic() < deadline, f"traffic stands still: {self.reads} reads, {self.acknowledged} writes"
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.read_for_ever(number % 2)) for number in range(READERS)]
        tasks.append(asyncio.create_task(self.write_for_ever()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for client in self._clients:
                await client.aclose()


@pytest.fixture
def traffic(admin: Api, replicas: tuple[ServiceProcess, ServiceProcess]) -> Traffic:
    module = admin.module()
    organization = admin.organization(admin.industry([module]))
    return Traffic(replicas, str(admin.client.headers["Authorization"]), (organization, module))


async def aside(call: Callable[[], Any]) -> None:
    """Lets traffic flow while the stack is worked on."""
    await asyncio.get_running_loop().run_in_executor(None, call)


def trusted(replica: ServiceProcess) -> bool:
    answer = httpx.get(f"{replica.url}/health/ready", timeout=5)
    return bool(answer.json()["parts"]["redis"] == "ok")


async def until_trusted(replicas: tuple[ServiceProcess, ServiceProcess]) -> None:
    await aside(lambda: wait_for(lambda: all(map(trusted, replicas)), "both replicas trust Redis again"))


async def test_redis_killed_and_started_again_under_load(
    traffic: Traffic, own_stack: Stack, replicas: tuple[ServiceProcess, ServiceProcess]
) -> None:
    redis = embedded_server(own_stack, "redis")
    async with traffic.flowing():
        await traffic.goes_on()
        for _ in range(2):
            try:
                await aside(redis.kill)
                await traffic.goes_on()
            finally:
                await aside(redis.start)
            await until_trusted(replicas)
            await traffic.goes_on()
        assert [await traffic.number_at(1) >= traffic.acknowledged - 1, traffic.wrong] == [True, []]


async def test_redis_frozen_under_load_costs_its_budget_and_then_nothing(
    traffic: Traffic, own_stack: Stack, replicas: tuple[ServiceProcess, ServiceProcess]
) -> None:
    redis = embedded_server(own_stack, "redis")
    async with traffic.flowing():
        await traffic.goes_on()
        try:
            redis.pause()
            await traffic.goes_on(reads=150, writes=5)
        finally:
            await aside(redis.resume)
        await until_trusted(replicas)
        await traffic.goes_on()
    assert traffic.wrong == []
    assert traffic.longest < 3, "a read may wait 250 ms for a frozen Redis, and then for PostgreSQL"


def test_redis_that_was_started_anew_while_nobody_asked_costs_no_read(
    admin: Api, own_stack: Stack, replicas: tuple[ServiceProcess, ServiceProcess]
) -> None:
    module = admin.module()
    organization = admin.organization(admin.industry([module]))
    admin.modules_of(organization)
    embedded_server(own_stack, "redis").kill()
    embedded_server(own_stack, "redis").start()
    assert admin.modules_of(organization).keys() == {module}
    wait_for(lambda: trusted(replicas[0]), "Redis is trusted again")
    assert admin.modules_of(organization).keys() == {module}
