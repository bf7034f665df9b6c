"""Ends processes which an earlier supervisor of the same data directory could not end."""

import os
import signal
import sys
from pathlib import Path

from devstack import process_guard
from devstack.processes import MARK, wait_until

# These overwrite their environment with their title, but stay in their data directory.
_SERVERS = {"postgres", "initdb", "redis-server", "java"}
_SECONDS = 5.0


def end_orphans(data_directory: Path) -> int:
    """Kill what still runs on the directory and return how many there were. Call with the directory's lock held.

    Needs /proc; elsewhere the guards alone see to it that nothing is left.
    """
    if sys.platform != "linux":
        return 0
    found = _find(data_directory)
    process_guard.send(found, signal.SIGKILL)
    wait_until(lambda: not _find(data_directory), _SECONDS)
    return len(found)


def _find(data_directory: Path) -> list[int]:
    spared = _own_line()
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid not in spared and _belongs(pid, data_directory)]


def _belongs(pid: int, data_directory: Path) -> bool:
    process = Path("/proc", str(pid))
    try:
        marks = (process / "environ").read_bytes().split(b"\0")
        if os.fsencode(f"{MARK}={data_directory}") in marks:
            return True
        program, place = (process / "exe").readlink(), (process / "cwd").readlink()
    except OSError:
        return False
    return program.name in _SERVERS and data_directory in place.parents


def _own_line() -> set[int]:
    """Return this process and its ancestors."""
    parents = {child: parent for parent, children in process_guard.children_by_parent().items() for child in children}
    line, pid = {os.getpid()}, os.getpid()
    while (pid := parents.get(pid, 0)) > 0:
        line.add(pid)
    return line
