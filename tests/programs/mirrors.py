"""The examples' mirrors as real processes, and what they hold, read from where they keep it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.support.kafka_inspector import Member
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TOPICS = [
    "tenant.module.assigned",
    "tenant.module.unassigned",
    "tenant.module.bulk_assigned",
    "tenant.module.config_updated",
    "tenant.industry.applied",
]
COMPLETE = "has read every organization"
GAP = "of which events are missing"

Held = dict[str, tuple[int, dict[str, Any]]]
"""By organization: the sequence, and its modules by id."""


class Mirror:
    """Somebody's program that follows the events: started, killed, and looked into."""

    group: str

    def __init__(self, service: ServiceProcess, bootstrap: str, token: str, directory: Path) -> None:
        self._home = directory / self.group
        self._home.mkdir()
        self._log = self._home / "said.log"
        self._options = ["--url", service.url, "--kafka", bootstrap]
        self._environment = {**os.environ, "MODPLANE_TOKEN": token}
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def held(self) -> Held:
        raise NotImplementedError

    @property
    def member(self) -> Member:
        """Its place in the group, which stays its own from start to start."""
        return Member(self.group, TOPICS, f"{self.group}.1")

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.command(), *self._options], env=self._environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """As a power failure would. It must have been running."""
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-3000:]
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def clean_up(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def said(self, words: str) -> int:
        """How often it said so."""
        return self._log.read_text().count(words)

    def wait_until_said(self, words: str, times: int) -> None:
        wait_for(lambda: self.said(words) >= times, f"{self.group} says {words!r}; {self._log}", 60)

    def wait_until_at(self, sequences: Mapping[str, int]) -> None:
        """Until it has come to these sequences."""
        wait_for(lambda: self._is_at(sequences), f"{self.group} comes to {sequences}; {self._log}", 60)

    def _is_at(self, sequences: Mapping[str, int]) -> bool:
        held = self.held()
        return all(held.get(organization, (0, {}))[0] >= sequence for organization, sequence in sequences.items())


class PythonMirror(Mirror):
    group = "mirror-python"

    def command(self) -> Sequence[str]:
        database = str(self._home / "mirror.sqlite")
        return [sys.executable, str(EXAMPLES / self.group / "mirror.py"), "--database", database]

    def held(self) -> Held:
        with closing(sqlite3.connect(self._home / "mirror.sqlite", timeout=20)) as rows:
            modules: dict[str, dict[str, Any]] = {}
            # In this order: a sequence is never newer than what is compared under it.
            sequences = rows.execute("SELECT id, sequence FROM organizations").fetchall()
            for organization, module, config, sources in rows.execute("SELECT * FROM modules"):
                told = {"own_config": json.loads(config), "sources": json.loads(sources)}
                modules.setdefault(organization, {})[module] = told
        return {organization: (sequence, modules.get(organization, {})) for organization, sequence in sequences}


class TypeScriptMirror(Mirror):
    group = "mirror-typescript"

    def command(self) -> Sequence[str]:
        node, program = str(EXAMPLES.parent / "scripts" / "node.sh"), str(EXAMPLES / self.group / "dist" / "main.js")
        return ["sh", node, "node", program, "--directory", str(self._home / "mirror")]

    def held(self) -> Held:
        files = [file for file in (self._home / "mirror").glob("*.json") if file.name != "complete.json"]
        told = {file.stem: json.loads(file.read_text()) for file in files}
        return {organization: (state["sequence"], state["modules"]) for organization, state in told.items()}
