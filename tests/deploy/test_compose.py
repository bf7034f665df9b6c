import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devstack.jars import read_lock
from tests.deploy.repository import (
    PINNED,
    ROOT,
    assert_is_a_command,
    documents,
    served_paths,
    unknown_settings,
    variables,
)

(COMPOSE,) = documents(ROOT / "compose.yaml")
SERVICES: dict[str, Any] = COMPOSE["services"]
ONE_SHOT = {"migrate"}
REPLICAS = {"modplane-1", "modplane-2"}
OURS = REPLICAS | ONE_SHOT
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN")
PASSWORD_IN_URL = re.compile(r"://[^:/]+:([^@]*)@")


def checked(file: Path) -> subprocess.CompletedProcess[str]:
    """The file against the schema of the Compose specification, which the checker brings along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_is_of_the_form_that_compose_specifies(tmp_path: Path) -> None:
    assert checked(ROOT / "compose.yaml").returncode == 0
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((ROOT / "compose.yaml").read_text().replace("depends_on:", "depends_upon:"))
    assert checked(wrong).returncode == 1


def test_it_has_the_parts_and_the_service_twice() -> None:
    assert SERVICES.keys() == {"postgres", "kafka", "redis"} | OURS


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_of_a_named_version(name: str) -> None:
    assert PINNED.match(SERVICES[name]["image"])


def test_the_broker_is_of_the_version_that_tests_run_on() -> None:
    tested = next(jar.version for jar in read_lock() if jar.artifact == "kafka_2.13")
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{tested}"


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOT))
def test_whatever_stays_is_watched_and_started_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(OURS))
def test_nothing_starts_before_what_it_needs(name: str) -> None:
    needs = {other: found["condition"] for other, found in SERVICES[name]["depends_on"].items()}
    healthy = dict.fromkeys(["postgres", "kafka"], "service_healthy")
    more = {"redis": "service_healthy", "migrate": "service_completed_successfully"} if name in REPLICAS else {}
    assert needs == healthy | more


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_file(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    secrets = [value for key, value in environment.items() if SECRET.search(key)]
    secrets += [found for value in environment.values() for found in PASSWORD_IN_URL.findall(str(value))]
    assert [secret for secret in secrets if not REQUIRED.fullmatch(secret)] == []


def test_the_example_names_every_variable_and_gives_none() -> None:
    asked = set(REQUIRED.findall((ROOT / "compose.yaml").read_text()))
    assert variables(ROOT / "compose.env.example") == dict.fromkeys(asked, "")
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()


def test_replicas_have_a_name_and_an_address_of_their_own() -> None:
    assert {SERVICES[name]["environment"]["MODPLANE_REPLICA"] for name in REPLICAS} == REPLICAS
    (first,), (second,) = (SERVICES[name]["ports"] for name in sorted(REPLICAS))
    assert first != second
    assert all(port.startswith("127.0.0.1:") for port in (first, second))


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_service_understands_what_it_is_told(name: str) -> None:
    assert unknown_settings(set(SERVICES[name]["environment"])) == set()
    assert_is_a_command(SERVICES[name]["command"])


@pytest.mark.parametrize("name", sorted(REPLICAS))
def test_health_is_asked_where_it_is_answered(name: str) -> None:
    (path,) = re.findall(r"127\.0\.0\.1:8000(/[\w/]+)", SERVICES[name]["healthcheck"]["test"][-1])
    assert path in served_paths()


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_service_can_do_nothing_but_serve(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


def test_what_must_survive_lies_in_volumes_and_the_cache_does_not() -> None:
    kept = {name: one["volumes"] for name, one in SERVICES.items() if "volumes" in one}
    assert kept == {"postgres": ["postgres:/var/lib/postgresql"], "kafka": ["kafka:/var/lib/kafka/data"]}
    assert SERVICES["kafka"]["environment"]["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"
    assert COMPOSE["volumes"].keys() == kept.keys()
    command = SERVICES["redis"]["command"]
    assert [command[command.index(option) + 1] for option in ("--save", "--appendonly")] == ["", "no"]
