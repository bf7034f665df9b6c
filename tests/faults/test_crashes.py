from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from assignments.events import EVENTS
from devstack import Endpoints
from shared.messages import EventEnvelope
from tests.support.api_client import Api, sign_in
from tests.support.database_inspector import DatabaseInspector
from tests.support.kafka_inspector import KafkaInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

PROGRAM = Path(__file__).with_name("entry_with_faults.py")
CALLERS = 8


class Dying:
    """A replica that can be told where to die, with organizations to write to."""

    def __init__(self, endpoints: Endpoints, directory: Path) -> None:
        self.directory = directory
        self.broker, self.ledger = KafkaInspector(endpoints.kafka_bootstrap), DatabaseInspector(endpoints.postgres_url)
        self.process = ServiceProcess(
            endpoints,
            directory / "service.log",
            replica="faults",
            environment={"FAULTS": str(directory)},
            program=[str(PROGRAM)],
        )
        self.process.start().wait_ready()

    def stock(self) -> None:
        """New organizations and modules."""
        admin = sign_in(self.process.url)
        self.organizations = [admin.organization() for _ in range(2)]
        self.modules = [admin.module() for _ in range(6)]

    def dies(self, name: str) -> None:
        """It will, at this seam."""
        (self.directory / name).touch()

    def decided(self) -> list[tuple[object, ...]]:
        """The operations on the organizations that are decided, with their outcomes and when."""
        return self.ledger.everything_about(self.organizations)["operations"]

    def write(self, admin: Api) -> list[httpx.Response | None]:
        """Assigns every module to every organization at once, always by the same keys; None: the caller was cut off."""
        with ThreadPoolExecutor(CALLERS) as callers:
            pairs = [(organization, module) for module in self.modules for organization in self.organizations]
            return list(callers.map(lambda pair: assign(admin, *pair), pairs))

    def comes_back(self) -> Api:
        """Ends having died, and starts again in its own place."""
        wait_for(self.process.has_ended, "it died")
        self.process.start().wait_ready()
        return sign_in(self.process.url)

    def settles(self) -> None:
        """Waits until nothing is on its way any more."""
        ids = [*self.organizations, *self.modules]
        wait_for(lambda: not self.ledger.queued(ids) and not self.broker.lag(), "everything published and consumed")

    def published(self) -> list[EventEnvelope]:
        """The organizations' events as they lie on the topics of assignments."""
        streams = {f"assignments:{organization}" for organization in self.organizations}
        return [event for event in self.broker.events(sorted(EVENTS)) if event.stream in streams]


def assign(admin: Api, organization: str, module: str) -> httpx.Response | None:
    try:
        return admin.post(f"/modules/assign/{organization}", {"module_id": module}, idempotency_key=module)
    except httpx.TransportError:
        return None


@pytest.fixture(scope="module")
def shared_replica(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dying]:
    dying = Dying(endpoints, tmp_path_factory.mktemp("dying"))
    yield dying
    dying.process.stop()


@pytest.fixture
def replica(shared_replica: Dying) -> Dying:
    """With organizations and modules of the test's own, and nothing on its way."""
    shared_replica.stock()
    shared_replica.settles()
    return shared_replica


def check_all_is_done_once(replica: Dying, admin: Api, answers: list[httpx.Response | None]) -> None:
    for answer in answers:
        assert answer is not None
        assert (answer.status_code, answer.json()["status"]) == (200, "applied"), answer.text
    assert len({answer.headers["modplane-operation-id"] for answer in answers if answer}) == len(answers)
    replica.settles()
    assert replica.ledger.gaps(replica.organizations) == []
    per_stream = Counter(event.stream for event in unique(replica.published()))
    assert sorted(per_stream.values()) == [len(replica.modules)] * len(replica.organizations)
    assert {replica.ledger.taken_up(module) for module in replica.modules} == {(len(replica.organizations), 0)}
    for organization in replica.organizations:
        assert admin.modules_of(organization).keys() == set(replica.modules)


def unique(events: list[EventEnvelope]) -> list[EventEnvelope]:
    """The first delivery of each."""
    return list({event.event_id: event for event in reversed(events)}.values())[::-1]


def test_a_crash_between_commit_and_offset_commit_doubles_nothing(replica: Dying) -> None:
    replica.dies("exit-before-offset-commit")
    cut = replica.write(sign_in(replica.process.url))
    assert None in cut
    wait_for(replica.process.has_ended, "it died")
    decided = replica.decided()
    assert len(decided) > len(replica.organizations)
    assert replica.broker.lag("modplane.assignments.commands") > 0

    admin = replica.comes_back()

    answers = replica.write(admin)
    check_all_is_done_once(replica, admin, answers)
    assert set(decided) < set(replica.decided())


def test_a_crash_between_publishing_and_removal_from_the_queue_repeats_events_in_order(replica: Dying) -> None:
    replica.dies("exit-before-relay-removal")
    replica.write(sign_in(replica.process.url))
    wait_for(replica.process.has_ended, "it died")
    queued = replica.ledger.queued(replica.organizations)
    published = replica.published()
    assert published
    assert queued >= len(published)

    admin = replica.comes_back()

    check_all_is_done_once(replica, admin, replica.write(admin))
    events = replica.published()
    assert max(Counter(event.event_id for event in events).values()) > 1
    last: dict[tuple[str, str], int] = defaultdict(int)
    for event in unique(events):
        assert event.sequence > last[event.stream, event.type]
        last[event.stream, event.type] = event.sequence
