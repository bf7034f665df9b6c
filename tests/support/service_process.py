"""Replicas of the service as processes of their own, for journeys and faults: started, frozen, killed."""

import os
import signal
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil

from devstack import Endpoints
from devstack.ports import choose_port
from tests.support.api_client import ADMIN
from tests.support.forkserver import start_process
from tests.support.polling import wait_for

READY_SECONDS = 120.0
STACK_SERVERS = {"postgres", "redis-server", "java"}
SEEDS = Path(__file__).resolve().parents[2] / "seeds"


def free_port() -> int:
    """Choose one that no outgoing connection takes before it is listened on."""
    return choose_port(set())


class ServiceProcess:
    """One replica in a process group of its own. `program`: another entry than `modplane serve`, for faults."""

    def __init__(
        self,
        endpoints: Endpoints,
        log: Path,
        *,
        replica: str = "",
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "app.cli", "serve"),
    ) -> None:
        self.port = free_port()
        # The same name for whoever runs alone: it takes the place of the one before, whose session has not ended yet.
        self.replica = replica or "alone"
        self._log = log
        self._program = program
        self._environment = {
            **os.environ,
            **endpoints.environment(),
            "MODPLANE_HTTP_PORT": str(self.port),
            "MODPLANE_REPLICA": self.replica,
            "MODPLANE_ADMIN_EMAIL": ADMIN["email"],
            "MODPLANE_ADMIN_PASSWORD": ADMIN["password"],
            **(environment or {}),
        }
        self._process: ForkServerProcess | None = None

    def __enter__(self) -> Self:
        return self.start().wait_ready()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> Self:
        self._process = start_process(self._program, self._environment, self._log)
        return self

    def wait_ready(self, seconds: float = READY_SECONDS) -> Self:
        try:
            wait_for(lambda: self.is_ready() or self.has_ended(), f"{self.replica} ready", seconds)
            assert not self.has_ended(), f"{self.replica} ended"
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}; its log ends: {self.log[-3000:]}") from None
        return self

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of its first process."""
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text()

    def signal(self, number: signal.Signals) -> None:
        """To every process of the replica."""
        os.killpg(self.pid, number)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """As a power failure would."""
        assert self._process is not None
        self.signal(signal.SIGKILL)
        self._process.join(10)
        assert self.has_ended()

    def has_ended(self) -> bool:
        assert self._process is not None
        return not self._process.is_alive()

    @property
    def exit_code(self) -> int | None:
        """Of its first process; None while it runs."""
        assert self._process is not None
        return self._process.exitcode

    def stop(self) -> None:
        """Gracefully; by force when that takes too long or it is frozen."""
        if self._process is None or self.has_ended():
            return
        self.signal(signal.SIGCONT)
        self._process.terminate()
        self._process.join(15)
        if not self.has_ended():
            self.kill()


def processes_of(data_dir: Path) -> list[int]:
    """Everything that runs on an embedded stack's directory, found without the stack's own means."""
    found = []
    for process in psutil.process_iter():
        try:
            mentions = any(str(data_dir) in word for word in process.cmdline())
            at_home = process.name() in STACK_SERVERS and data_dir in Path(process.cwd()).parents
            marked = str(data_dir) in process.environ().values()
        except psutil.Error:
            continue
        if process.pid != os.getpid() and (mentions or at_home or marked):
            found.append(process.pid)
    return found
