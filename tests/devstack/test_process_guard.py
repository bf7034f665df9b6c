"""Guarded processes end with everything below them, however they are ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from devstack.process_guard import BoundedLog
from devstack.processes import Command, Ending, GuardedProcess, run_to_end

WaitFor = Callable[[Callable[[], object], float, str], None]
# A child in a session of its own, told by its pid on standard output; neither heeds SIGTERM.
FAMILY = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen(["sleep", "600"], start_new_session=True).pid, flush=True)
time.sleep(600)
"""


def _family(tmp_path: Path, wait_for: WaitFor, seconds: float = 0.2) -> tuple[GuardedProcess, int]:
    log = tmp_path / "log"
    process = GuardedProcess(
        Command([sys.executable, "-c", FAMILY], os.environ, tmp_path, Ending(signal.SIGTERM, seconds), log)
    )
    wait_for(lambda: log.read_text().endswith("\n"), 10, "the child")
    return process, int(log.read_text())


def test_stop_ends_what_ignores_signals_and_its_orphans(tmp_path: Path, wait_for: WaitFor) -> None:
    process, child = _family(tmp_path, wait_for)
    process.stop()
    assert not psutil.pid_exists(process.pid)
    assert not psutil.pid_exists(child)


def test_kill_ends_the_children_too(tmp_path: Path, wait_for: WaitFor) -> None:
    process, child = _family(tmp_path, wait_for)
    process.kill()
    assert process.exit_code == 128 + signal.SIGKILL
    assert not psutil.pid_exists(child)


def test_a_killed_guard_takes_its_command_with_it(tmp_path: Path, wait_for: WaitFor) -> None:
    process, child = _family(tmp_path, wait_for)
    psutil.Process(process.pid).parent().kill()  # type: ignore[union-attr]  # a living process has a parent
    wait_for(lambda: not psutil.pid_exists(process.pid), 5, "the command's end")
    os.kill(child, signal.SIGKILL)
    process.stop()


def test_a_process_lives_on_when_the_thread_that_started_it_ends(tmp_path: Path, wait_for: WaitFor) -> None:
    code = (
        "import sys, threading, time; from pathlib import Path\n"
        "from devstack.processes import *\n"
        "made = []\n"
        f"command = Command(['sleep', '600'], {{'PATH': '/usr/bin:/bin'}}, Path({str(tmp_path)!r}))\n"
        "thread = threading.Thread(target=lambda: made.append(GuardedProcess(command)))\n"
        "thread.start(); thread.join(); print(made[0].pid, flush=True); sys.stdin.read(1)\n"
        "print(made[0].exit_code, flush=True); import os; os._exit(0)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    answer, _ = parent.communicate("x", timeout=15)
    assert answer.strip() == "None"
    wait_for(lambda: not psutil.pid_exists(pid), 5, "the end with the parent")


def test_a_command_that_cannot_start_says_so(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run_to_end(Command(["/no/such/program"], {}, tmp_path, log=log), 10) == 127
    assert "cannot start /no/such/program" in log.read_text()


def test_a_log_is_bounded(tmp_path: Path) -> None:
    log = BoundedLog(str(tmp_path / "log"))
    for _ in range(10):
        log.write(b"x" * 1024 * 1024)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 8 * 1024 * 1024
    assert {path.name for path in tmp_path.iterdir()} == {"log", "log.1"}
