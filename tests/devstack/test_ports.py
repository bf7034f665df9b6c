"""Where the service listens, and where people are told that it does."""

import socket
from contextlib import suppress
from ipaddress import IPv4Address

import pytest

from devstack import Service, StackError, listening_address
from devstack.ports import choose_port

ALL = str(IPv4Address(0))


def has(address: str) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe, suppress(OSError):
        probe.bind((address, 0))
        return True
    return False


@pytest.mark.parametrize(
    ("host", "address", "shown"),
    [
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:7"),
        ("127.0.0.2", "127.0.0.2", "http://127.0.0.2:7"),
        (ALL, ALL, "http://127.0.0.1:7"),
        ("localhost", "127.0.0.1", "http://localhost:7"),
        ("::1", "::1", "http://[::1]:7"),
        ("[::1]", "::1", "http://[::1]:7"),
        ("::", "::", "http://[::1]:7"),
    ],
)
def test_a_host_is_listened_on_by_its_address_and_shown_as_people_reach_it(host: str, address: str, shown: str) -> None:
    assert Service([], {}, 7, host).address == shown
    if not has(address):
        pytest.skip(f"this machine has no {address}")
    assert listening_address(host, choose_port(set())) == address


def test_a_port_in_use_on_that_host_is_told_and_on_another_does_not_matter() -> None:
    with socket.create_server(("127.0.0.2", 0)) as other:
        port = other.getsockname()[1]
        assert listening_address("127.0.0.1", port) == "127.0.0.1"
        for host in ("127.0.0.2", ALL):
            with pytest.raises(StackError, match=f"Port {port} is in use"):
                listening_address(host, port)
