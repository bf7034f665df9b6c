from pathlib import Path
from typing import Any

from devstack import Endpoints
from tests.support.api_client import Api, sign_in
from tests.support.database_inspector import DatabaseInspector
from tests.support.kafka_inspector import KafkaInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

Request = tuple[str, dict[str, Any]]


def every_kind_of_write(organization: str, modules: list[str]) -> list[Request]:
    """Paths and bodies of changes that are applied, unchanged and refused; its industry holds the first two modules."""
    first, second, third = modules
    return [
        (f"/modules/assign/{organization}", {"module_id": third, "config": {"seats": 5}}),
        (f"/modules/assign/{organization}", {"module_id": third}),
        (f"/modules/assign/{organization}", {"module_id": f"{third}x"}),
        (f"/modules/bulk-assign/{organization}", {"module_ids": [first, third]}),
        (f"/modules/bulk-assign/{organization}", {"module_ids": [first, f"{third}x"]}),
        (f"/modules/unassign/{organization}/{second}", {}),
    ]


def ask(admin: Api, requests: list[Request]) -> list[tuple[int, str]]:
    """Statuses and bodies; each request's Idempotency-Key is its place."""
    answers = [admin.post(path, body, idempotency_key=f"write-{place}") for place, (path, body) in enumerate(requests)]
    return [(answer.status_code, answer.text) for answer in answers]


def test_partitions_delivered_again_from_their_beginning_change_nothing(endpoints: Endpoints, tmp_path: Path) -> None:
    replica = ServiceProcess(endpoints, tmp_path / "service.log", replica="faults")
    broker, ledger = KafkaInspector(endpoints.kafka_bootstrap), DatabaseInspector(endpoints.postgres_url)
    with replica:
        admin = sign_in(replica.url)
        modules = [admin.module() for _ in range(3)]
        industry = admin.industry(modules[:2])
        organizations = [admin.organization(industry) for _ in range(3)]
        requests = [write for organization in organizations for write in every_kind_of_write(organization, modules)]
        answers = ask(admin, requests)
        lists = [admin.modules_of(organization) for organization in organizations]
        ids = [*modules, industry, *organizations]
        wait_for(lambda: not ledger.queued(ids) and not broker.lag(), "everything published and consumed")
    before = ledger.everything_about(ids)
    assert [status for status, _ in answers] == [200, 200, 422, 200, 422, 200] * 3
    assert [ledger.taken_up(module) for module in modules] == [(3, 0), (3, 3), (3, 0)]

    again = broker.rewind("faults")

    assert again >= len(before["events"]) + len(before["operations"])
    with replica:
        wait_for(lambda: not broker.lag(), "everything consumed again")
        admin = sign_in(replica.url)
        assert ask(admin, requests) == answers
        assert [admin.modules_of(organization) for organization in organizations] == lists
    assert ledger.everything_about(ids) == before
    assert ledger.gaps(ids) == []
