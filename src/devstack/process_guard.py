"""Runs one command and outlives neither it nor the process that started the guard.

Run as a script with one JSON argument (see `Specification`). The guard ends its command when its standard input closes
or its parent is gone, so a supervisor that is killed with SIGKILL leaves nothing behind. It adopts orphans of
the command (Linux), so that nothing below the command survives it either. Only the standard library's light modules
are imported: the guard has to start in a few milliseconds.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import sys
import time
from typing import TypedDict

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOG_LIMIT = 4 * 1024 * 1024
_NOT_EXECUTABLE = 127
_LAST_WORDS_SECONDS = 2.0


class Specification(TypedDict):
    """What the guard is told: times in seconds, `account` is (uid, gid) or null, `log` null keeps the terminal."""

    command: list[str]
    directory: str
    account: list[int] | None
    signal: int
    grace: float
    log: str | None
    status: int
    reads: str


def children_by_parent() -> dict[int, list[int]]:
    """Map each process to its children; empty where there is no /proc."""
    tree: dict[int, list[int]] = {}
    if not os.path.isdir("/proc/self"):  # noqa: PTH112 - pathlib would double the guard's start
        return tree
    for entry in os.listdir("/proc"):  # noqa: PTH208 - the same
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError), open(f"/proc/{entry}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - the same
                tree.setdefault(int(stat.read().rpartition(")")[2].split()[1]), []).append(int(entry))
    return tree


def descendants(pid: int) -> list[int]:
    """List all processes below `pid`, parents first."""
    tree, found = children_by_parent(), []
    waiting = [pid]
    while waiting:
        below = tree.get(waiting.pop(0), [])
        found.extend(below)
        waiting.extend(below)
    return found


def send(pids: list[int], number: int) -> None:
    """Signal each process; those already gone are skipped."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


class BoundedLog:
    """Appends to a file and its one predecessor; both together hold at most twice the limit."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, data: bytes) -> None:
        """Append; on a full disk the text is dropped, because the command must not block on its log."""
        with contextlib.suppress(OSError):
            if os.fstat(self._file).st_size + len(data) > _LOG_LIMIT:
                os.replace(self._path, f"{self._path}.1")  # noqa: PTH105 - light imports
                os.close(self._file)
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(self._file, data)


class Guard:
    """One command under guard. `run` returns its exit code, 128 + signal when a signal ended it."""

    def __init__(self, specification: Specification) -> None:
        self._specification = specification
        self._log = BoundedLog(specification["log"]) if specification["log"] else None
        self._wake, self._output = self._wake_on_child_exit(), -1
        self._pid, self._exit_code = 0, -1
        self._deadline = float("inf")

    def run(self) -> int:
        """Start the command, stay until it or the parent ends, then leave no process behind."""
        parent = os.getppid()
        self._start()
        with open(self._specification["status"], "w", encoding="utf-8") as status:  # noqa: PTH123 - a descriptor
            status.write(f"{self._pid}\n")
        watched = [0, self._wake, *([self._output] if self._log else [])]
        while self._exit_code < 0 and time.monotonic() < self._deadline:
            self._handle(select.select(watched, [], [], 1.0)[0], watched)
            if os.getppid() != parent:
                self._begin_to_end()
            self._reap()
        self._end_all()
        return max(self._exit_code, 0)

    @staticmethod
    def _wake_on_child_exit() -> int:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        return reader

    def _start(self) -> None:
        reader, writer = os.pipe()
        executed, executing = os.pipe()
        guard = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                self._become_command(guard, writer)
            except BaseException as error:  # noqa: BLE001 - the forked child must never return into the guard's code
                os.write(2, f"cannot start {self._specification['command'][0]}: {error}\n".encode())
            os._exit(_NOT_EXECUTABLE)
        os.close(writer)
        os.close(executing)
        # Closed by the exec: before it, the child would ignore the signals the guard ignores.
        os.read(executed, 1)
        os.close(executed)
        self._output = reader

    def _become_command(self, guard: int, output: int) -> None:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(os.open(self._specification["reads"], os.O_RDONLY), 0)
        if self._log:
            os.dup2(output, 1)
            os.dup2(output, 2)
        os.chdir(self._specification["directory"])
        self._drop_privileges()
        # After the change of user, which clears it.
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(_NOT_EXECUTABLE)
        os.execvp(self._specification["command"][0], self._specification["command"])  # noqa: S606 - no shell is wanted

    def _drop_privileges(self) -> None:
        if self._specification["account"]:
            uid, gid = self._specification["account"]
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)

    def _handle(self, readable: list[int], watched: list[int]) -> None:
        if self._wake in readable:
            os.read(self._wake, 512)
        if 0 in readable and not os.read(0, 512):
            watched.remove(0)
            self._begin_to_end()
        if self._output in readable and not self._copy_output():
            watched.remove(self._output)

    def _copy_output(self) -> bool:
        data = os.read(self._output, 65_536)
        if data and self._log:
            self._log.write(data)
        return bool(data)

    def _begin_to_end(self) -> None:
        if self._deadline == float("inf"):
            self._deadline = time.monotonic() + self._specification["grace"]
            send([self._pid], self._specification["signal"])
            # A frozen process cannot obey before it runs again.
            send([self._pid, *descendants(self._pid)], signal.SIGCONT)

    def _reap(self) -> bool:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._pid:
                    code = os.waitstatus_to_exitcode(ended[1])
                    self._exit_code = code if code >= 0 else 128 - code
            return True
        return False

    def _end_all(self) -> None:
        until = time.monotonic() + _LAST_WORDS_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
            send(descendants(os.getpid()), signal.SIGKILL)
            if not self._reap():
                break
            time.sleep(0.01)
        if self._log:
            os.set_blocking(self._output, False)
            with contextlib.suppress(BlockingIOError):
                while self._copy_output():
                    pass


def main() -> None:
    """Run the guard described by the first argument."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    sys.exit(Guard(json.loads(sys.argv[1])).run())


if __name__ == "__main__":
    main()
