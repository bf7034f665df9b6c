"""Connections that keep the service waiting end, and while they are there everybody else is served."""

import re
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from devstack import Endpoints
from tests.support.api_client import Api, new_tenant, sign_in
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

PATIENCE = 60.0
SHARE = 20
ENVIRONMENT = {
    "MODPLANE_HTTP_HEAD_SECONDS": "1.5",
    "MODPLANE_HTTP_BODY_SECONDS": "1.5",
    "MODPLANE_HTTP_IDLE_SECONDS": "3",
    "MODPLANE_HTTP_CONNECTIONS_PER_ADDRESS": str(SHARE),
    "MODPLANE_HTTP_EXEMPT_ADDRESSES": "127.0.0.1, 127.0.9.0/24",
}
HALF_HEAD = b"GET /api/v1/industries HTTP/1.1\r\nHost: modplane\r\nX-Half: "
LOGIN = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: modplane\r\nContent-Type: application/json\r\n"
HALF_BODY = LOGIN + b'Content-Length: 900\r\n\r\n{"email": "'
WHOLE = b"HEAD /api/v1/industries HTTP/1.1\r\nHost: modplane\r\n\r\n"
"""A request whose answer ends with its head."""


@pytest.fixture(scope="module")
def service(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    log = tmp_path_factory.mktemp("connections") / "service.log"
    with ServiceProcess(endpoints, log, environment=ENVIRONMENT) as process:
        yield process


@pytest.fixture(scope="module")
def admin(service: ServiceProcess) -> Api:
    return sign_in(service.url)


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def connected(
    service: ServiceProcess, opened: ExitStack, said: bytes = b"", source: str = "127.0.0.1"
) -> socket.socket:
    """A connection on which this was said."""
    connection = socket.create_connection(("127.0.0.1", service.port), PATIENCE, source_address=(source, 0))
    opened.enter_context(connection)
    connection.sendall(said)
    return connection


def to_the_end(connection: socket.socket) -> bytes:
    """Everything that is heard until the service closes the connection."""
    heard = b""
    while chunk := connection.recv(1 << 16):
        heard += chunk
    return heard


def head_of(connection: socket.socket) -> bytes:
    """The beginning of the next answer."""
    heard = b""
    while b"\r\n\r\n" not in heard and (chunk := connection.recv(1 << 16)):
        heard += chunk
    return heard


def metric(service: ServiceProcess, name: str) -> float:
    """One sample of the service; 0 when there is none."""
    found = re.findall(rf"^{re.escape(name)} (\S+)$", httpx.get(f"{service.url}/metrics").text, re.MULTILINE)
    return float(found[0]) if found else 0.0


def closed(service: ServiceProcess, reason: str) -> float:
    return metric(service, f'modplane_http_connections_closed_total{{reason="{reason}"}}')


def status_and_code(heard: bytes) -> tuple[int, str]:
    """Of an answer that is a problem and the last one."""
    head, _, body = heard.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower(), heard
    assert b"connection: close" in head.lower(), heard
    code = re.findall(rb"urn:modplane:problem:(\w+)", body)
    return int(head.split()[1]), code[0].decode()


def test_a_connection_on_which_nothing_is_said_ends(service: ServiceProcess, opened: ExitStack) -> None:
    assert to_the_end(connected(service, opened)) == b""
    assert to_the_end(connected(service, opened, b"\r\n\r\n")) == b""
    assert closed(service, "slow_head") >= 2


def test_a_connection_ends_that_is_not_used_again(service: ServiceProcess, opened: ExitStack) -> None:
    connection = connected(service, opened, WHOLE)
    assert head_of(connection).startswith(b"HTTP/1.1 200")
    connection.sendall(WHOLE)
    assert to_the_end(connection).startswith(b"HTTP/1.1 200")
    assert closed(service, "idle") >= 1


def test_half_a_head_is_answered_408_on_a_connection_that_was_used_before_too(
    service: ServiceProcess, opened: ExitStack
) -> None:
    new, used = connected(service, opened, HALF_HEAD), connected(service, opened, WHOLE)
    assert head_of(used).startswith(b"HTTP/1.1 200")
    used.sendall(HALF_HEAD)
    problems = [status_and_code(each) for each in (to_the_end(new), to_the_end(used)[-1000:])]
    assert problems == [(408, "request_timed_out")] * 2


def test_half_a_body_is_answered_408_and_one_that_trickles_too(service: ServiceProcess, opened: ExitStack) -> None:
    halves = [
        connected(service, opened, HALF_BODY),
        connected(service, opened, LOGIN + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{    \r\n"),
    ]
    trickling = connected(service, opened, HALF_BODY)
    trickling.settimeout(0.05)

    def answered() -> bytes:
        trickling.sendall(b"x")
        try:
            return trickling.recv(1 << 16)
        except TimeoutError:
            return b""

    answer: bytes = wait_for(answered, "the end of the trickle", PATIENCE)
    trickling.settimeout(PATIENCE)
    if b"request_timed_out" not in answer:  # the head may come before the body
        answer += to_the_end(trickling)
    assert status_and_code(answer) == (408, "request_timed_out")
    assert [status_and_code(to_the_end(half)) for half in halves] == [(408, "request_timed_out")] * 2


def test_a_body_whose_caller_leaves_is_no_failure_of_the_service(service: ServiceProcess, opened: ExitStack) -> None:
    count = 'modplane_http_request_seconds_count{{method="POST",route="/api/v1/auth/login",status="{}"}}'
    before = metric(service, count.format(400))
    connected(service, opened, HALF_BODY).close()
    wait_for(lambda: metric(service, count.format(400)) > before, "the caller to be noticed", PATIENCE)
    assert metric(service, count.format(500)) == 0


def test_a_head_without_an_end_is_refused_before_it_takes_much_memory(
    service: ServiceProcess, opened: ExitStack
) -> None:
    connection = connected(service, opened, HALF_HEAD + b"x" * 100_000)
    assert status_and_code(to_the_end(connection)) == (431, "head_too_large")


def test_what_is_no_request_is_told_so(service: ServiceProcess, opened: ExitStack) -> None:
    for rubbish in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"):
        assert status_and_code(to_the_end(connected(service, opened, rubbish))) == (400, "malformed")


def test_requests_may_follow_each_other_without_waiting_and_are_answered_in_order(
    service: ServiceProcess, opened: ExitStack
) -> None:
    paths = ["/health/live", "/api/v1/industries", "/no/such/path", "/health/live"]
    requests = [f"GET {path} HTTP/1.1\r\nHost: modplane\r\n\r\n" for path in paths]
    requests[-1] = requests[-1].replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    heard = to_the_end(connected(service, opened, "".join(requests).encode()))
    assert re.findall(rb"HTTP/1.1 (\d+)", heard) == [b"200", b"200", b"404", b"200"]


def test_a_body_that_waits_to_be_asked_for_is_asked_for(service: ServiceProcess, opened: ExitStack) -> None:
    connection = connected(service, opened, LOGIN + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    assert head_of(connection) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"{}")
    assert head_of(connection).startswith(b"HTTP/1.1 400")


def test_an_address_has_a_share_of_connections_unless_it_is_exempt(service: ServiceProcess, opened: ExitStack) -> None:
    shared, proxy = "127.0.0.7", "127.0.9.1"
    before = closed(service, "address_full")
    *kept, one_more = [connected(service, opened, WHOLE, shared) for _ in range(SHARE + 1)]
    refused = to_the_end(one_more)
    assert all(head_of(each).startswith(b"HTTP/1.1 200") for each in kept)
    assert status_and_code(refused) == (429, "too_many_connections")
    assert b"\r\nretry-after: " in refused
    assert closed(service, "address_full") == before + 1
    assert head_of(connected(service, opened, WHOLE, "127.0.0.8")).startswith(b"HTTP/1.1 200")
    assert all(head_of(connected(service, opened, WHOLE, proxy)).startswith(b"HTTP/1.1 200") for _ in range(2 * SHARE))
    kept[0].close()

    def let_in() -> bool:
        with ExitStack() as tried:
            return head_of(connected(service, tried, WHOLE, shared)).startswith(b"HTTP/1.1 200")

    wait_for(let_in, "a place to be free again", PATIENCE)


def test_everybody_else_is_served_while_fifteen_hundred_say_nothing_or_half_of_it(
    service: ServiceProcess, admin: Api, opened: ExitStack
) -> None:
    parts: Sequence[bytes] = (b"", HALF_HEAD, HALF_BODY)
    crowd = [connected(service, opened, parts[number % 3]) for number in range(1500)]
    tenant, module = new_tenant(service.url), admin.module()
    assert admin.decided(f"/modules/assign/{tenant.id}", {"module_id": module}).status_code == HTTPStatus.OK
    assert module in tenant.admin.modules_of(tenant.id)
    for connection in crowd:
        to_the_end(connection)
    wait_for(
        lambda: metric(service, 'modplane_http_connections{state="receiving"}') == 0, "all of them to end", PATIENCE
    )


def test_the_service_ends_in_order_whatever_is_open(service: ServiceProcess, opened: ExitStack) -> None:
    silent = [connected(service, opened, said) for said in (b"", HALF_HEAD)]
    used = connected(service, opened, WHOLE)
    assert head_of(used).startswith(b"HTTP/1.1 200")
    service.signal(signal.SIGTERM)
    wait_for(service.has_ended, "the end of the process", PATIENCE)
    assert service.exit_code == 0
    assert to_the_end(silent[0]) == b""


def test_who_has_just_come_is_heard_while_the_service_ends(
    endpoints: Endpoints, tmp_path: Path, opened: ExitStack
) -> None:
    with ServiceProcess(endpoints, tmp_path / "service.log") as service:
        new, used = connected(service, opened), connected(service, opened, WHOLE)
        assert head_of(used).startswith(b"HTTP/1.1 200")
        service.signal(signal.SIGTERM)
        assert to_the_end(used) == b""
        new.sendall(WHOLE)
        answer = to_the_end(new).lower()
        assert answer.startswith(b"http/1.1 200")
        assert b"connection: close" in answer
        wait_for(service.has_ended, "the end of the process", PATIENCE)
        assert service.exit_code == 0
