import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import pytest
import typer
import yaml
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from app.cli.main import app
from app.migration.migrate import migrate_database
from devstack import Endpoints
from tests.support.databases import new_database

COMMANDS = ("up", "down", "serve", "migrate", "apply", "export", "status", "verify", "admin", "dlq")
HEAVY = {"litestar", "faststream", "aiokafka", "sqlalchemy", "asyncpg", "redis", "dishka", "alembic", "yaml"}


class Call(NamedTuple):
    """A command as it is called, and its exit code. Only where it is said is Kafka within reach: nobody consumes."""

    arguments: tuple[str, ...]
    exit_code: int = 0
    has_kafka: bool = False

    def __str__(self) -> str:
        return " ".join(self.arguments)


LETTER, NOBODYS = str(UUID(int=1)), str(UUID(int=2))
UNREADABLE = """
INSERT INTO shared.dead_letters (id, kind, source, key, body, error)
VALUES ($1, 'event', 'tenant.module.assigned/0/7', 'a', 'no JSON', 'bad')
"""

CALLS = (
    Call(("migrate",), has_kafka=True),
    Call(("apply", "-f", "manifest.json", "--dry-run"), 3),
    Call(("apply", "-f", "manifest.json")),
    Call(("apply", "-f", "manifest.json")),
    Call(("apply", "-f", "bad.json"), 2),
    Call(("apply", "-f", "empty.json", "--prune"), 2),
    Call(("apply", "-f", "other.json", "--prune"), 1),
    Call(("export",)),
    Call(("export", "-o", "export.yaml")),
    Call(("status",), has_kafka=True),
    Call(("verify",)),
    Call(("dlq", "list")),
    Call(("dlq", "list", "--status", "all", "--kind", "event", "--limit", "1")),
    Call(("dlq", "show", LETTER)),
    Call(("dlq", "show", NOBODYS), 1),
    Call(("dlq", "retry", LETTER), 1),
    Call(("dlq", "retry", "--all", "--kind", "relay")),
    Call(("dlq", "drop", LETTER, "--reason", "junk")),
    Call(("dlq", "drop", "--all", "--reason", "junk")),
    Call(("dlq", "drop", LETTER, "--reason", "junk"), 1),
    Call(("admin", "create", "--email", "eve@modplane.example")),
    Call(("admin", "create", "--email", "eve"), 1),
    Call(("down",)),
)
STREAMING = {"up"}  # an object a line: tests/journeys/test_up.py
SILENT = {"serve"}  # nothing but logs, on stderr


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


def run(*arguments: str, given: bytes = b"") -> Result:
    return CliRunner().invoke(app, arguments, given, env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})


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


EVERY_WAY_TO_THE_DATABASE = (
    "up",
    "serve",
    "migrate",
    "status",
    "verify",
    "export",
    "apply -f .",
    "dlq list",
    "admin create --email eve@modplane.example",
)


@pytest.mark.parametrize("command", EVERY_WAY_TO_THE_DATABASE)
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:secret@h/d?pgbouncer=true", "pgbouncer is not supported here"),
        ("postgresql://u:secret@h/d?sslmode=verify-full&sslrootcert=/no/such", "sslrootcert cannot be read"),
        ("postgresql://u:secret@h:x/d", "port must be a number"),
    ],
)
def test_every_command_refuses_the_same_address_of_the_database(
    nowhere: pytest.MonkeyPatch, command: str, url: str, told: str
) -> None:
    nowhere.setenv("MODPLANE_POSTGRES_URL", url)
    nowhere.setenv("MODPLANE_ADMIN_PASSWORD", "a long enough password")
    ended = run(*command.split())
    assert (ended.exit_code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"modplane: The settings cannot be used: MODPLANE_POSTGRES_URL: {told}")
    assert "secret" not in line


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("LOG_LEVEL", "loud", "MODPLANE_LOG_LEVEL: must be debug, info or warning"),
        ("ROLE", "leader", "MODPLANE_ROLE: must be api, worker or all"),
        ("COOKIE_SECURE", "perhaps", "MODPLANE_COOKIE_SECURE: must be true or false"),
        ("REDIS_URL", "redis://:secret/x@h:1/0", "MODPLANE_REDIS_URL: is no address of Redis"),
        ("REDIS_URL", "redis://:secret@h:1/0?nonsense=1", "MODPLANE_REDIS_URL: is no address of Redis"),
        ("KAFKA_BOOTSTRAP", "h:secret", "MODPLANE_KAFKA_BOOTSTRAP: must be host:port"),
    ],
)
def test_a_refused_setting_is_named_with_what_it_may_be_and_shows_no_value(
    nowhere: pytest.MonkeyPatch, setting: str, value: str, told: str
) -> None:
    nowhere.setenv(f"MODPLANE_{setting}", value)
    for command in ("up", "serve", "migrate", "verify"):
        if command == "serve" and setting == "ROLE":
            continue  # its option: test_settings_that_cannot_be_used_are_told_in_one_line
        (line,) = run(command).stderr.splitlines()
        assert line.startswith(f"modplane: The settings cannot be used: {told}")
        assert "secret" not in line


