"""Processes that neither work nor end (SIGSTOP): holding locks, or leading the relay. They hold nobody up for long."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from devstack import Endpoints
from tests.support.api_client import Api, sign_in
from tests.support.database_inspector import DatabaseInspector
from tests.support.kafka_inspector import KafkaInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess, free_port

# Ten seconds end a frozen transaction, a void lease and a lost consumer; the rest is one lock wait and pacing.
HELD_UP_SECONDS = 18.0

LEADER = "SELECT holder FROM shared.relay_lease WHERE renewed_at > now() - interval '10 seconds'"


class Replicas(NamedTuple):
    """`leading` leads the relay; `deciding` decides only what it is asked itself; `healthy` is never frozen."""

    leading: ServiceProcess
    deciding: ServiceProcess
    healthy: ServiceProcess
    marks: Path


@pytest.fixture(scope="module")
def replicas(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    logs, ledger = tmp_path_factory.mktemp("frozen"), DatabaseInspector(endpoints.postgres_url)
    alone = {"MODPLANE_KAFKA_BOOTSTRAP": f"127.0.0.1:{free_port()}", "MODPLANE_ROLE": "api"}
    deciding = freezing(endpoints, logs, "deciding", alone)
    candidates = {name: freezing(endpoints, logs, name, {}) for name in ("faults", "other")}
    try:
        for replica in (*candidates.values(), deciding):
            replica.start()
        for replica in candidates.values():
            replica.wait_ready()
        [(leader,)] = wait_for(lambda: ledger.fetch(LEADER), "somebody leads")
        [healthy] = set(candidates) - {leader}
        yield Replicas(candidates[leader], deciding, candidates[healthy], logs)
    finally:
        with ThreadPoolExecutor(3) as stopping:
            list(stopping.map(ServiceProcess.stop, (*candidates.values(), deciding)))


def freezing(endpoints: Endpoints, logs: Path, name: str, environment: Mapping[str, str]) -> ServiceProcess:
    """A replica that can be frozen at chosen points."""
    (logs / name).mkdir()
    program = [str(Path(__file__).with_name("entry_freezing.py"))]
    told = {**environment, "FREEZE": str(logs / name)}
    return ServiceProcess(endpoints, logs / f"{name}.log", replica=name, environment=told, program=program)


def arm(replicas: Replicas, replica: ServiceProcess, point: str, key: str) -> Path:
    """Has the replica freeze itself at this point of its next work on `key`; the file goes when it does."""
    armed = replicas.marks / replica.replica / "unarmed"
    armed.write_text(key)
    return armed.rename(armed.with_name(point))


def applied_in_time(admin: Api, answer: httpx.Response, started: float) -> None:
    """Decided by now, or soon by another process than the frozen one."""
    assert answer.status_code in {200, 202}, answer.text
    address = f"/operations/{answer.json()['operation_id']}"
    wait_for(
        lambda: admin.get(address).json()["status"] == "applied",
        "decided",
        started + HELD_UP_SECONDS - time.monotonic(),
    )


def test_a_process_frozen_inside_a_transaction_holds_nobody_up_for_long(
    replicas: Replicas, endpoints: Endpoints
) -> None:
    ledger = DatabaseInspector(endpoints.postgres_url)
    frozen, admin = sign_in(replicas.deciding.url), sign_in(replicas.healthy.url)
    modules = [admin.module() for _ in range(3)]
    organization, other = admin.organization(), admin.organization()
    admin.post(f"/modules/assign/{organization}", {"module_id": modules[0]})
    key = uuid4().hex

    def assign_at_the_frozen() -> httpx.Response:
        body = {"module_id": modules[1]}
        return frozen.post(f"/modules/assign/{organization}", body, idempotency_key=key)

    with ThreadPoolExecutor(4) as callers:
        armed = arm(replicas, replicas.deciding, "heads", organization)
        hanging = callers.submit(assign_at_the_frozen)
        try:
            wait_for(lambda: not armed.exists(), "frozen with the locks held")
            started = time.monotonic()
            waiting = [
                callers.submit(admin.post, f"/modules/assign/{one}", {"module_id": modules[2]})
                for one in (organization, other)
            ]
            renaming = callers.submit(admin.patch, f"/module-registry/{modules[0]}", {"module_name": "Renamed"})
            for one in (*waiting, renaming):
                applied_in_time(admin, one.result(), started)
            assert set(admin.modules_of(organization)) == {modules[0], modules[2]}
        finally:
            replicas.deciding.thaw()
        cut_off = hanging.result()
        assert cut_off.status_code == 503, cut_off.text
    assert set(admin.modules_of(organization)) == {modules[0], modules[2]}
    assert assign_at_the_frozen().status_code == 200
    assert set(admin.modules_of(organization)) == set(modules)
    assert ledger.gaps([organization, other, *modules]) == []


def test_a_frozen_relay_leader_is_succeeded_and_does_no_harm_when_it_thaws(
    replicas: Replicas, endpoints: Endpoints
) -> None:
    ledger, broker = DatabaseInspector(endpoints.postgres_url), KafkaInspector(endpoints.kafka_bootstrap)
    admin = sign_in(replicas.healthy.url)
    modules = [admin.module() for _ in range(6)]
    organizations = [admin.organization() for _ in range(3)]
    wait_for(lambda: not ledger.queued([*organizations, *modules]), "nothing left to be published")

    armed = arm(replicas, replicas.leading, "relay", organizations[0])
    try:
        first = admin.post(f"/modules/assign/{organizations[0]}", {"module_id": modules[0]})
        assert first.status_code in {200, 202}, first.text
        wait_for(lambda: not armed.exists(), "frozen before publishing")
        started = time.monotonic()
        with ThreadPoolExecutor(8) as callers:
            writes = [(organization, module) for module in modules[1:] for organization in organizations]
            for answer in list(callers.map(lambda write: assigned(admin, *write), writes)):
                applied_in_time(admin, answer, started)
        wait_for(
            lambda: ledger.fetch(LEADER) == [(replicas.healthy.replica,)], "the healthy replica leads", HELD_UP_SECONDS
        )
        wait_for(lambda: not ledger.queued(organizations), "all events published")
        assert time.monotonic() - started < HELD_UP_SECONDS
    finally:
        replicas.leading.thaw()
    wait_for(lambda: "relay_steps_back" in replicas.leading.log, "the thawed leader gives up")
    last = admin.post(f"/modules/unassign/{organizations[0]}/{modules[1]}", {})
    applied_in_time(admin, last, time.monotonic())
    wait_for(lambda: not ledger.queued(organizations), "all events published")

    assert ledger.fetch(LEADER) == [(replicas.healthy.replica,)]
    assert ledger.gaps([*organizations, *modules]) == []
    for topic in ("tenant.module.assigned", "tenant.module.unassigned"):
        delivered = broker.events([topic])
        for organization in organizations:
            mine = [event.sequence for event in delivered if event.organization_id == organization]
            logged = "SELECT sequence FROM shared.event_log WHERE type = $1 AND organization_id = $2 ORDER BY sequence"
            assert list(dict.fromkeys(mine)) == [sequence for (sequence,) in ledger.fetch(logged, topic, organization)]


def assigned(admin: Api, organization: str, module: str) -> httpx.Response:
    return admin.post(f"/modules/assign/{organization}", {"module_id": module})
