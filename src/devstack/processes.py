"""Child processes that die with this one, whatever kills it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devstack import process_guard
from devstack.errors import StackError

# Every process of a stack carries it, so that orphans of a killed supervisor are recognized.
MARK = "MODPLANE_DEVSTACK_DATA_DIR"
_KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
_GUARD_SPARE_SECONDS = 2.5
_PAUSE_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system user to run as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process is asked to end, and the seconds it gets before it is killed with all below it."""

    number: int = signal.SIGTERM
    seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `log` None leaves the output on the terminal; `account` None keeps the user."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    ending: Ending = Ending()
    log: Path | None = None
    account: Account | None = None


class GuardedProcess:
    """A running command with its guard (see `devstack.process_guard`)."""

    def __init__(self, command: Command, reads: Path | None = None) -> None:
        self._command = command
        self._reads = reads
        reader, writer = os.pipe()
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", process_guard.__file__, json.dumps(self._specification(writer))],
            stdin=subprocess.PIPE,
            env=dict(command.environment),
            pass_fds=[writer],
            start_new_session=True,
        )
        os.close(writer)
        with os.fdopen(reader, encoding="ascii") as status:
            self.pid = int(status.readline().strip() or 0)

    def _specification(self, status: int) -> process_guard.Specification:
        command = self._command
        return {
            "command": [str(argument) for argument in command.arguments],
            "directory": str(command.directory),
            "account": [command.account.uid, command.account.gid] if command.account else None,
            "signal": int(command.ending.number),
            "grace": command.ending.seconds,
            "log": str(command.log) if command.log else None,
            "status": status,
            "reads": str(self._reads or os.devnull),
        }

    @property
    def exit_code(self) -> int | None:
        """None while it runs; 128 + signal when a signal ended it."""
        return self._guard.poll()

    def wait(self, seconds: float) -> int:
        """Wait for the command to end by itself. Raises subprocess.TimeoutExpired."""
        return self._guard.wait(seconds)

    def stop(self) -> None:
        """Ask it to end, then kill it; nothing below it remains. Idempotent."""
        if self._guard.stdin and not self._guard.stdin.closed:
            self._guard.stdin.close()
        process_guard.send([self._guard.pid] if self._guard.poll() is None else [], signal.SIGCONT)
        try:
            self._guard.wait(self._command.ending.seconds + _GUARD_SPARE_SECONDS)
        except subprocess.TimeoutExpired:
            process_guard.send([*process_guard.descendants(self._guard.pid), self._guard.pid], signal.SIGKILL)
            self._guard.wait()

    def kill(self) -> None:
        """Kill the command at once (SIGKILL), as a crash would, and wait until nothing of it is left."""
        if self._guard.poll() is None:
            process_guard.send([self.pid], signal.SIGKILL)
        self.stop()

    def pause(self) -> None:
        """Freeze the command and everything below it (SIGSTOP)."""
        process_guard.send([self.pid], signal.SIGSTOP)
        process_guard.send(process_guard.descendants(self.pid), signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        process_guard.send([*process_guard.descendants(self.pid), self.pid], signal.SIGCONT)


def part_environment(data_directory: Path) -> dict[str, str]:
    """Build what a part may see: no settings of the caller's shell beyond where things are, and the mark."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, "LC_ALL": "C", MARK: str(data_directory)}


def run_to_end(command: Command, seconds: float, reads: Path | None = None) -> int:
    """Run a command that ends by itself, with `reads` as its input; return its exit code. StackError if too slow."""
    process = GuardedProcess(command, reads)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise StackError(f"{command.arguments[0]} did not end within {seconds:.0f} s.") from None
    finally:
        process.stop()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again until the condition holds or the time is over; tell whether it held."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def last_lines(log: Path, count: int = 3) -> str:
    """Return the end of a log on one line; empty when there is none."""
    if not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace")[-4000:].strip().splitlines()
    return " | ".join(line.strip() for line in lines[-count:])
