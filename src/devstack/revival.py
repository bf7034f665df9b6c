"""Starts parts again that died while the service runs; the service itself lives through the outage."""

import time
from dataclasses import dataclass, field
from threading import Thread

from devstack.errors import StackError
from devstack.jars import Say
from devstack.part import Part

_LONGEST_PAUSE_SECONDS = 30.0
_FORGIVEN_AFTER_SECONDS = 120.0


@dataclass(slots=True)
class _Trouble:
    """How often a part died lately, and who is at work on it."""

    deaths: int = 0
    not_before: float = 0.0
    worker: Thread | None = None


@dataclass(slots=True)
class Revival:
    """Watches the parts. `look` returns at once; the starts happen in threads of their own."""

    parts: list[Part]
    say: Say
    _troubles: dict[str, _Trouble] = field(default_factory=dict)

    def look(self) -> None:
        """Begin to start what died, each part at most once at a time, with pauses that double up to 30 s."""
        for part in self.parts:
            trouble = self._troubles.setdefault(part.name, _Trouble())
            busy = trouble.worker is not None and trouble.worker.is_alive()
            if not busy and not part.is_running() and time.monotonic() >= trouble.not_before:
                self._begin(part, trouble)

    def _begin(self, part: Part, trouble: _Trouble) -> None:
        now = time.monotonic()
        if now - trouble.not_before > _FORGIVEN_AFTER_SECONDS:
            trouble.deaths = 0
        trouble.not_before = now + min(2.0**trouble.deaths, _LONGEST_PAUSE_SECONDS)
        trouble.deaths += 1
        self.say(f"{part.name} died: starting it again.")
        trouble.worker = Thread(target=self._start, args=(part,), daemon=True)
        trouble.worker.start()

    def _start(self, part: Part) -> None:
        try:
            part.start()
        except (StackError, OSError) as error:
            self.say(f"{part.name} could not be started again: {error}")
        else:
            self.say(f"{part.name} answers again.")
