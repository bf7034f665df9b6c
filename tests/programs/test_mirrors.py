from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from devstack import Endpoints
from tests.programs.callers import Caller, Catalogue
from tests.programs.mirrors import COMPLETE, GAP, TOPICS, Held, Mirror, PythonMirror, TypeScriptMirror
from tests.support.api_client import sign_in
from tests.support.database_inspector import DatabaseInspector
from tests.support.kafka_inspector import KafkaInspector
from tests.support.load_generator import under_load
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess


class World:
    """The service, what is in it, and who mirrors it."""

    def __init__(self, service: ServiceProcess, endpoints: Endpoints, directory: Path) -> None:
        self.service = service
        self.admin = sign_in(service.url)
        self.broker, self._ledger = KafkaInspector(endpoints.kafka_bootstrap), DatabaseInspector(endpoints.postgres_url)
        modules = [self.admin.module(default_config={"a": 0}) for _ in range(4)]
        industries = [
            self.admin.industry([{"module_id": modules[place], "is_required": True}, *modules[place + 1 : place + 3]])
            for place in range(2)
        ]
        self.catalogue = Catalogue(modules, industries)
        token = self.admin.post("/tokens", {"name": "mirrors", "role": "service"}).json()["token"]
        kinds = (PythonMirror, TypeScriptMirror)
        self.mirrors: Sequence[Mirror] = [kind(service, endpoints.kafka_bootstrap, token, directory) for kind in kinds]

    def start(self) -> None:
        for mirror in self.mirrors:
            mirror.start()

    def kill(self) -> None:
        for mirror in self.mirrors:
            mirror.kill()

    def organizations(self) -> list[str]:
        """All of them, as a super admin finds them."""
        found, query = [], "/organizations?limit=200&sort=created_at"
        page = self.admin.get(query).json()
        found += page["items"]
        while page["next_cursor"] is not None:
            page = self.admin.get(f"{query}&cursor={page['next_cursor']}").json()
            found += page["items"]
        return [organization["organization_id"] for organization in found]

    def truth(self) -> Held:
        """What REST says. Organizations that never had anything are left out."""
        told = [self.admin.get(f"/organizations/{id_}/modules").json() for id_ in self.organizations()]
        return {state["organization_id"]: (state["sequence"], shown(state)) for state in told if state["sequence"]}

    def everything_published(self) -> None:
        ids = self.organizations()
        wait_for(lambda: not self._ledger.queued(ids) and not self.broker.lag(), "all is published and consumed", 40)

    def delete_events(self) -> None:
        """What the topics' retention does in the end."""
        self.everything_published()
        for topic in TOPICS:
            self.broker.delete_records(topic)

    def assert_mirrored(self) -> None:
        truth = self.truth()
        for mirror in self.mirrors:
            mirror.wait_until_at({organization: sequence for organization, (sequence, _) in truth.items()})
            assert mirror.held() == truth


def shown(state: dict[str, Any]) -> dict[str, Any]:
    return {
        item["module_id"]: {"own_config": item["own_config"], "sources": item["sources"]} for item in state["items"]
    }


@pytest.fixture
def world(
    service: ServiceProcess, own_endpoints: Endpoints, build: Callable[[str], None], tmp_path: Path
) -> Iterator[World]:
    build("examples/mirror-typescript")
    world = World(service, own_endpoints, tmp_path)
    yield world
    for mirror in world.mirrors:
        mirror.clean_up()


def test_mirrors_equal_rest_whatever_is_killed_comes_again_or_is_missed(world: World) -> None:
    callers = [
        Caller(sign_in(world.service.url), world.catalogue, [world.admin.organization(industry)], seed)
        for seed, industry in enumerate([*world.catalogue.industries, None])
    ]
    world.delete_events()
    with under_load(callers, 10) as goes_on:
        world.start()
        goes_on("while the mirrors read what happened before")
        for mirror in world.mirrors:
            mirror.wait_until_said(COMPLETE, 1)
        goes_on("while the mirrors follow")
        world.kill()
        goes_on("while the mirrors are dead")
        assert all(world.broker.move(mirror.member, TOPICS, "beginning") for mirror in world.mirrors)
        world.start()
        world.service.kill()
        world.service.start().wait_ready(60)
        goes_on("after the service was killed, while the mirrors get again what they had")
    assert [failure for caller in callers for failure in caller.failures] == []
    world.assert_mirrored()
    assert [mirror.said(COMPLETE) for mirror in world.mirrors] == [1, 1]

    miss_an_event(world)
    world.assert_mirrored()
    assert all(mirror.said(GAP) for mirror in world.mirrors)
    assert [mirror.said(COMPLETE) for mirror in world.mirrors] == [1, 1]

    world.kill()
    for caller in callers:
        caller.organizations.append(world.admin.organization(world.catalogue.industries[0]))
    world.delete_events()
    world.start()
    world.assert_mirrored()
    for mirror in world.mirrors:
        mirror.wait_until_said(COMPLETE, 2)


def miss_an_event(world: World) -> None:
    """As when an operator drops an event that the broker refused: of two, only the later one comes."""
    world.kill()
    organization = world.admin.organization()
    module = world.catalogue.modules[0]
    assert world.admin.post(f"/modules/assign/{organization}", {"module_id": module}).status_code == 200
    world.everything_published()
    assert [world.broker.move(mirror.member, ["tenant.module.assigned"], "end") for mirror in world.mirrors] == [1, 1]
    path = f"/organizations/{organization}/modules/{module}"
    assert world.admin.patch(path, {"a": 2}).status_code == 200
    world.start()
