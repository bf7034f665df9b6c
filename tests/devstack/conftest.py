"""Real stacks in temporary directories, and a look at what processes they leave."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from devstack import Given, Stack, run_down
from devstack.ports import choose_port

HERE = Path(__file__).parent
NO_KAFKA = Given(kafka_bootstrap="127.0.0.1:1")
SERVERS = {"postgres", "redis-server", "java"}


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


class Up:
    """A `run_up` in a process of its own, with a stand-in for the service."""

    def __init__(self, data_dir: Path, http_port: int, environment: dict[str, str]) -> None:
        self.data_dir = data_dir
        self.http_port = http_port
        self.output = data_dir.with_name(f"{data_dir.name}-{http_port}-{time.monotonic_ns()}.txt")
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, HERE / "up_program.py", data_dir, str(http_port)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def wait_ready(self) -> "Up":
        wait_for(lambda: "Ctrl-C" in self.text or self.process.poll() is not None, 60, "ready")
        assert "Ctrl-C" in self.text, self.text
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path every user may reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="devstack-", ignore_cleanup_errors=True) as name:
        yield Path(name).resolve()


@pytest.fixture
def new_stack() -> Iterator[Callable[..., Stack]]:
    made: list[Stack] = []

    def make(data_dir: Path, given: Given = NO_KAFKA) -> Stack:
        made.append(Stack(data_dir, given, quick=True))
        return made[-1]

    yield make
    for stack in made:
        stack.stop()


@pytest.fixture
def new_up(folder: Path) -> Iterator[Callable[..., Up]]:
    made: list[Up] = []

    def make(data_dir: Path | None = None, *, kafka: bool = False, http_port: int = 0, **environment: str) -> Up:
        given = {} if kafka else {"MODPLANE_KAFKA_BOOTSTRAP": "127.0.0.1:1"}
        made.append(Up(data_dir or folder / "data", http_port or choose_port(set()), {**given, **environment}))
        return made[-1]

    yield make
    for up in made:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()
    for data_dir in {up.data_dir for up in made}:
        run_down(data_dir)


def processes_of(data_dir: Path) -> list[str]:
    """Everything that runs on the directory, found without the stack's own means."""
    found = []
    for process in psutil.process_iter():
        try:
            mentions = any(str(data_dir) in word for word in process.cmdline())
            at_home = process.name() in SERVERS and data_dir in Path(process.cwd()).parents
            marked = str(data_dir) in process.environ().values()
        except psutil.Error:
            continue
        if process.pid != os.getpid() and (mentions or at_home or marked):
            found.append(f"{process.pid} {process.name()}")
    return found


@pytest.fixture(name="processes_of")
def fixture_processes_of() -> Callable[[Path], list[str]]:
    return processes_of


@pytest.fixture(name="wait_for")
def fixture_wait_for() -> Callable[[Callable[[], object], float, str], None]:
    return wait_for