@pytest.mark.parametrize("command", ["up", "serve"])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"EMAIL": "admin@modplane.example", "PASSWORD": "admin"}, "MODPLANE_ADMIN_PASSWORD cannot be used: "),
        ({"EMAIL": "admin", "PASSWORD": "a long enough password"}, "MODPLANE_ADMIN_EMAIL cannot be used: "),
    ],
)
def test_a_super_admin_who_could_not_sign_in_keeps_it_from_starting(
    nowhere: pytest.MonkeyPatch, command: str, settings: Mapping[str, str], told: str
) -> None:
    for name, value in settings.items():
        nowhere.setenv(f"MODPLANE_ADMIN_{name}", value)
    ended = run(command)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"modplane: {told}")
    assert ended.stderr.count("\n") == 1


def test_half_a_super_admin_is_refused(nowhere: pytest.MonkeyPatch) -> None:
    nowhere.setenv("MODPLANE_ADMIN_PASSWORD", "a long enough password")
    assert run("serve").stderr == "modplane: Set MODPLANE_ADMIN_EMAIL and MODPLANE_ADMIN_PASSWORD, or neither.\n"
    nowhere.setenv("MODPLANE_ADMIN_EMAIL", "admin@modplane.example")
    nowhere.setenv("MODPLANE_ADMIN_PASSWORD", "\n")
    assert run("serve").exit_code == 1


@pytest.mark.parametrize("host", ["nope.invalid", "192.0.2.1", "a..b", "2001:db8::1"])
def test_a_host_that_is_not_this_machines_is_told_in_one_line(nowhere: pytest.MonkeyPatch, host: str) -> None:
    nowhere.setenv("MODPLANE_HTTP_HOST", host)
    for command in ("serve", "up"):
        ended = run(command)
        assert ended.exit_code == 1
        assert ended.stderr == f"modplane: MODPLANE_HTTP_HOST is no address of this machine: {host}.\n"


