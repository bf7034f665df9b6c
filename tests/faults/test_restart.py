"""Everything killed at once, as by a power failure, while requests are under way; then started again."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx

from devstack import Endpoints, Stack
from tests.support.api_client import Api, sign_in
from tests.support.database_inspector import DatabaseInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess
from tests.support.stack_choice import embedded_server

PARTS = ("postgres", "kafka", "redis")
PROMISED_SECONDS = 2.0


def write_until_cut_off(admin: Api, organization: str, modules: list[str]) -> list[str]:
    """Assigns one after another; returns those that were acknowledged."""
    acknowledged = []
    for module in modules:
        try:
            answer = admin.post(f"/modules/assign/{organization}", {"module_id": module}, idempotency_key=module)
        except httpx.TransportError:
            break
        if answer.status_code == 200:
            acknowledged.append(module)
    return acknowledged


def test_after_everything_was_killed_nothing_acknowledged_is_lost_and_the_first_write_is_decided_soon(
    endpoints: Endpoints, parts: Stack, tmp_path: Path
) -> None:
    ledger = DatabaseInspector(endpoints.postgres_url)
    replica = ServiceProcess(endpoints, tmp_path / "service.log", replica="faults")
    with replica, ThreadPoolExecutor(16) as callers:
        admin = sign_in(replica.url)
        modules = [admin.module() for _ in range(30)]
        organizations = [admin.organization() for _ in range(4)]
        lists: list[Future[list[str]]] = [
            callers.submit(write_until_cut_off, admin, organization, modules) for organization in organizations
        ]
        wait_for(lambda: len(admin.modules_of(organizations[0])) > 3, "writes under way")
        replica.kill()
        try:
            for name in PARTS:
                embedded_server(parts, name).kill()
            acknowledged = [answered.result() for answered in lists]
            replica.start()
        finally:
            callers.map(lambda name: embedded_server(parts, name).start(), PARTS)
        replica.wait_ready(60)

        started = time.monotonic()
        first = admin.patch(f"/organizations/{organizations[0]}/modules/{acknowledged[0][0]}", {"after": str(uuid4())})
        seconds = time.monotonic() - started

        assert (first.status_code, first.headers["modplane-decided"]) == (200, "kafka"), first.text
        assert seconds < PROMISED_SECONDS
        for organization, known in zip(organizations, acknowledged, strict=True):
            assert set(known) <= set(admin.modules_of(organization))
            for module in modules:
                answer = admin.post(f"/modules/assign/{organization}", {"module_id": module}, idempotency_key=module)
                assert (answer.status_code, answer.json()["assigned"]) == (200, [module]), answer.text
        assert ledger.gaps([*organizations, *modules]) == []
        events = "SELECT count(*) FROM shared.event_log WHERE aggregateid = $1 AND type = 'tenant.module.assigned'"
        assert [ledger.fetch(events, one)[0][0] for one in organizations] == [len(modules)] * len(organizations)
