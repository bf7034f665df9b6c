from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import httpx
import pytest

from devstack import Endpoints
from tests.support.api_client import Api, sign_in
from tests.support.database_inspector import DatabaseInspector
from tests.support.kafka_inspector import KafkaInspector
from tests.support.load_generator import under_load
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

PROGRAM = Path(__file__).with_name("entry_with_faults.py")
CALLERS = 6


class Caller(Thread):
    """Changes one organization's config again and again, each time under a new key that it repeats until answered.

    Goes to another replica when one takes no connection, as a load balancer would; notes every other disturbance. What
    was answered it asks once more, under its key, at the other replica if there is one.
    """

    def __init__(self, apis: list[Api], organization: str, module: str) -> None:
        super().__init__(daemon=True)
        self._apis = apis
        self._path = f"/organizations/{organization}/modules/{module}"
        self._ended = Event()
        self.answers: list[httpx.Response] = []
        self.repeated: list[tuple[httpx.Response, httpx.Response]] = []
        self.cut: list[tuple[str, str]] = []

    def run(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            self.answers.append(self._until_answered(number))
            self._apis.append(self._apis.pop(0))
            self.repeated.append((self.answers[-1], self._until_answered(number)))

    def _until_answered(self, number: int) -> httpx.Response:
        while True:
            api = self._apis[0]
            try:
                return self.asked(api, number)
            except httpx.ConnectError:
                pass
            except httpx.TransportError as error:
                self.cut.append((str(api.client.base_url), repr(error)))
            if self._apis[0] is api:
                self._apis.append(self._apis.pop(0))

    def asked(self, api: Api, number: int) -> httpx.Response:
        """The answer to the change of this number, for the first or another time."""
        return api.patch(self._path, {f"key_{number}": number}, idempotency_key=f"key-{number}")

    def end(self) -> None:
        self._ended.set()
        self.join(30)

    @property
    def decided(self) -> int:
        return sum(answer.status_code == 200 for answer in self.answers)


def decides(replica: ServiceProcess) -> bool:
    """Whether the replica has decided commands of assignments."""
    metrics = httpx.get(f"{replica.url}/metrics", timeout=5).text
    return any(line.startswith("modplane_commands_decided") and "assignments" in line for line in metrics.splitlines())


@pytest.fixture
def replicas(endpoints: Endpoints, tmp_path: Path) -> Iterator[list[ServiceProcess]]:
    """Two, not started, in one group; Kafka misses either after 6 s instead of 10."""
    pair = [
        ServiceProcess(
            endpoints,
            tmp_path / f"{name}.log",
            replica=name,
            environment={"FAULTS": str(tmp_path), "FAULTS_SESSION_MS": "6000"},
            program=[str(PROGRAM)],
        )
        for name in ("faults", "faults-second")
    ]
    yield pair
    for replica in pair:
        replica.stop()


def test_writes_go_on_while_replicas_come_and_go(endpoints: Endpoints, replicas: list[ServiceProcess]) -> None:
    first, second = replicas
    first.start().wait_ready()
    admin = sign_in(first.url)
    module = admin.module()
    organizations = [admin.organization() for _ in range(CALLERS)]
    for organization in organizations:
        assert admin.post(f"/modules/assign/{organization}", {"module_id": module}).status_code == 200
    token = admin.client.headers["Authorization"].removeprefix("Bearer ")
    apis = [Api(replica.url, token) for replica in replicas]
    callers = [Caller(list(apis), organization, module) for organization in organizations]
    with under_load(callers) as goes_on:
        goes_on("by one replica")
        second.start().wait_ready()
        wait_for(lambda: decides(second), "the second replica takes part")
        first.stop()
        goes_on("after a graceful stop")
        first.start().wait_ready()
        wait_for(lambda: decides(first), "the first replica takes part again")
        goes_on("by both replicas")
        second.kill()
        goes_on("after a kill")
    check_nothing_is_lost_or_doubled(
        DatabaseInspector(endpoints.postgres_url), KafkaInspector(endpoints.kafka_bootstrap), callers
    )
    check_repeated_writes_are_answered_alike(callers, apis[0])
    cut = [one for caller in callers for one in caller.cut]
    assert [one for one in cut if not one[0].startswith(second.url)] == []
    admin = sign_in(first.url)
    for organization, caller in zip(organizations, callers, strict=True):
        config = admin.modules_of(organization)[module]["config"]
        assert config == {f"key_{number}": number for number in range(1, len(caller.answers) + 1)}


def check_nothing_is_lost_or_doubled(ledger: DatabaseInspector, broker: KafkaInspector, callers: list[Caller]) -> None:
    answers = [answer for caller in callers for answer in caller.answers]
    assert {answer.status_code for answer in answers} <= {200, 202}
    acknowledged = [UUID(answer.headers["modplane-operation-id"]) for answer in answers]
    wait_for(lambda: not broker.lag("modplane.assignments.commands"), "all is decided")
    assert ledger.statuses(acknowledged) == dict.fromkeys(acknowledged, "applied")
    events = ledger.fetch(
        "SELECT operation_id, aggregateid, count(*) FROM shared.event_log WHERE operation_id = ANY($1) GROUP BY 1, 2",
        acknowledged,
    )
    assert {id_: count for id_, _, count in events} == dict.fromkeys(acknowledged, 1)
    assert ledger.gaps(sorted({organization for _, organization, _ in events})) == []


def check_repeated_writes_are_answered_alike(callers: list[Caller], api: Api) -> None:
    pairs = [pair for caller in callers for pair in caller.repeated]
    assert {two.status_code for pair in pairs for two in pair} <= {200, 202}
    assert {
        first.headers["modplane-operation-id"] == again.headers["modplane-operation-id"] for first, again in pairs
    } == {True}
    decided = [(first, again) for first, again in pairs if first.status_code == again.status_code == 200]
    assert decided
    at_two_replicas = sum(first.request.url.port != again.request.url.port for first, again in decided)
    assert at_two_replicas >= CALLERS
    assert [(first.text, again.text) for first, again in decided if told(first) != told(again)] == []
    for caller in callers:
        last = len(caller.answers)
        answers = [caller.asked(api, last) for _ in range(2)]
        assert told(answers[0]) == told(answers[1])
        assert answers[0].status_code == 200, answers[0].text


def told(answer: httpx.Response) -> tuple[str, str]:
    return answer.text, answer.headers["etag"]
