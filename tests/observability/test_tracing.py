"""One request is one trace: from HTTP through Kafka to the commit, the event, and whoever hears of it."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from secrets import token_hex
from typing import Any
from uuid import uuid4

import httpx
import pytest

from devstack import Endpoints
from tests.observability.collector import Collector, Told, collecting
from tests.support.api_client import ADMIN, Api, refresh_cookie, sign_in, signup
from tests.support.kafka_inspector import KafkaInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

ASSIGN = "/api/v1/modules/assign/{organization_id}"
COMMANDS, EVENTS = "tenant.commands.assignments", "tenant.module.assigned"
WAY = {
    f"POST {ASSIGN}",
    f"publish {COMMANDS}",
    f"process {COMMANDS}",
    "decide",
    "save",
    "commit",
    "invalidate",
    f"publish {EVENTS}",
    f"process {EVENTS}",
}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def replicas(
    endpoints: Endpoints, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[ServiceProcess]]:
    """One that takes requests and one that decides, both followed, with all there is to log."""
    logs = tmp_path_factory.mktemp("followed")
    standard = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_TRACES_SAMPLER": "parentbased_always_off",
        "MODPLANE_LOG_LEVEL": "debug",
    }
    started = [
        ServiceProcess(
            endpoints,
            logs / f"{role}.log",
            replica=f"followed-{role}",
            environment={**standard, "MODPLANE_ROLE": role, "OTEL_SERVICE_NAME": f"modplane-{role}"},
        ).start()
        for role in ("api", "worker")
    ]
    try:
        yield [replica.wait_ready(60) for replica in started]
    finally:
        for replica in started:
            replica.stop()


@pytest.fixture(scope="module")
def admin(replicas: list[ServiceProcess]) -> Api:
    return sign_in(replicas[0].url)


def followed(trace: str = "") -> dict[str, str]:
    """The header by which a caller asks for its request to be followed."""
    return {"traceparent": f"00-{trace or token_hex(16)}-{token_hex(8)}-01"}


def one(spans: Sequence[Told], name: str) -> Told:
    (found,) = [span for span in spans if span.name == name]
    return found


@pytest.fixture(scope="module")
def assigned(admin: Api, collector: Collector) -> tuple[httpx.Response, list[Told]]:
    """An answer, and the trace of its request."""
    organization, module = admin.organization(), admin.module()
    headers = followed()
    trace = headers["traceparent"].split("-")[1]
    answer = admin.post(f"/modules/assign/{organization}", {"module_id": module}, **headers)
    assert answer.status_code == 200, answer.text
    wait_for(lambda: {span.name for span in collector.spans(trace)} >= WAY, f"the way: {collector.spans(trace)}")
    return answer, collector.spans(trace)


def test_a_request_is_one_trace_over_processes_and_kafka(assigned: tuple[httpx.Response, list[Told]]) -> None:
    _, spans = assigned
    ids = {span.id for span in spans}
    assert {span.name for span in spans} == WAY
    (root,) = [span for span in spans if span.parent not in ids]
    assert root.name == f"POST {ASSIGN}"
    assert {span.service for span in spans} == {"modplane-api", "modplane-worker"}
    request, sent = one(spans, root.name), one(spans, f"publish {COMMANDS}")
    taken, event = one(spans, f"process {COMMANDS}"), one(spans, f"publish {EVENTS}")
    assert (sent.parent, taken.parent, event.parent) == (request.id, sent.id, sent.id)
    assert {one(spans, name).parent for name in ("decide", "save", "commit", "invalidate")} == {taken.id}
    assert one(spans, f"process {EVENTS}").parent == event.id
    assert taken.links == ((sent.trace, sent.id),)


def test_its_spans_tell_when_and_of_which_operation(assigned: tuple[httpx.Response, list[Told]]) -> None:
    answer, spans = assigned
    operation = answer.headers["modplane-operation-id"]
    for name in (f"POST {ASSIGN}", f"publish {COMMANDS}", "decide", "save", "commit", f"publish {EVENTS}"):
        assert one(spans, name).attributes["modplane.operation_id"] == operation
    request = one(spans, f"POST {ASSIGN}")
    assert (request.attributes["http.route"], request.attributes["http.response.status_code"]) == (ASSIGN, 200)
    order = [one(spans, name) for name in (f"publish {COMMANDS}", "decide", "save", "commit", "invalidate")]
    assert [span.started for span in order] == sorted(span.started for span in order)
    assert all(span.started <= span.ended for span in spans)


def test_the_records_carry_the_trace_for_whoever_else_reads_them(
    endpoints: Endpoints, assigned: tuple[httpx.Response, list[Told]]
) -> None:
    _, spans = assigned
    told = KafkaInspector(endpoints.kafka_bootstrap).headers([COMMANDS, EVENTS], "traceparent")
    for topic in (COMMANDS, EVENTS):
        sent = one(spans, f"publish {topic}")
        assert f"00-{sent.trace}-{sent.id}-01" in told[topic]


def test_commands_of_one_batch_stay_in_their_own_traces(admin: Api, collector: Collector) -> None:
    organization, modules = admin.organization(), [admin.module() for _ in range(3)]
    headers = [followed() for _ in modules]
    for module, header in zip(modules, headers, strict=True):
        answer = admin.post(
            f"/modules/assign/{organization}", {"module_id": module}, prefer="respond-async", if_match="*", **header
        )
        assert answer.status_code == 202, answer.text
    traces = [header["traceparent"].split("-")[1] for header in headers]

    def committed() -> list[Told]:
        return [span for trace in traces for span in collector.spans(trace) if span.name == "commit"]

    wait_for(lambda: len(committed()) == len(traces), "all commits")
    assert [span.trace for span in committed()] == traces


def test_what_nobody_asked_to_follow_is_not(admin: Api, collector: Collector) -> None:
    assert admin.get("/modules/available").status_code == 200
    answer = admin.get("/modules/available", **followed())
    assert answer.status_code == 200
    wait_for(lambda: [s for s in collector.spans() if s.name == "GET /api/v1/modules/available"], "the followed one")
    assert len([s for s in collector.spans() if s.name == "GET /api/v1/modules/available"]) == 1


def test_a_request_that_another_process_decided_is_woken(
    replicas: list[ServiceProcess], assigned: tuple[httpx.Response, list[Told]]
) -> None:
    assert assigned
    told = httpx.get(f"{replicas[0].url}/metrics").text
    assert 'modplane_command_stage_seconds_count{context="assignments",stage="wake"}' in told


def test_neither_spans_nor_lines_have_a_secret(
    replicas: list[ServiceProcess], collector: Collector, admin: Api
) -> None:
    url, header = replicas[0].url, followed()
    password, wrong, typed = (f"in confidence {uuid4()}" for _ in range(3))
    body = signup(admin_password=password)
    assert admin.post("/organizations/signup", body, **header).status_code == 201
    credentials = {"email": body["admin_email"], "password": password}
    signed_in = Api(url).post("/auth/login", credentials, **header)
    program = admin.post("/tokens", {"name": "ci", "role": "service"}, **header).json()["token"]
    refused = [
        Api(url).post("/auth/login", {**credentials, "password": wrong}, **header),
        Api(url, f"{program}x").get("/modules/available", **header),
        Api(url).get(f"/nowhere/{typed.replace(' ', '-')}?q={wrong}", **header),
    ]
    assert [answer.status_code for answer in refused] == [401, 401, 404]
    assert Api(url, program).get("/modules/available", **header).status_code == 200
    trace = header["traceparent"].split("-")[1]
    wait_for(lambda: len([s for s in collector.spans(trace) if "auth/login" in s.name]) == 2, "the spans of both")
    cookie = refresh_cookie(signed_in.cookies)[1]
    secrets = [password, wrong, typed.replace(" ", "-"), program, signed_in.json()["access_token"], cookie]
    secrets += [str(ADMIN["password"]), "$argon2", admin.client.headers["authorization"].removeprefix("Bearer ")]
    shown = {"spans": str(collector.spans()), **{replica.replica: replica.log for replica in replicas}}
    assert [(where, secret) for where, text in shown.items() for secret in secrets if secret in text] == []


def test_lines_of_the_log_name_operation_and_trace(
    replicas: list[ServiceProcess], assigned: tuple[httpx.Response, list[Told]]
) -> None:
    answer, spans = assigned
    operation, trace = answer.headers["modplane-operation-id"], spans[0].trace
    api, worker = ([json.loads(line) for line in replica.log.splitlines()] for replica in replicas)
    (request,) = [line for line in api if line.get("operation_id") == operation]
    assert (request["event"], request["route"], request["status"]) == ("request", ASSIGN, 200)
    (decided,) = [line for line in worker if line.get("operation_id") == operation]
    assert (decided["event"], decided["status"]) == ("command_decided", "applied")
    assert {line["trace_id"] for line in (request, decided)} == {trace}


def test_where_nobody_asks_nothing_of_it_is_loaded() -> None:
    program = "import sys; from app.main import create_app; create_app(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(run.stdout.split())
    assert "shared.telemetry.tracing" in loaded
    assert not [name for name in loaded if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))]
    assert "shared.telemetry.otel" not in loaded


def test_an_address_nobody_answers_at_keeps_nobody_waiting(
    endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment: dict[str, Any] = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "MODPLANE_ROLE": "api"}
    log = tmp_path_factory.mktemp("nowhere") / "service.log"
    with ServiceProcess(endpoints, log, replica=f"nowhere-{uuid4()}", environment=environment) as process:
        assert httpx.get(f"{process.url}/api/v1/industries").status_code == 200
    assert process.has_ended()
    assert all(json.loads(line) for line in process.log.splitlines())
