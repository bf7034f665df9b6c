from collections.abc import Iterator
from pathlib import Path

import pytest

from assignments.commands import AssignModule
from assignments.events import ModuleAssignedEvent
from devstack import Endpoints
from tests.support.api_client import sign_in
from tests.support.command_records import TOPIC as COMMANDS
from tests.support.command_records import command_envelope, partition_records
from tests.support.database_inspector import DatabaseInspector
from tests.support.kafka_inspector import KafkaInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

TOPIC = ModuleAssignedEvent.topic
LIMIT = 40_000
TOO_LARGE = {"note": "x" * LIMIT}


@pytest.fixture
def broker(endpoints: Endpoints) -> Iterator[KafkaInspector]:
    """Takes events of assigned modules up to the limit alone, until the test lifts it."""
    broker = KafkaInspector(endpoints.kafka_bootstrap)
    broker.configure(TOPIC, {"max.message.bytes": str(LIMIT)})
    yield broker
    broker.configure(TOPIC, {})


def sequences(broker: KafkaInspector, organization: str) -> list[int]:
    """Of the organization's events on the topic, as they lie there."""
    return [event.sequence for event in broker.events([TOPIC]) if event.organization_id == organization]


def test_an_event_refused_for_good_holds_up_its_own_key_alone(
    endpoints: Endpoints, broker: KafkaInspector, tmp_path: Path
) -> None:
    ledger = DatabaseInspector(endpoints.postgres_url)
    with ServiceProcess(endpoints, tmp_path / "service.log", replica="faults") as replica:
        admin = sign_in(replica.url)
        held, free = admin.organization(), admin.organization()
        modules = [admin.module() for _ in range(5)]
        configs = [{}, TOO_LARGE, {}, {}]
        at_once = [
            command_envelope(AssignModule(organization, module, "somebody", config))
            for module, config in zip(modules, configs, strict=False)
            for organization, config in ((held, config), (free, {}))
        ]
        broker.produce(COMMANDS, partition_records(0, *at_once))
        wait_for(lambda: letter(ledger, held), "the refused event is a dead letter")
        later = admin.post(f"/modules/assign/{held}", {"module_id": modules[-1]})
        assert later.status_code == 200, later.text
        assert admin.post(f"/modules/assign/{free}", {"module_id": modules[-1]}).status_code == 200
        wait_for(lambda: not ledger.queued([free]), "the others go on")
        assert sequences(broker, free) == [1, 2, 3, 4, 5]
        assert sequences(broker, held) == [1]
        assert ledger.queued([held]) == 4
        assert letter(ledger, held) == [("open", TOPIC)]

        broker.configure(TOPIC, {})
        (found,) = [one for one in admin.get("/system/dead-letters?kind=relay").json()["items"] if one["key"] == held]
        details = admin.get(f"/system/dead-letters/{found['id']}").json()
        assert (details["waiting_events"], details["context"]) == (4, "assignments")
        assert details["body_bytes"] > LIMIT
        assert details["body_is_cut"]
        retried = admin.post(f"/system/dead-letters/{found['id']}/retry?reason=the%20limit%20is%20lifted")
        assert retried.json()["status"] in {"retried", "resolved"}, retried.text

        wait_for(lambda: not ledger.queued([held]), "what waited goes out")
        assert sequences(broker, held) == [1, 2, 3, 4, 5]
        wait_for(lambda: ledger.taken_up(modules[1]) == (2, 0), "subscribers see it")
        assert letter(ledger, held) == [("resolved", TOPIC)]


def letter(ledger: DatabaseInspector, key: str) -> list[tuple[str, str]]:
    return ledger.fetch("SELECT status, source FROM shared.dead_letters WHERE kind = 'relay' AND key = $1", key)
