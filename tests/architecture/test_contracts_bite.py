"""The import contracts of pyproject.toml hold, and each of them fails when its rule is broken."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
CONTEXTS = ("access", "assignments", "bulk", "industries", "organizations", "registry")
LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(limit_to_contracts={}, no_cache=True, no_logo=True))
"""


class Bite(NamedTuple):
    """An import that a contract forbids; `importer` comes to be when it is not there."""

    contract: str
    importer: str
    imported: str

    @property
    def told(self) -> tuple[str, str]:
        """How the linter names the two; among siblings by their last name."""
        if self.contract == "cycles":
            return f".{self.importer.split('.')[1]}", f".{self.imported.split('.')[1]}"
        return self.importer, self.imported


BITES = (
    Bite("contexts", "registry.domain", "industries.commands"),
    Bite("contexts", "registry.adapters.http", "industries.events"),
    Bite("contexts", "assignments.facts", "registry.domain"),
    Bite("contexts", "organizations.contract", "industries.events"),
    Bite("contexts", "registry.contract", "app.settings"),
    Bite("contexts", "shared.ports", "registry.contract"),
    Bite("contexts", "registry.wiring", "app.seams.registry"),
    Bite("contexts", "shared.errors", "registry.domain"),
    Bite("contexts", "shared.kafka.broker", "registry.events"),
    Bite("contexts", "organizations.domain", "devstack.errors"),
    Bite("devstack", "devstack.errors", "shared.errors"),
    Bite("rooms", "registry.events", "registry.commands"),
    Bite("rooms", "registry.contract", "registry.domain"),
    Bite("rooms", "assignments.domain", "assignments.ports"),
    Bite("rooms", "organizations.ports", "organizations.adapters.postgres"),
    Bite("rooms", "industries.adapters.postgres", "industries.wiring"),
    Bite("access-rooms", "access.domain", "access.ports"),
    Bite("access-rooms", "access.idempotency", "access.sessions"),
    Bite("bulk-rooms", "bulk.domain", "bulk.ports"),
    Bite("bulk-rooms", "bulk.running", "bulk.requests"),
    Bite("adapters", "registry.adapters.postgres", "industries.adapters.postgres"),
    Bite("core", "registry.domain", "litestar"),
    Bite("core", "registry.contract", "sqlalchemy"),
    Bite("core", "access.sessions", "sqlalchemy"),
    Bite("core", "shared.messages", "asyncpg"),
    Bite("core", "shared.commands.bus", "shared.kafka.broker"),
    Bite("schemas", "registry.domain", "jsonschema_rs"),
    Bite("schemas", "shared.json.layered_config", "jsonschema_rs"),
    Bite("shared-rooms", "shared.errors", "shared.messages"),
    Bite("shared-rooms", "shared.commands.bus", "shared.dead_letters.service"),
    Bite("shared-rooms", "shared.lists.cursors", "shared.eventlog.model"),
    Bite("shared-rooms", "shared.cache.generations", "shared.http.bodies"),
    Bite("cycles", "shared.errors", "shared.messages"),
    Bite("cycles", "app.manifest.model", "app.cli.options"),
    Bite("cycles", "app.settings", "app.main"),
)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the sources that may be spoilt."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(root: Path, contracts: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # another process, because this one has imported the packages already
    return subprocess.run(
        [sys.executable, "-c", LINT.format(tuple(contracts))],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )


def add_import(house: Path, importer: str, imported: str) -> None:
    file = house / "src" / f"{importer.replace('.', '/')}.py"
    text = file.read_text() if file.exists() else ""
    file.write_text(f"{text}\nimport {imported}\n")


def test_all_contracts_are_kept() -> None:
    linted = lint(ROOT, [])
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("bite", BITES, ids=lambda bite: f"{bite.contract}: {bite.importer} -> {bite.imported}")
def test_a_forbidden_import_breaks_its_contract(house: Path, bite: Bite) -> None:
    add_import(house, bite.importer, bite.imported)
    linted = lint(house, [bite.contract])
    assert linted.returncode == 1, linted.stderr
    told = linted.stdout[linted.stdout.index("Broken contracts") :]
    assert all(name in told for name in bite.told), told


@pytest.mark.parametrize("contract", ["rooms", "access-rooms", "bulk-rooms"])
def test_a_room_nobody_decided_on_breaks_the_contract(house: Path, contract: str) -> None:
    context = CONTRACTS[contract]["containers"][0]
    (house / "src" / context / "attic.py").touch()
    linted = lint(house, [contract])
    assert linted.returncode == 1, linted.stderr
    assert "attic" in linted.stdout


def test_a_subscriber_may_read_what_another_context_says_happened(house: Path) -> None:
    add_import(house, "registry.adapters.kafka", "industries.events")
    linted = lint(house, ["contexts"])
    assert linted.returncode == 0, linted.stdout


def test_any_room_may_import_the_contract_of_another_context(house: Path) -> None:
    add_import(house, "registry.domain", "organizations.contract")
    add_import(house, "bulk.ports", "industries.contract")
    linted = lint(house, ["contexts"])
    assert linted.returncode == 0, linted.stdout


def test_every_contract_is_shown_to_bite() -> None:
    assert {bite.contract for bite in BITES} == set(CONTRACTS)


def test_every_room_but_adapters_and_wiring_is_core() -> None:
    rooms = {
        file.relative_to(ROOT / "src").with_suffix("").as_posix().replace("/", ".")
        for context in (*CONTEXTS, "shared")
        for file in (ROOT / "src" / context).glob("*.py")
        if file.stem not in {"__init__", "wiring"}
    }
    listed = set(CONTRACTS["core"]["source_modules"])
    assert sorted(room for room in rooms if room not in listed and f"*.{room.split('.')[1]}" not in listed) == []
