"""Starts servers again that died while the service runs; the service itself lives through the outage."""

import time
from dataclasses import dataclass, field
from threading import Thread

from devstack.errors import StackError
from devstack.jars import Say
from devstack.server import Server

_LONGEST_PAUSE_SECONDS = 30.0
_FORGIVEN_AFTER_SECONDS = 120.0


@dataclass(slots=True)
class _Trouble:
    """How often a server died lately, and who is at work on it."""

    deaths: int = 0
    not_before: float = 0.0
    worker: Thread | None = None


@dataclass(slots=True)
class Restarter:
    """Watches the servers. `look` returns at once; the starts happen in threads of their own."""

    servers: list[Server]
    say: Say
    _troubles: dict[str, _Trouble] = field(default_factory=dict)

    def look(self) -> None:
        """Begin to start what died, each server at most once at a time, with pauses that double up to 30 s."""
        for server in self.servers:
            trouble = self._troubles.setdefault(server.name, _Trouble())
            busy = trouble.worker is not None and trouble.worker.is_alive()
            if not busy and not server.is_running() and time.monotonic() >= trouble.not_before:
                self._begin(server, trouble)

    def _begin(self, server: Server, trouble: _Trouble) -> None:
        now = time.monotonic()
        if now - trouble.not_before > _FORGIVEN_AFTER_SECONDS:
            trouble.deaths = 0
        trouble.not_before = now + min(2.0**trouble.deaths, _LONGEST_PAUSE_SECONDS)
        trouble.deaths += 1
        self.say(f"{server.name} died: starting it again.")
        trouble.worker = Thread(target=self._start, args=(server,), daemon=True)
        trouble.worker.start()

    def _start(self, server: Server) -> None:
        try:
            server.start()
        except (StackError, OSError) as error:
            self.say(f"{server.name} could not be started again: {error}")
        else:
            self.say(f"{server.name} answers again.")
