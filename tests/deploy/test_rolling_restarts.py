from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from devstack import Endpoints
from tests.deploy.balanced_load import Balancer, Caller
from tests.support.api_client import Api, sign_in
from tests.support.database_inspector import DatabaseInspector
from tests.support.kafka_inspector import KafkaInspector
from tests.support.load_generator import under_load
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

CALLERS = 4
ROLES = {"first": "api", "second": "api", "alone": "worker"}


class Deployment:
    """Replicas by name, each with one address for life, and whoever balances load over those that serve requests."""

    def __init__(self, endpoints: Endpoints, logs: Path) -> None:
        self._endpoints = endpoints
        self._logs = logs
        self.replicas: dict[str, ServiceProcess] = {}
        self.balancer: Balancer

    def start(self, name: str, role: str) -> ServiceProcess:
        """Does not wait. Takes the place, the address and the name of the one before."""
        replica = ServiceProcess(
            self._endpoints, self._logs / f"{name}.log", replica=name, environment=self._environment(name, role)
        )
        if name in self.replicas:
            replica.port = self.replicas[name].port
        self.replicas[name] = replica
        return replica.start()

    def _environment(self, name: str, role: str) -> dict[str, str]:
        port = {"MODPLANE_HTTP_PORT": str(self.replicas[name].port)} if name in self.replicas else {}
        return {"MODPLANE_ROLE": role, **port}

    def restart(self, name: str, role: str) -> None:
        """One step of a rolling restart: requests are routed there until it is gone, and again when it is ready."""
        self.stop(name)
        replica = self.start(name, role).wait_ready(60)
        if role != "worker":
            self.balancer.join(replica)

    def stop(self, name: str) -> None:
        self.balancer.stops(name)
        self.replicas[name].stop()
        self.balancer.leave(self.replicas[name])


@pytest.fixture
def deployment(endpoints: Endpoints, tmp_path: Path) -> Iterator[Deployment]:
    """Two replicas for requests and one for the work behind them, ready."""
    deployment = Deployment(endpoints, tmp_path)
    try:
        for replica in [deployment.start(name, role) for name, role in ROLES.items()]:
            replica.wait_ready(60)
        yield deployment
    finally:
        for replica in deployment.replicas.values():
            replica.stop()


def callers_behind(deployment: Deployment) -> list[Caller]:
    """Each on an organization of its own, which has the module whose config it will change."""
    admin = sign_in(deployment.replicas["first"].url)
    deployment.balancer = Balancer(admin.client.headers["Authorization"].removeprefix("Bearer "))
    for name in ("first", "second"):
        deployment.balancer.join(deployment.replicas[name])
    module = admin.module()
    organizations = [admin.organization() for _ in range(CALLERS)]
    for organization in organizations:
        assert admin.post(f"/modules/assign/{organization}", {"module_id": module}).status_code == 200
    return [Caller(deployment.balancer, organization, module) for organization in organizations]


def test_rolling_restarts_under_load_fail_no_request_and_lose_nothing(
    endpoints: Endpoints, deployment: Deployment
) -> None:
    callers = callers_behind(deployment)
    with under_load(callers) as goes_on:
        goes_on("by two api replicas and a worker")
        deployment.restart("alone", "worker")
        goes_on("after the only worker was restarted")
        for name in ROLES:
            deployment.restart(name, "all")
            goes_on(f"after {name} came back in every role")
        deployment.stop("first")
        deployment.stop("second")
        goes_on("by the only replica that is left")
    assert [failure for caller in callers for failure in caller.failures] == []
    assert_nothing_is_lost_or_doubled(endpoints, callers)
    assert_all_is_read(sign_in(deployment.replicas["alone"].url), callers)


def assert_nothing_is_lost_or_doubled(endpoints: Endpoints, callers: Sequence[Caller]) -> None:
    ledger, broker = DatabaseInspector(endpoints.postgres_url), KafkaInspector(endpoints.kafka_bootstrap)
    acknowledged = [operation for caller in callers for operation in caller.operations]
    organizations = [caller.organization for caller in callers]
    wait_for(lambda: not broker.lag("modplane.assignments.commands"), "all is decided")
    assert ledger.statuses(acknowledged) == dict.fromkeys(acknowledged, "applied")
    events = "SELECT operation_id, count(*) FROM shared.event_log WHERE operation_id = ANY($1) GROUP BY 1"
    assert {row[0]: row[1] for row in ledger.fetch(events, acknowledged)} == dict.fromkeys(acknowledged, 1)
    assert ledger.gaps(organizations) == []
    wait_for(lambda: not ledger.queued(organizations), "all events are published")
    published = {event.operation_id for event in broker.events(["tenant.module.config_updated"])}
    assert set(acknowledged) <= published


def assert_all_is_read(admin: Api, callers: Sequence[Caller]) -> None:
    for caller in callers:
        (item,) = admin.modules_of(caller.organization).values()
        assert item["own_config"] == {f"key_{number}": 1 for number in range(1, len(caller.answers) + 1)}
