"""Processes that begin with the service's modules in memory: loading them takes longer than all else a start does."""

import atexit
import multiprocessing
import os
import runpy
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["app.main", "typer"])


def start_process(program: Sequence[str], environment: Mapping[str, str], log: Path) -> ForkServerProcess:
    """A process in a group of its own that runs `program` as `python` with these arguments would: -m NAME, or a file.

    It sees nothing of this process: what it has loaded came from a process that does nothing but load it.
    """
    process = FORKS.Process(target=become, args=(tuple(program), dict(environment), str(log)))
    process.start()
    atexit.register(kill_if_alive, process)
    return process


def kill_if_alive(process: ForkServerProcess) -> None:
    """Whatever still runs when the tests are over would be waited for."""
    if process.is_alive() and process.pid is not None:
        os.killpg(process.pid, signal.SIGKILL)


def become(program: Sequence[str], environment: Mapping[str, str], log: str) -> None:
    """Becomes the program."""
    os.setsid()
    threading.Thread(target=die_with_the_tests, daemon=True).start()
    multiprocessing.set_start_method(None, force=True)  # as in every other new process
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for standard in (1, 2):
        os.dup2(output, standard)
    os.environ.clear()
    os.environ.update(environment)
    if program[0] == "-m":
        sys.argv = list(program[1:])
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(program)
        runpy.run_path(program[0], run_name="__main__")


def die_with_the_tests() -> None:
    """Kill this process's group once the process of the tests is gone, however it went."""
    tests = multiprocessing.parent_process()
    assert tests is not None
    tests.join()
    os.killpg(0, signal.SIGKILL)
