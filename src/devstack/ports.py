"""Free TCP ports on 127.0.0.1."""

import random
import socket

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


def choose_port(taken: set[int]) -> int:
    """Pick a random free port that is not in `taken`. Raises OSError when none is found."""
    candidates = random.SystemRandom().sample(_RANGE, _ATTEMPTS)
    for port in candidates:
        if port not in taken and is_free(port):
            return port
    raise OSError(None, "No free TCP port between 20000 and 32000 on 127.0.0.1")
