"""Events as people and programs hear them: their own, at once, nothing left out by whatever happens meanwhile."""

import re
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import psutil
import pytest

from devstack import Endpoints
from tests.support.api_client import Api, code_of, new_tenant, sign_in
from tests.support.event_stream_client import EventStreamClient
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

STREAMS, MOST_MB = 500, 100
PATIENCE = 60.0
EVENT = b'\ndata: {"event_id"'
CUT_OFF = re.compile(r"^modplane_event_streams_cut_total (\d\S*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def service(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    log = tmp_path_factory.mktemp("live") / "service.log"
    with ServiceProcess(endpoints, log, program=("-m", "tests.live.entry_quick_streams")) as process:
        yield process


@pytest.fixture(scope="module")
def admin(service: ServiceProcess) -> Api:
    return sign_in(service.url)


def test_everybody_hears_what_he_may_and_wants_to_hear(service: ServiceProcess, admin: Api) -> None:
    module = admin.module()
    acme, globex = new_tenant(service.url), new_tenant(service.url)
    kind = "tenant.module.assigned"
    with ExitStack() as stack:
        everything, of_kind, own, foreign = (
            stack.enter_context(listening).live()
            for listening in (
                EventStreamClient(admin, f"?module_id={module}"),
                EventStreamClient(admin, f"?type={kind}&organization_id={acme.id}"),
                EventStreamClient(acme.admin),
                EventStreamClient(globex.admin),
            )
        )
        assert own.answer.headers["cache-control"] == "no-store"
        assert own.answer.headers["x-accel-buffering"] == "no"
        assert own.answer.headers["content-type"].startswith("text/event-stream")
        assigned = admin.post(f"/modules/assign/{acme.id}", {"module_id": module}, modplane_reason="a try")
        admin.post(f"/modules/unassign/{acme.id}/{module}")
        admin.post(f"/modules/assign/{globex.id}", {"module_id": module})
        for listening, number in ((everything, 3), (of_kind, 1), (own, 2), (foreign, 1)):
            listening.hear(partial(has_heard, listening, number))
    first = own.events[0]
    assert (first["type"], first["operation_id"]) == (kind, assigned.json()["operation_id"])
    assert first["reason"] == "a try"
    assert first == everything.events[0] == of_kind.events[0]
    assert {event["organization_id"] for event in own.events} == {acme.id}
    assert [event["organization_id"] for event in foreign.events] == [globex.id]
    own_page = acme.admin.get("/events?sort=position").json()["items"]
    assert own_page[-2:] == own.events


def test_who_comes_back_misses_nothing_even_if_the_service_was_killed(
    endpoints: Endpoints, admin: Api, tmp_path_factory: pytest.TempPathFactory
) -> None:
    module = admin.module()
    organization = admin.organization()
    log = tmp_path_factory.mktemp("mortal") / "service.log"
    with ExitStack() as stack:
        mortal = stack.enter_context(ServiceProcess(endpoints, log, replica="mortal"))
        listening = stack.enter_context(EventStreamClient(sign_in(mortal.url), f"?organization_id={organization}"))
        listening.live()
        admin.post(f"/modules/assign/{organization}", {"module_id": module})
        listening.hear(lambda: listening.events)
        mortal.kill()
        with pytest.raises((httpx.TransportError, StopIteration)):
            listening.hear(lambda: False)
    for degrees in range(3):
        admin.patch(f"/organizations/{organization}/modules/{module}", {"degrees": degrees})
    query = f"?organization_id={organization}"
    for again in (
        EventStreamClient(admin, query, after=listening.place),
        EventStreamClient(admin, f"{query}&last_event_id={listening.place}"),
    ):
        with again:
            again.live()
        assert [event["type"] for event in again.events] == ["tenant.module.config_updated"] * 3
    for place, code in (("yesterday", "bad_position"), ("999999999999-1", "place_unknown")):
        with EventStreamClient(admin, after=place) as refused:
            assert (refused.answer.status_code, code_of(refused.answer)) == (400, code)


def test_a_stream_ends_with_the_right_to_listen_and_says_why(service: ServiceProcess, admin: Api) -> None:
    tenant = new_tenant(service.url)
    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    expiring, revoked = (
        admin.post("/tokens", {"name": "a listener", "role": "super_admin", "scopes": ["read"], "expires_at": until})
        for until in (soon, None)
    )
    listeners = [EventStreamClient(Api(service.url, token.json()["token"])) for token in (expiring, revoked)]
    with ExitStack() as stack:
        opened = [stack.enter_context(one).live() for one in (*listeners, EventStreamClient(tenant.admin))]
        admin.delete(f"/tokens/{revoked.json()['id']}")
        admin.post(f"/organizations/{tenant.id}/suspend")
        ended = [one.to_the_end().told[-1] for one in opened]
    assert [told["state"] for told in ended] == ["ended"] * 3
    assert [told["code"] for told in ended] == ["token_expired", "token_invalid", "organization_is_suspended"]
    with EventStreamClient(tenant.admin) as refused:
        assert (refused.answer.status_code, code_of(refused.answer)) == (403, "organization_is_suspended")


def heard(listening: EventStreamClient) -> int:
    """How many events, however large."""
    return listening.sent.count(EVENT)


def has_heard(listening: EventStreamClient, number: int) -> bool:
    return heard(listening) >= number and listening.sent.endswith(b"\n\n")


class Crowd:
    """Many connections at once, each with a stream of its own."""

    def __init__(self, port: int, token: str | None, number: int, query: str) -> None:
        head = (f"GET /api/v1/events/stream{query} HTTP/1.1", "Host: modplane", f"Authorization: Bearer {token}")
        request = "\r\n".join([*head, "", ""])
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(number)]
        self.heard = [b""] * number
        self._selector = selectors.DefaultSelector()
        for place, connection in enumerate(self.sockets):
            connection.sendall(request.encode())
            self._selector.register(connection, selectors.EVENT_READ, place)

    def hear(self, wanted: bytes) -> None:
        """Reads until everybody has heard it."""
        deadline = time.monotonic() + PATIENCE
        while missing := sum(wanted not in heard for heard in self.heard):
            assert time.monotonic() < deadline, f"{missing} did not hear {wanted!r}"
            for key, _ in self._selector.select(1):
                chunk = key.fileobj.recv(1 << 16)  # type: ignore[union-attr]
                assert chunk, self.heard[key.data][-300:]
                self.heard[key.data] += chunk

    def close(self) -> None:
        self._selector.close()
        for connection in self.sockets:
            connection.close()


