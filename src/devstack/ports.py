"""TCP ports: those of the parts, on 127.0.0.1, and the one where the service is to listen."""

import errno
import random
import socket

from devstack.errors import StackError

# Below the kernels' ephemeral ranges: an outgoing connection never takes the port of a part that is restarting.
_RANGE = range(20_000, 32_000)
_ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port now; connections still closing do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def listening_address(host: str, port: int) -> str:
    """Return the IP address by which a server listens on a host. Raises StackError, one line, when none could now."""
    name = host.removeprefix("[").removesuffix("]")
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise StackError(f"MODPLANE_HTTP_HOST is no address of this machine: {host}.") from None
    family, kind, protocol, _, place = min(found, key=lambda each: each[0] != socket.AF_INET)
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError as error:
            raise _explained(error, host, port) from None
    return str(place[0])


def _explained(error: OSError, host: str, port: int) -> StackError:
    if error.errno == errno.EADDRINUSE:
        return StackError(f"Port {port} is in use: stop what uses it, or set MODPLANE_HTTP_PORT.")
    if error.errno == errno.EACCES:
        return StackError(f"Port {port} is not allowed to this user: set MODPLANE_HTTP_PORT to one from 1024 on.")
    return StackError(f"MODPLANE_HTTP_HOST is no address of this machine: {host}.")


def reachable_host(host: str) -> str:
    """Return where clients on this machine find a server that listens on a host: of a wildcard, the loopback."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - to tell


def choose_port(taken: set[int]) -> int:
    """Pick a random free port that is not in `taken`. Raises OSError when none is found."""
    candidates = random.SystemRandom().sample(_RANGE, _ATTEMPTS)
    for port in candidates:
        if port not in taken and is_free(port):
            return port
    raise OSError(None, "No free TCP port between 20000 and 32000 on 127.0.0.1")
