"""Several replicas decide: one asks and another decides, or two decide for the same new organization at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

from devstack import Endpoints
from tests.faults.retelling import differences
from tests.faults.test_bad_commands import no_config_with
from tests.support.api_client import Api, sign_in
from tests.support.database_inspector import DatabaseInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess, free_port

ROUNDS = 6
READERS = 2
LOOKS = 20


class Callers(NamedTuple):
    """The super admin at each replica.

    `asking` decides nothing; `deciding` decides what comes through Kafka, and is slow to invalidate; `cut_off` cannot
    reach Kafka and decides its own requests.
    """

    asking: Api
    deciding: Api
    cut_off: Api
    decider: ServiceProcess


def can_sign_in(replica: ServiceProcess) -> bool:
    try:
        sign_in(replica.url)
    except (AssertionError, httpx.TransportError):
        return False
    return True


@pytest.fixture(scope="module")
def callers(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    logs = tmp_path_factory.mktemp("deciders")
    late = [str(Path(__file__).with_name("entry_late_invalidation.py"))]
    nowhere = {"MODPLANE_KAFKA_BOOTSTRAP": f"127.0.0.1:{free_port()}", "MODPLANE_ROLE": "api"}
    deciding = ServiceProcess(endpoints, logs / "deciding.log", replica="faults", program=late)
    asking = ServiceProcess(endpoints, logs / "asking.log", replica="asking", environment={"MODPLANE_ROLE": "api"})
    cut_off = ServiceProcess(endpoints, logs / "cut_off.log", replica="cut-off", environment=nowhere)
    replicas = (asking, deciding, cut_off)
    try:
        for replica in replicas:
            replica.start()
        asking.wait_ready()
        deciding.wait_ready()
        wait_for(lambda: can_sign_in(cut_off), "served without Kafka")
        asks, decides, decides_alone = (sign_in(replica.url) for replica in replicas)
        yield Callers(asks, decides, decides_alone, deciding)
    finally:
        for replica in replicas:
            replica.stop()


def test_two_deciders_of_one_new_organization_lose_nothing(callers: Callers, endpoints: Endpoints) -> None:
    ledger = DatabaseInspector(endpoints.postgres_url)
    modules = [callers.asking.module() for _ in range(6)]
    industry = callers.asking.industry(modules[:1])
    organizations = [callers.asking.organization() for _ in range(12)]
    ways = ((callers.asking, "kafka", modules[::2]), (callers.cut_off, "inline", modules[1::2]))
    start = threading.Barrier(len(modules) + len(ways))

    def write(caller: Api, way: str, path: str, body: dict[str, str], expected: int) -> None:
        for organization in organizations:
            start.wait(30)
            answer = caller.post(f"/modules/{path}/{organization}", body)
            assert (answer.status_code, answer.headers["modplane-decided"]) == (expected, way), answer.text

    with ThreadPoolExecutor(start.parties) as threads:
        running = [
            threads.submit(write, caller, way, "assign", {"module_id": module}, 200)
            for caller, way, share in ways
            for module in share
        ]
        # A refused command leaves no trace of an organization that is new to it, and must not take another's away.
        running += [
            threads.submit(write, caller, way, "assign", {"module_id": "m_nobody_knows"}, 422)
            for caller, way, _ in ways
        ]
        for one in running:
            one.result()

    for organization in organizations:
        assert set(callers.asking.modules_of(organization)) == set(modules)
        assert set(callers.cut_off.modules_of(organization)) == set(modules)
    heads = "SELECT version FROM shared.streams WHERE context = 'assignments' AND id = ANY($1)"
    assert ledger.fetch(heads, organizations) == [(len(modules),)] * len(organizations)
    assert ledger.gaps([*organizations, *modules, industry]) == []
    assert differences(endpoints) == []


@contextmanager
def readers(callers: Callers, organization: str) -> Iterator[None]:
    """Others read the organization all the time, so that its list is in the cache."""
    ended = threading.Event()

    def read(caller: Api) -> None:
        while not ended.is_set():
            caller.modules_of(organization)

    with ThreadPoolExecutor(READERS) as threads:
        running = [threads.submit(read, caller) for caller in (callers.asking, callers.deciding)]
        try:
            yield
        finally:
            ended.set()
        for one in running:
            one.result()


def answered(asking: Api, path: str, body: dict[str, str]) -> None:
    answer = asking.post(path, body)
    assert (answer.status_code, answer.headers["modplane-decided"]) == (200, "kafka"), answer.text


def reported_by_its_operation(asking: Api, path: str, body: dict[str, str]) -> None:
    accepted = asking.post(path, body, prefer="respond-async")
    assert accepted.status_code == 202, accepted.text
    address = accepted.headers["location"].removeprefix("/api/v1")
    wait_for(lambda: asking.get(address).json()["status"] == "applied", "the operation decided")


def replayed(asking: Api, path: str, body: dict[str, str]) -> None:
    key = uuid4().hex
    accepted = asking.post(path, body, prefer="respond-async", idempotency_key=key)
    assert accepted.status_code == 202, accepted.text
    again = asking.post(path, body, idempotency_key=key)
    assert (again.status_code, again.json()["operation_id"]) == (200, accepted.json()["operation_id"]), again.text


@pytest.mark.parametrize("write", [answered, reported_by_its_operation, replayed])
def test_an_outcome_another_process_decided_is_never_followed_by_a_stale_read(
    callers: Callers, write: Callable[[Api, str, dict[str, str]], None]
) -> None:
    asking = callers.asking
    organization, module = asking.organization(), asking.module()
    with readers(callers, organization):
        for _ in range(ROUNDS):
            write(asking, f"/modules/assign/{organization}", {"module_id": module})
            assert module in asking.modules_of(organization)
            write(asking, f"/modules/unassign/{organization}/{module}", {})
            assert module not in asking.modules_of(organization)


def test_a_replica_that_never_reached_kafka_is_ready_all_the_same(callers: Callers) -> None:
    address = str(callers.cut_off.client.base_url.copy_with(path="/health/ready"))

    def health() -> httpx.Response:
        return httpx.get(address, timeout=5)

    wait_for(lambda: health().status_code == 200, "ready without Kafka", 40)
    assert health().json()["parts"]["kafka"] == "degraded"


class Looking(Thread):
    """Asks one replica again and again how an operation went, until it is decided."""

    def __init__(self, api: Api, address: str) -> None:
        super().__init__(daemon=True)
        self._api, self._address = api, address
        self.seen: list[tuple[int, str]] = []

    def has_looked(self) -> bool:
        return len(self.seen) > LOOKS

    def run(self) -> None:
        while not self.seen or self.seen[-1] == (200, "pending"):
            answer = self._api.get(self._address)
            self.seen.append((answer.status_code, answer.json().get("status", answer.text)))


@contextmanager
def frozen(replica: ServiceProcess) -> Iterator[None]:
    replica.freeze()
    try:
        yield
    finally:
        replica.thaw()


def test_an_accepted_commands_address_answers_at_every_moment_on_every_replica(callers: Callers) -> None:
    asking = callers.asking
    organization, modules = asking.organization(), [asking.module() for _ in range(3)]
    for module in modules:
        with frozen(callers.decider):
            accepted = asking.post(f"/modules/assign/{organization}", {"module_id": module}, prefer="respond-async")
            assert accepted.status_code == 202, accepted.text
            address = accepted.headers["location"].removeprefix("/api/v1")
            looking = [Looking(api, address) for api in (asking, callers.cut_off)]
            for one in looking:
                one.start()
            for one in looking:
                wait_for(one.has_looked, "they look while it waits")
        for one in looking:
            one.join(60)
            assert set(one.seen) == {(200, "pending"), (200, "applied")}


def test_a_failed_operation_that_is_sent_again_is_answered_by_its_new_attempt(
    callers: Callers, endpoints: Endpoints
) -> None:
    asking, ledger, word, used = (
        callers.asking,
        DatabaseInspector(endpoints.postgres_url),
        f"p{uuid4().hex}",
        uuid4().hex,
    )
    organization, module = asking.organization(), asking.module()
    assert asking.post(f"/modules/assign/{organization}", {"module_id": module}).status_code == 200
    path = f"/organizations/{organization}/modules/{module}"
    with no_config_with(ledger, word):
        failed = asking.patch(path, {word: 1}, idempotency_key=used)
        assert failed.status_code == 500, failed.text
    address = f"/operations/{failed.headers['modplane-operation-id']}"
    assert asking.get(address).json()["status"] == "failed"
    with ThreadPoolExecutor(1) as thread:
        with frozen(callers.decider):
            again = thread.submit(asking.patch, path, {word: 1}, idempotency_key=used)
            # Each of these has the asking replica look whether what it waits for is decided.
            for _ in range(LOOKS):
                callers.cut_off.module()
            assert not again.done()
        assert (again.result().status_code, again.result().json()["status"]) == (200, "applied")
    assert ledger.gaps([organization]) == []