def memory(service: ServiceProcess) -> float:
    """What the replica's processes take, in MB; shared pages are counted by their share."""
    processes = [psutil.Process(service.pid), *psutil.Process(service.pid).children(recursive=True)]
    return sum(process.memory_full_info().pss for process in processes) / 1e6


def test_five_hundred_listeners_cost_less_than_a_hundred_megabytes_and_all_hear_the_same(
    service: ServiceProcess, admin: Api, measured: Callable[[str], None]
) -> None:
    module = admin.module()
    before = memory(service)
    crowd = Crowd(service.port, admin.token, STREAMS, f"?module_id={module}")
    try:
        crowd.hear(b'"state":"live"')
        operation = admin.patch(f"/module-registry/{module}", {"version": "2"}).json()["operation_id"]
        crowd.hear(operation.encode())
        spent = memory(service) - before
    finally:
        crowd.close()
    measured(f"{STREAMS} streams: {spent:.1f} MB")
    assert spent < MOST_MB
    wait_for(lambda: "modplane_event_streams 0.0" in metrics(service), "all streams to be forgotten", PATIENCE)


def metrics(service: ServiceProcess) -> str:
    return httpx.get(f"{service.url}/metrics").text


def test_who_does_not_read_is_cut_off_and_finds_everything_on_coming_back(service: ServiceProcess, admin: Api) -> None:
    module = admin.module()
    cut_before = float(CUT_OFF.findall(metrics(service))[0])
    sleeper = Crowd(service.port, admin.token, 1, f"?module_id={module}")
    sleeper.hear(b'"state":"live"')
    place = re.findall(rb"id: (\S+)", sleeper.heard[0])[-1].decode()
    before = memory(service)
    with EventStreamClient(admin, f"?module_id={module}") as reader:
        reader.live()
        while float(CUT_OFF.findall(metrics(service))[0]) == cut_before:
            seen = heard(reader)
            assert seen < 150, "it was never cut off"
            text = f"{seen} ".ljust(400_000, "x")
            assert admin.patch(f"/module-registry/{module}", {"metadata": {"text": text}}).status_code == 200
            reader.hear(partial(has_heard, reader, seen + 1))
    assert memory(service) - before < MOST_MB
    assert not has_proper_end(sleeper)
    sleeper.close()
    with EventStreamClient(admin, f"?module_id={module}", after=place) as again:
        again.live()
    assert again.positions == reader.positions


def has_proper_end(crowd: Crowd) -> bool:
    """Whether the server said that nothing more will come."""
    rest, (connection,) = b"", crowd.sockets
    connection.settimeout(PATIENCE)
    try:
        while chunk := connection.recv(1 << 20):
            rest = (rest + chunk)[-100:]
    except ConnectionError:
        return False
    return rest.endswith(b"0\r\n\r\n")


def test_a_replica_stops_in_time_with_streams_open_and_tells_them(
    endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("leaving") / "service.log"
    with ServiceProcess(endpoints, log, replica="leaving") as leaving:
        admin = sign_in(leaving.url)
        sleepers = Crowd(leaving.port, admin.token, 20, "")
        sleepers.hear(b'"state":"live"')
        with EventStreamClient(admin) as listening:
            listening.live()
            leaving.signal(signal.SIGTERM)
            listening.to_the_end()
            wait_for(leaving.has_ended, "the end of the process")
        sleepers.hear(b'"code":"service_stops"')
        sleepers.close()
    assert listening.told[-1]["code"] == "service_stops"
    assert "graceful shutdown exceeded" not in leaving.log
