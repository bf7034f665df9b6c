import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from devstack import Endpoints
from tests.databases import new_database

COMMANDS = ("up", "down", "serve", "migrate", "apply", "verify")


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment that names no infrastructure, and a data directory in which none runs."""
    before = dict(os.environ)
    monkeypatch.setattr("app.logs.configure_logs", lambda *_: None)
    for name in [name for name in os.environ if name.startswith("MODPLANE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MODPLANE_DATA_DIR", str(tmp_path))
    yield monkeypatch
    for name in os.environ.keys() - before.keys():
        del os.environ[name]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


def modplane(environment: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.usefixtures("nowhere")
def test_help_names_every_command_with_a_sentence() -> None:
    ended = run("--help")
    assert ended.exit_code == 0
    lines = {line.strip("│| ").split(" ")[0]: line.strip("│| ") for line in ended.stdout.splitlines()}
    assert all(len(lines[name]) > len(name) + 20 for name in COMMANDS), ended.stdout


@pytest.mark.parametrize(
    ("arguments", "setting", "value"),
    [
        (["serve"], "PARTITIONS", "many"),
        (["serve", "--role", "leader"], "ROLE", "all"),
        (["migrate"], "PARTITIONS", "0"),
        (["verify"], "HTTP_PORT", "99999"),
        (["apply", "-f", "."], "PARTITIONS", "-1"),
    ],
)
def test_settings_that_cannot_be_used_are_told_in_one_line(
    nowhere: pytest.MonkeyPatch, arguments: list[str], setting: str, value: str
) -> None:
    nowhere.setenv(f"MODPLANE_{setting}", value)
    ended = run(*arguments)
    assert ended.exit_code == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("modplane: The settings cannot be used: ")
    assert setting.lower() in line.lower()


@pytest.mark.parametrize("command", ["migrate", "verify"])
def test_a_command_without_infrastructure_says_so_in_one_line(nowhere: pytest.MonkeyPatch, command: str) -> None:
    nowhere.setenv("MODPLANE_POSTGRES_URL", "postgresql://a:secret@127.0.0.1:1/b")
    nowhere.setenv("MODPLANE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    ended = run(command)
    assert (ended.exit_code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("modplane: The database")
    assert "secret" not in line


@pytest.mark.usefixtures("nowhere")
def test_a_manifest_that_is_not_there_is_told() -> None:
    ended = run("apply", "-f", "no-such-file.yaml")
    assert ended.exit_code == 2
    assert "no-such-file.yaml" in ended.stderr


async def test_migrating_twice_and_verifying_what_is_empty_succeed(endpoints: Endpoints) -> None:
    async with new_database(endpoints.postgres_url) as url:
        environment = {**endpoints.environment(), "MODPLANE_POSTGRES_URL": url}
        before = modplane(environment, "verify")
        assert (before.returncode, before.stdout) == (1, "")
        assert before.stderr == "modplane: The schema is not there yet: run `modplane migrate`.\n"
        for _ in range(2):
            migrated = modplane(environment, "migrate")
            assert (migrated.returncode, migrated.stdout) == (0, "The schema and the topics are up to date.\n")
        verified = modplane(environment, "verify")
        assert (verified.returncode, verified.stdout) == (0, "0 streams compared, 0 differ.\n")
