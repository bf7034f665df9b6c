"""One server of the stack: a process, started and watched according to a specification."""

import shutil
import time
from pathlib import Path
from threading import Event
from typing import Protocol

from devstack.errors import StackError
from devstack.processes import Command, GuardedProcess, last_lines

_ANSWER_SECONDS = 60.0
_ROOM_BYTES = 32 * 1024 * 1024
_PAUSE_SECONDS = 0.03


class ServerSpec(Protocol):
    """What is particular to one server."""

    name: str

    def prepare(self) -> None:
        """Write its configuration and, the first time, its data. Raises StackError or OSError."""

    def command(self) -> Command:
        """Build the command that runs it in the foreground."""

    def answers(self) -> bool:
        """Tell whether it serves its clients now; returns soon even when it is frozen."""


class Server:
    """A server of the stack. Tests of outages kill, start, pause and resume it."""

    def __init__(self, spec: ServerSpec) -> None:
        self._spec = spec
        self._process: GuardedProcess | None = None
        self._given_up = Event()

    @property
    def name(self) -> str:
        """postgres, kafka or redis."""
        return self._spec.name

    @property
    def pid(self) -> int | None:
        """Return the server's process, None while it does not run."""
        return self._process.pid if self._process and self.is_running() else None

    def is_running(self) -> bool:
        """Tell whether its process lives, frozen or not."""
        return self._process is not None and self._process.exit_code is None

    def start(self) -> None:
        """Start it on its port and return when it answers. Raises StackError with one line."""
        if self.is_running():
            return
        self._given_up.clear()
        self._spec.prepare()
        command = self._spec.command()
        self._process = GuardedProcess(command)
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not self._spec.answers():
            if not self.is_running():
                raise StackError(self._explain(command.log))
            if self._given_up.is_set() or time.monotonic() > deadline:
                self.stop()
                raise StackError(f"{self.name} did not answer within {_ANSWER_SECONDS:.0f} s; see {command.log}.")
            time.sleep(_PAUSE_SECONDS)

    def give_up(self) -> None:
        """Let a `start` in another thread end soon."""
        self._given_up.set()

    def stop(self) -> None:
        """Stop it, gracefully if it listens; within 9 s in any case. Idempotent."""
        if self._process:
            self._process.stop()

    def kill(self) -> None:
        """Kill it as a crash would (SIGKILL)."""
        if self._process:
            self._process.kill()

    def pause(self) -> None:
        """Freeze it (SIGSTOP): it neither answers nor closes its connections."""
        if self._process:
            self._process.pause()

    def resume(self) -> None:
        """Let it run on (SIGCONT) and return when it answers again."""
        if self._process:
            self._process.resume()
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not self._spec.answers() and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)

    def _explain(self, log: Path | None) -> str:
        words = last_lines(log) if log else ""
        # On a full disk there is no room for last words either.
        if "No space left on device" in words or (log and shutil.disk_usage(log.parent).free < _ROOM_BYTES):
            return f"{self.name} stopped: the disk is full. It needs free space to start."
        if "ddress already in use" in words:
            return f"{self.name} stopped: its port was taken meanwhile. Start again; another port will be chosen."
        return f"{self.name} stopped while starting; see {log}: {words}"