def test_a_ui_that_is_not_built_is_told_in_one_line(nowhere: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nowhere.setenv("MODPLANE_POSTGRES_URL", "postgresql://a:secret@127.0.0.1:1/b")
    nowhere.setenv("MODPLANE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    nowhere.setenv("MODPLANE_WEB", str(tmp_path))
    ended = run("serve")
    assert ended.exit_code == 1
    assert ended.stderr == f"modplane: There is no index.html in {tmp_path}. Build the UI first: make web.\n"


@pytest.mark.parametrize(
    "command", ["migrate", "verify", "export", "dlq list", "admin create --email eve@modplane.example"]
)
def test_a_command_without_infrastructure_says_so_in_one_line(nowhere: pytest.MonkeyPatch, command: str) -> None:
    nowhere.setenv("MODPLANE_POSTGRES_URL", "postgresql://a:secret@127.0.0.1:1/b")
    nowhere.setenv("MODPLANE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    nowhere.setenv("MODPLANE_ADMIN_PASSWORD", "a long enough password")
    ended = run(*command.split())
    assert (ended.exit_code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("modplane: The database")
    assert "secret" not in line
    told = run(*command.split(), "--json")
    (document,) = documents(told.stdout)
    assert (told.exit_code, told.stderr) == (1, ended.stderr)
    assert f"modplane: {document['error']['detail']}" == line


def test_how_a_system_is_that_is_not_there_can_be_asked(nowhere: pytest.MonkeyPatch) -> None:
    nowhere.setenv("MODPLANE_POSTGRES_URL", "postgresql://a:secret@127.0.0.1:1/b")
    nowhere.setenv("MODPLANE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    nowhere.setenv("MODPLANE_REDIS_URL", "redis://127.0.0.1:1/0")
    told = run("status", "--json")
    (document,) = documents(told.stdout)
    assert told.exit_code == 1
    assert [document[part]["state"] for part in ("postgres", "kafka", "redis")] == ["down"] * 3
    words = run("status")
    assert words.exit_code == 1
    assert "postgres: down. PostgreSQL does not answer." in words.stdout
    assert "secret" not in words.output


@pytest.mark.usefixtures("nowhere")
def test_a_manifest_that_is_not_there_is_told() -> None:
    ended = run("apply", "-f", "no-such-file.yaml")
    assert ended.exit_code == 2
    assert "no-such-file.yaml" in ended.stderr


def test_migrating_twice_and_verifying_what_is_empty_succeed(workplace: pytest.MonkeyPatch, unmigrated: str) -> None:
    workplace.setenv("MODPLANE_POSTGRES_URL", unmigrated)
    before = run("verify")
    assert (before.exit_code, before.stdout) == (1, "")
    assert before.stderr == "modplane: The schema is not there yet: run `modplane migrate`.\n"
    for _ in range(2):
        migrated = run("migrate")
        assert (migrated.exit_code, migrated.stdout) == (0, "The schema and the topics are up to date.\n")
    verified = run("verify")
    assert (verified.exit_code, verified.stdout) == (0, "0 streams compared, 0 differ.\n")


def leaves(command: Any, *names: str) -> Iterator[str]:
    """Every command there is, as it is typed."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(names)
        return
    for name, each in inner.items():
        yield from leaves(each, *names, name)


def test_every_command_is_called_here() -> None:
    called = {" ".join(word for word in call.arguments if word.isalpha()) for call in CALLS}
    known = set(leaves(typer.main.get_command(app)))
    assert {name for name in known if not any(f"{each} ".startswith(f"{name} ") for each in called)} == (
        STREAMING | SILENT
    )


@pytest.fixture(scope="module")
async def installed(endpoints: Endpoints) -> AsyncIterator[Mapping[str, str]]:
    """The environment of commands on a database of their own, with the run's other parts."""
    async with new_database(endpoints.postgres_url) as url:
        await migrate_database(url)
        connection = await asyncpg.connect(url)
        await connection.execute(UNREADABLE, UUID(LETTER))
        await connection.close()
        yield {
            **endpoints.environment(),
            "MODPLANE_POSTGRES_URL": url,
            "MODPLANE_ADMIN_PASSWORD": "a long enough password",
        }


@pytest.fixture
async def unmigrated(endpoints: Endpoints) -> AsyncIterator[str]:
    async with new_database(endpoints.postgres_url) as url:
        yield url


@pytest.fixture
def workplace(
    nowhere: pytest.MonkeyPatch, installed: Mapping[str, str], tmp_path: Path
) -> Iterator[pytest.MonkeyPatch]:
    """A directory with manifests, and an environment in which commands work."""
    oven = dict.fromkeys(("module_name", "description", "category", "service_name", "api_endpoint", "version"), "x")
    manifests = {
        "manifest": [{"module_id": "oven", **oven}],
        "other": [{"module_id": "flour", **oven}],
        "bad": [{"module_id": "0"}],
        "empty": [],
    }
    for name, modules in manifests.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"modules": modules, "industries": []}))
    nowhere.chdir(tmp_path)
    nowhere.setattr("app.cli.container.CONNECT_SECONDS", 0.05)
    for name, value in installed.items():
        nowhere.setenv(name, value)
    with capture_logs():
        yield nowhere


def documents(text: str) -> list[Any]:
    """The JSON documents in a text, which holds nothing else."""
    found, decoder, text = [], json.JSONDecoder(), text.strip()
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].strip()
    return found


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_command_answers_with_one_json_document_or_in_words(workplace: pytest.MonkeyPatch, call: Call) -> None:
    if not call.has_kafka:
        workplace.setenv("MODPLANE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    ended = run(*call.arguments, "--json")
    assert ended.exit_code == call.exit_code, ended.output
    (document,) = documents(ended.stdout)
    failed = isinstance(document, dict) and "error" in document
    assert not failed or document["error"].keys() >= {"code", "detail"}
    assert failed == bool([line for line in ended.stderr.splitlines() if "Kafka does not answer" not in line])
    if call.arguments[:1] == ("dlq",) and not failed:
        assert document.keys() & {"items", "letter"}


def test_in_words_there_is_no_json(workplace: pytest.MonkeyPatch) -> None:
    workplace.setenv("MODPLANE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    for call in CALLS:
        if not call.has_kafka and call.arguments[0] != "admin":
            told = run(*call.arguments)
            assert told.stdout or told.exit_code
            assert not told.stdout.startswith("{")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_manifest_may_come_through_a_pipe(workplace: pytest.MonkeyPatch, tmp_path: Path, *, as_json: bool) -> None:
    workplace.setenv("MODPLANE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    content = json.loads((tmp_path / "manifest.json").read_text())
    text = json.dumps(content) if as_json else yaml.safe_dump(content)
    ended = run("apply", "-f", "-", given=text.encode())
    assert (ended.exit_code, "module oven: " in ended.stdout) == (0, True), (ended.output, ended.exception)
    refused = run("apply", "-f", "-", "--prune", given=text.replace("oven", "flour").encode())
    assert "Say so with --yes" in refused.stderr
    wrong = run("apply", "-f", "-", given=b"modules:\n- oven\n")
    assert wrong.exit_code == 2
    assert wrong.stderr == "stdin:2: modules[0]: expected a mapping of fields, got text\n"
    assert run("export", "-o", "-").stdout == run("export").stdout


def shell(line: str, environment: Mapping[str, str], folder: Path, **more: str) -> "subprocess.CompletedProcess[bytes]":
    """A line of a shell in which `modplane` is this one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", line],
        env={"PATH": path, "HOME": str(folder), "MODPLANE_DATA_DIR": str(folder), **environment, **more},
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=120,
    )


def test_every_locale_and_a_reader_who_leaves_are_taken_quietly(
    workplace: pytest.MonkeyPatch, installed: Mapping[str, str], tmp_path: Path
) -> None:
    workplace.setenv("MODPLANE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    oven = json.loads((tmp_path / "manifest.json").read_text())["modules"][0]
    many = [{**oven, "module_id": f"many_{n}", "module_name": "Łódź", "description": "ł" * 1900} for n in range(30)]
    (tmp_path / "many.json").write_text(json.dumps({"modules": many}))
    assert run("apply", "-f", "many.json").exit_code == 0
    exported = shell("modplane export", installed, tmp_path, PYTHONIOENCODING="latin-1")
    assert (exported.returncode, exported.stderr) == (0, b"")
    assert "module_name: Łódź".encode() in exported.stdout
    told = shell("modplane apply -f $'\\xff-Łódź.yaml'", installed, tmp_path, PYTHONIOENCODING="ascii")
    assert (told.returncode, told.stdout) == (2, b"")
    for line in (
        "modplane export | head -n 1",
        "modplane export --json | head -n 1",
        "modplane apply --help | head -n 1",
    ):
        left = shell(line, installed, tmp_path)
        assert (left.returncode, left.stderr) == (0, b""), left.stderr


def test_an_empty_setting_is_none_beside_a_running_stack(
    workplace: pytest.MonkeyPatch, installed: Mapping[str, str], tmp_path: Path
) -> None:
    endpoints = {name: installed[f"MODPLANE_{name.upper()}"] for name in Endpoints.__dataclass_fields__}
    workplace.setattr("app.cli.options.endpoints_of", lambda _: Endpoints(**endpoints))
    for name in endpoints:
        workplace.setenv(f"MODPLANE_{name.upper()}", " \n" if name == "redis_url" else "")
    workplace.setenv("MODPLANE_LOG_LEVEL", "")
    workplace.setenv("MODPLANE_ROLE", "")
    (told,) = documents(run("status", "--json").stdout)
    assert [told[part]["state"] for part in ("postgres", "kafka", "redis")] == ["ok"] * 3
    assert run("apply", "-f", str(tmp_path / "manifest.json"), "--dry-run").exit_code in {0, 3}


def test_what_nobody_thought_of_is_one_line_too(nowhere: pytest.MonkeyPatch) -> None:
    async def fall_over(*_: object) -> None:
        raise KeyError("two\nlines")

    nowhere.setattr("app.cli.container.verify_all", fall_over)
    ended = run("verify", "--json")
    assert (ended.exit_code, ended.stderr.count("\n")) == (1, 1)
    assert ended.stderr.startswith("modplane: This went wrong unexpectedly: KeyError: ")
    assert documents(ended.stdout)[0]["error"]["code"] == "unexpected"


@pytest.mark.parametrize(
    "arguments", [("retry",), ("retry", LETTER, "--all"), ("drop", LETTER), ("drop", LETTER, "--reason", " ")], ids=str
)
@pytest.mark.usefixtures("nowhere")
def test_letters_are_named_and_dropped_for_a_reason(arguments: tuple[str, ...]) -> None:
    assert run("dlq", *arguments).exit_code == 2


def completed(**environment: str) -> str:
    """What the console script answers to a shell."""
    script = Path(sys.executable).with_name("modplane")
    asked = {**os.environ, **environment}
    return subprocess.run([script], env=asked, capture_output=True, text=True, check=False, timeout=60).stdout


def test_a_shell_is_given_a_completion_that_completes() -> None:
    assert "complete -o default -F _modplane_completion modplane" in completed(_MODPLANE_COMPLETE="source_bash")
    asked = {"_MODPLANE_COMPLETE": "complete_bash", "COMP_WORDS": "modplane apply --pr", "COMP_CWORD": "2"}
    assert completed(**asked).split() == ["--prune"]


def test_help_imports_nothing_heavy() -> None:
    code = "import app.cli.main, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert HEAVY.isdisjoint(loaded)
