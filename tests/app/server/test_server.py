"""Where the service listens, and how many files it may open."""

import json
import resource
import socket
import subprocess
import sys

import pytest

from app.server.server import AddressNotFree, listeners
from tests.support.service_process import free_port

LOW = """
import resource, structlog, sys
from app.server.connections import ConnectionLimits
from app.logs import configure_logs
from app.server.server import fit_open_files
configure_logs()
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
limits = fit_open_files(ConnectionLimits(most=1000, per_address=5, head_seconds=1, idle_seconds=1))
print(limits.most, limits.per_address, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def told_with(hard: int) -> tuple[list[int], list[str]]:
    """What becomes of a thousand connections under a hard limit of open files, and the log's lines."""
    program = [sys.executable, "-c", LOW.format(hard=hard)]
    run = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True)
    return list(map(int, run.stdout.split())), run.stderr.splitlines()


def test_the_limit_of_open_files_is_raised_as_far_as_it_is_needed() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 2000
    assert told_with(2000) == ([1000, 5, 1512], [])


def test_with_fewer_open_files_there_are_fewer_connections_and_the_log_says_so() -> None:
    figures, (line,) = told_with(1000)
    assert figures == [488, 5, 1000]
    told = json.loads(line)
    assert (told["event"], told["level"], told["needed"], told["connections"]) == (
        "open_files_limit_low", "warning", 1512, 488,
    )  # fmt: skip


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressNotFree, match=f"127.0.0.1, port {port}"):
            listeners("127.0.0.1", port)


def test_a_host_that_is_none_is_named() -> None:
    with pytest.raises(AddressNotFree, match=r"no-such-host\.invalid"):
        listeners("no-such-host.invalid", free_port())


def test_every_interface_of_ipv6_is_every_one_of_ipv4_too() -> None:
    port = free_port()
    (listener,) = listeners("::", port)
    with listener:
        listener.listen()
        for host in ("127.0.0.1", "::1"):
            socket.create_connection((host, port), timeout=10).close()
