"""What a running service tells at `/metrics`."""

from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.api_client import Api
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

MODULES = "/api/v1/organizations/{organization_id}/modules"

STAGE_SECONDS = "modplane_command_stage_seconds_count"
STAGES = ("publish", "queue", "decide", "save", "commit", "invalidate")
CONTEXTS = ("registry", "industries", "organizations", "assignments")


@pytest.fixture
def read(service: ServiceProcess) -> Callable[..., float]:
    """A sample's value now, 0 when there is none; labels that are not named are added up."""

    def read(name: str, **labels: str) -> float:
        text = httpx.get(f"{service.url}/metrics").text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    return read


def test_a_read_before_routing_counts_as_its_route(
    service: ServiceProcess, admin: Api, read: Callable[..., float]
) -> None:
    organization = admin.organization()
    counted = {"route": MODULES, "method": "GET", "status": "200"}
    before = read("modplane_http_request_seconds_count", **counted)
    for path in (organization, organization.upper()):
        assert admin.get(f"/organizations/{path}/modules").status_code == 200
    assert read("modplane_http_request_seconds_count", **counted) == before + 2
    assert admin.get(f"/organizations/{uuid4()}/modules").status_code == 404
    assert read("modplane_http_request_seconds_count", route=MODULES, status="404") >= 1
    assert httpx.get(f"{service.url}/nowhere/{uuid4()}").status_code == 404
    assert read("modplane_http_request_seconds_count", route="unrouted", status="404") >= 1


def test_a_command_is_counted_on_each_station_of_its_way(admin: Api, read: Callable[..., float]) -> None:
    stations = {
        "modplane_commands_sent_total": {"context": "registry", "path": "kafka"},
        "modplane_command_seconds_count": {"context": "registry", "path": "kafka"},
        "modplane_commands_decided_total": {"context": "registry", "status": "applied"},
        "modplane_batch_commands_sum": {"context": "registry"},
        **{
            f"modplane_command_stage_seconds_count {stage}": {"context": "registry", "stage": stage} for stage in STAGES
        },
        "modplane_events_relayed_total": {},
        "modplane_event_seconds_count": {},
    }

    def counted() -> dict[str, float]:
        return {name: read(name.partition(" ")[0], **labels) for name, labels in stations.items()}

    before = counted()
    admin.module()
    wait_for(lambda: all(count > before[name] for name, count in counted().items()), "all stations counted it")


def test_queues_and_parts_are_looked_at(read: Callable[..., float]) -> None:
    wait_for(lambda: all(read("modplane_part_up", part=part) for part in ("postgres", "kafka", "redis")), "the parts")
    assert read("modplane_operations_waiting") == 0
    assert read("modplane_event_loop_delay_seconds_count") > 0
    assert read("modplane_database_connections", pool="writers") >= 1


def test_lag_is_told_for_every_group_and_topic(service: ServiceProcess) -> None:
    def told() -> set[str]:
        families = text_string_to_metric_families(httpx.get(f"{service.url}/metrics").text)
        (lag,) = [family for family in families if family.name == "modplane_consumer_lag_records"]
        return {f"{sample.labels['group']} {sample.labels['topic']}" for sample in lag.samples}

    expected = {f"modplane.{context}.commands tenant.commands.{context}" for context in CONTEXTS}
    expected |= {"modplane.assignments.events tenant.module.assigned"}
    wait_for(lambda: told() >= expected, "lag of every group", 25)
