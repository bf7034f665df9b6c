"""`modplane up` in a terminal of its own, as a person runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx

from tests.support.api_client import Api, sign_in
from tests.support.polling import wait_for
from tests.support.service_process import processes_of

FIRST_SECONDS, AGAIN_SECONDS, STOP_SECONDS = 240.0, 120.0, 60.0


class Up:
    """The command in a terminal of its own, on a data directory that stays from start to start."""

    def __init__(self, data_dir: Path, port: int, host: str = "127.0.0.1") -> None:
        self.data_dir, self.port = data_dir, port
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MODPLANE_")}
        self.environment |= {"MODPLANE_DATA_DIR": str(data_dir), "MODPLANE_HTTP_PORT": str(port)}
        self.environment |= {"MODPLANE_HTTP_HOST": host}
        self.process: subprocess.Popen[bytes] | None = None
        self.screen = data_dir.with_name("screen.txt")

    def start(self, *options: str) -> "Up":
        with self.screen.open("wb") as screen:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "up", *options],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                start_new_session=True,
            )
        return self

    def wait_ready(self, seconds: float) -> float:
        """How long it took until it said that it serves."""
        started = time.monotonic()
        wait_for(lambda: "Ctrl-C stops it" in self.said or self.has_ended, "the addresses", seconds)
        assert not self.has_ended, self.said
        assert httpx.get(f"{self.url}/health/ready").status_code == 200
        return time.monotonic() - started

    @property
    def said(self) -> str:
        return self.screen.read_text()

    @property
    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def interrupt(self) -> float:
        """Ctrl-C; how long it took until everything was over."""
        assert self.process is not None
        started = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(STOP_SECONDS) == 0
        return time.monotonic() - started

    def kill_everything(self) -> None:
        """As a power failure would."""
        assert self.process is not None
        for pid in [self.process.pid, *processes_of(self.data_dir)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        wait_for(lambda: not processes_of(self.data_dir), "the end of all processes")

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Another command of the same person."""
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def sign_in(self) -> Api:
        account = json.loads((self.data_dir / "admin.json").read_text())
        assert account.keys() == {"email", "password"}
        return sign_in(self.url, account["email"], account["password"])
