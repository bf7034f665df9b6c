"""Kafka or PostgreSQL away: paused as by a network that swallows packets, or killed."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Literal
from uuid import uuid4

import httpx
import pytest

from devstack import Endpoints, Stack
from shared.messages import EventEnvelope
from tests.support.api_client import ADMIN, Api, sign_in, signup
from tests.support.database_inspector import DatabaseInspector
from tests.support.kafka_inspector import KafkaInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess
from tests.support.stack_choice import embedded_server

How = Literal["paused", "killed"]

EVENTS = ("tenant.module.assigned", "tenant.module.config_updated")
INLINE_SECONDS = 6.0
REFUSAL_SECONDS = 17.0
RECOVERY_SECONDS = 45.0


@contextmanager
def away(parts: Stack, name: str, how: How) -> Iterator[None]:
    """The part does not answer inside, and does again outside."""
    part = embedded_server(parts, name)
    stop, restore = (part.pause, part.resume) if how == "paused" else (part.kill, part.start)
    stop()
    try:
        yield
    finally:
        restore()


def timed(call: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    return call(), time.monotonic() - started


@pytest.fixture(scope="module")
def admin(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    log = tmp_path_factory.mktemp("outages") / "service.log"
    with ServiceProcess(endpoints, log, replica="faults") as replica:
        yield sign_in(replica.url)


def through_kafka(admin: Api, organization: str, module: str) -> int:
    """Changes the config until a change went through Kafka; returns how many changes that took."""
    changes = 0

    def change() -> bool:
        nonlocal changes
        changes += 1
        answer = admin.patch(f"/organizations/{organization}/modules/{module}", {"change": changes})
        assert answer.status_code in {200, 202}, answer.text
        return answer.status_code == 200 and answer.headers["modplane-decided"] == "kafka"

    wait_for(change, "a write through Kafka", RECOVERY_SECONDS)
    return changes


def in_order_of_first_delivery(events: list[EventEnvelope]) -> list[EventEnvelope]:
    return list({event.event_id: event for event in reversed(events)}.values())[::-1]


@pytest.mark.parametrize("how", ["paused", "killed"])
def test_without_kafka_writes_go_on_and_their_events_follow_in_order(
    admin: Api, parts: Stack, endpoints: Endpoints, how: How
) -> None:
    ledger, broker = DatabaseInspector(endpoints.postgres_url), KafkaInspector(endpoints.kafka_bootstrap)
    organization = admin.organization()
    modules = [admin.module() for _ in range(6)]
    wait_for(lambda: not ledger.queued([organization, *modules]), "nothing left to be published")

    with away(parts, "kafka", how):
        for module in modules:
            started = time.monotonic()
            answer = admin.post(f"/modules/assign/{organization}", {"module_id": module})
            assert (answer.status_code, answer.headers["modplane-decided"]) == (200, "inline"), answer.text
            assert time.monotonic() - started < INLINE_SECONDS
            assert module in admin.modules_of(organization)
        assert ledger.queued([organization]) == len(modules)
    changes = through_kafka(admin, organization, modules[0])
    wait_for(lambda: not ledger.queued([organization]), "all events published", RECOVERY_SECONDS)
    wait_for(lambda: not broker.lag(), "late duplicates consumed", RECOVERY_SECONDS)

    assert set(admin.modules_of(organization)) == set(modules)
    assert ledger.gaps([organization, *modules]) == []
    logged = ledger.fetch(
        "SELECT id, type FROM shared.event_log WHERE aggregatetype = 'assignments' AND aggregateid = $1 ORDER BY seq",
        organization,
    )
    assert len(logged) == len(modules) + changes
    for topic in EVENTS:
        delivered = [event for event in broker.events([topic]) if event.organization_id == organization]
        expected = [id_ for id_, type_ in logged if type_ == topic]
        assert [event.event_id for event in in_order_of_first_delivery(delivered)] == expected


@pytest.mark.parametrize("how", ["paused", "killed"])
def test_without_postgres_writes_are_answered_503_in_time_and_decided_afterwards(
    admin: Api, parts: Stack, endpoints: Endpoints, how: How
) -> None:
    ledger = DatabaseInspector(endpoints.postgres_url)
    organization = admin.organization()
    modules = [admin.module() for _ in range(4)]
    keys = {module: uuid4().hex for module in modules}

    def assign(module: str) -> httpx.Response:
        return admin.post(f"/modules/assign/{organization}", {"module_id": module}, idempotency_key=keys[module])

    requests: list[Callable[[], httpx.Response]] = [
        *(partial(assign, module) for module in modules),
        lambda: admin.get(f"/organizations/{uuid4()}/modules"),
        lambda: admin.get(f"/organizations/{organization}"),
        lambda: admin.post("/organizations/signup", signup()),
        lambda: admin.post("/auth/login", ADMIN),
    ]
    with away(parts, "postgres", how), ThreadPoolExecutor(len(requests)) as callers:
        answers = list(callers.map(timed, requests))
    for answer, seconds in answers:
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True), answer.text
        assert seconds < REFUSAL_SECONDS
    wait_for(
        lambda: (
            len(ledger.fetch("SELECT 1 FROM assignments.assignments WHERE organization_id = $1", organization)) == 4
        ),
        "the commands in Kafka are decided",
        RECOVERY_SECONDS,
    )
    for module in modules:
        answer = assign(module)
        assert (answer.status_code, answer.json()["assigned"]) == (200, [module]), answer.text
    assert ledger.gaps([organization]) == []
    assert set(admin.modules_of(organization)) == set(modules)
