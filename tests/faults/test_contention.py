"""Changes of modules and templates against assignments at full load: no deadlock, no starving, no rule broken."""

import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpx
import pytest

from devstack import Endpoints
from tests.faults.retelling import differences
from tests.support.api_client import Api, sign_in
from tests.support.database_inspector import DatabaseInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

CALLERS = 32
ORGANIZATIONS = 16
CHANGES = 15
CHANGE_SECONDS = 5.0

FACTS = """
SELECT type, module_id, payload FROM shared.event_log
WHERE (aggregatetype, aggregateid) IN (SELECT 'registry', unnest($1::text[]))
   OR (aggregatetype, aggregateid) IN (SELECT 'assignments', unnest($2::text[]))
ORDER BY seq
"""


class World(NamedTuple):
    """What is fought over. `restless` modules are deactivated and activated all the time."""

    modules: list[str]
    restless: list[str]
    industry: str
    organizations: list[str]


class Load:
    """Callers that write as fast as they are answered, until told to stop."""

    def __init__(self, admin: Api, world: World) -> None:
        self._admin = admin
        self._world = world
        self._ended = threading.Event()
        self.statuses: Counter[int] = Counter()

    def run(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a load, no secret
        while not self._ended.is_set():
            answer = self._write(chance)
            assert answer.status_code in {200, 409}, answer.text
            self.statuses[answer.status_code] += 1

    def end(self) -> None:
        self._ended.set()

    def _write(self, chance: random.Random) -> httpx.Response:
        organization = chance.choice(self._world.organizations)
        module = chance.choice(self._world.modules + self._world.restless)
        match chance.randrange(4):
            case 0:
                path, body = f"/modules/apply-industry/{organization}", {"industry_code": self._world.industry}
            case 1:
                path, body = f"/modules/unassign/{organization}/{module}?force=true", {}
            case _:
                path, body = f"/modules/assign/{organization}", {"module_id": module}
        answer = self._admin.post(path, body)
        # Somebody else took it away meanwhile.
        return httpx.Response(409) if answer.status_code == 404 and "not_assigned" in answer.text else answer


@pytest.fixture
def admin(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    log = tmp_path_factory.mktemp("contention") / "service.log"
    with ServiceProcess(endpoints, log, replica="faults") as replica:
        yield sign_in(replica.url)


@pytest.fixture
def world(admin: Api) -> World:
    modules = [admin.module() for _ in range(4)]
    restless = [admin.module() for _ in range(2)]
    industry = admin.industry(modules + restless)
    with ThreadPoolExecutor(4) as threads:
        organizations = list(threads.map(lambda _: admin.organization(), range(ORGANIZATIONS)))
    return World(modules, restless, industry, organizations)


def in_time(change: Callable[[], httpx.Response]) -> httpx.Response:
    started = time.monotonic()
    answer = change()
    assert answer.status_code == 200, answer.text
    assert time.monotonic() - started < CHANGE_SECONDS
    return answer


def come_and_go(admin: Api, world: World, module: str) -> None:
    """Deactivated, the module is refused to everybody at once; activated, it is to be had again."""
    for number, organization in zip(range(CHANGES), itertools.cycle(world.organizations), strict=False):
        in_time(lambda: admin.post(f"/module-registry/{module}/deactivate"))
        refused = admin.post(f"/modules/assign/{organization}", {"module_id": module, "config": {"new": number}})
        assert (refused.status_code, "module_inactive" in refused.text) == (409, True), refused.text
        in_time(lambda: admin.post(f"/module-registry/{module}/activate"))


def rename(admin: Api, world: World) -> None:
    for number in range(CHANGES):
        name = f"Renamed {number}"
        in_time(lambda: admin.patch(f"/module-registry/{world.modules[0]}", {"module_name": name}))  # noqa: B023 - now


def publish_versions(admin: Api, world: World) -> None:
    for number in range(CHANGES):
        listed = (world.modules + world.restless)[number % 3 :]
        body = {"modules": [{"module_id": module, "is_required": False} for module in listed]}
        in_time(lambda: admin.patch(f"/industries/{world.industry}", body))  # noqa: B023 - called now


def assigned_while_inactive(ledger: DatabaseInspector, world: World) -> list[str]:
    """Restless modules somebody got although they were inactive at that point of the log."""
    inactive: set[str] = set()
    wrong = []
    for topic, module, payload in ledger.fetch(FACTS, world.restless, world.organizations):
        if topic == "tenant.module.deactivated":
            inactive.add(module)
        elif topic == "tenant.module.activated":
            inactive.discard(module)
        elif topic in {"tenant.module.assigned", "tenant.module.bulk_assigned"}:
            changes = json.loads(payload)["modules"]
            wrong += [one["module_id"] for one in changes if one["change"] == "added" and one["module_id"] in inactive]
    return wrong


def test_changes_of_modules_and_templates_get_their_turn_at_full_load(
    admin: Api, world: World, endpoints: Endpoints
) -> None:
    ledger, load = DatabaseInspector(endpoints.postgres_url), Load(admin, world)
    with ThreadPoolExecutor(CALLERS + 4) as threads:
        callers = [threads.submit(load.run, seed) for seed in range(CALLERS)]
        try:
            wait_for(lambda: load.statuses.total() > 2 * CALLERS, "a load")
            changing = [threads.submit(come_and_go, admin, world, module) for module in world.restless]
            changing += [threads.submit(rename, admin, world), threads.submit(publish_versions, admin, world)]
            for one in changing:
                one.result()
        finally:
            load.end()
        for one in callers:
            one.result()

    assert load.statuses[200] > 0
    assert load.statuses[409] > 0
    assert assigned_while_inactive(ledger, world) == []
    assert ledger.gaps([*world.modules, *world.restless, world.industry, *world.organizations]) == []
    assert differences(endpoints) == []
