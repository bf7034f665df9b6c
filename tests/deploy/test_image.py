import re
import subprocess
import sys
import tomllib

import pytest

from tests.deploy.dockerfile import copied_from_here, last, stages
from tests.deploy.repository import PINNED, ROOT, assert_is_a_command

WEB, BUILD, SERVICE = stages(ROOT / "Dockerfile")
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)(?: ; (\S.*\S))? \\$", re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

WITHOUT_THE_REST = """
import pkgutil, sys
from importlib import import_module
from importlib.metadata import packages_distributions

absent = set(sys.argv[1].split(","))
for module, owners in packages_distributions().items():
    if {owner.lower().replace("_", "-") for owner in owners} <= absent:
        sys.modules[module] = None
import app
rooms = ["app", "shared", "access", "assignments", "industries", "organizations", "registry", "devstack"]
for room in rooms:
    for found in pkgutil.walk_packages(import_module(room).__path__, f"{room}."):
        if not found.name.startswith("devstack.process_guard"):
            import_module(found.name)
"""


def pins(name: str) -> dict[str, str]:
    return {package: version for package, version, _ in PIN.findall((ROOT / name).read_text())}


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~ ;]", requirement, maxsplit=1)[0] for requirement in requirements}


@pytest.mark.parametrize("stage", [WEB, BUILD, SERVICE], ids=["web", "build", "service"])
def test_images_stand_on_a_named_version(stage: list[tuple[str, str]]) -> None:
    assert PINNED.match(stage[0][1].split()[0])


def test_everything_that_is_copied_exists_and_is_let_in() -> None:
    taken = [*copied_from_here(BUILD), *copied_from_here(WEB)]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert [source for source in taken if not (ROOT / source).exists()] == []
    assert sorted(f"!{source}" for source in taken) == sorted(line for line in ignored if line.startswith("!"))
    assert "*" in ignored
    assert copied_from_here(SERVICE) == []


def test_packages_are_installed_by_hash_and_as_wheels_alone() -> None:
    (install,) = [rest for _, rest in BUILD if "install" in rest]
    assert {"--require-hashes", "--only-binary", "--no-deps", "requirements-runtime.lock"} <= set(install.split())


def test_the_ui_is_built_by_the_lock_and_served() -> None:
    (build,) = [rest for name, rest in WEB if name == "RUN"]
    assert build.startswith("npm ci --ignore-scripts ")
    (copied,) = [rest.split() for name, rest in SERVICE if name == "COPY" and rest.startswith("--from=web")]
    assert copied[1].endswith("/web/dist")
    assert f"MODPLANE_WEB={copied[2]}" in last(SERVICE, "ENV").split()


def test_the_service_stage_builds_nothing_and_has_no_installer() -> None:
    run = " ".join(rest for name, rest in SERVICE if name == "RUN")
    assert "uninstall" in run
    assert not re.search(r"(?<!un)install\b|apt|compile|gcc", run)


def test_the_service_is_not_root_and_says_so_by_number() -> None:
    user, _, group = last(SERVICE, "USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert f"--uid {user} " in last(SERVICE, "RUN")


def test_the_image_starts_the_service_on_every_address() -> None:
    environment = last(SERVICE, "ENV").split()
    assert "MODPLANE_HTTP_HOST=0.0.0.0" in environment
    assert f"MODPLANE_HTTP_PORT={last(SERVICE, 'EXPOSE')}" in environment
    assert last(SERVICE, "ENTRYPOINT") == '["modplane"]'
    assert_is_a_command(re.findall(r'"(\w+)"', last(SERVICE, "CMD")))


def test_the_image_has_what_the_service_needs_in_the_versions_that_were_tested() -> None:
    runtime, tested = pins("requirements-runtime.lock"), pins("requirements.lock")
    extras = PROJECT["optional-dependencies"]
    assert runtime.items() <= tested.items()
    assert names(PROJECT["dependencies"]) <= runtime.keys()
    assert not names(extras["embedded"]) & runtime.keys()
    assert not {"pytest", "mypy", "ruff", "hatchling"} & runtime.keys()


def test_all_code_is_importable_without_the_embedded_servers_and_the_tools() -> None:
    absent = pins("requirements.lock").keys() - pins("requirements-runtime.lock").keys()
    program = [sys.executable, "-c", WITHOUT_THE_REST, ",".join(sorted(absent))]
    run = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
