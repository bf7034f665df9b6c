"""The TypeScript client, packed and installed as others do it, used by Node against the service."""

import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.programs.conftest import ROOT
from tests.running import ServiceProcess, sign_in

CLIENT = ROOT / "clients" / "typescript"
NODE = ["sh", str(ROOT / "scripts" / "node.sh")]


def run(words: list[str], directory: Path, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [*NODE, *words],
        cwd=directory,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tarball(build: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `npm publish` would send."""
    build("clients/typescript")
    directory = tmp_path_factory.mktemp("packed")
    (packed,) = json.loads(
        run(["npm", "pack", "--json", "--ignore-scripts", "--pack-destination", str(directory)], CLIENT)
    )
    return directory / str(packed["filename"])


@pytest.fixture(scope="module")
def project(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty project that has installed the client alone."""
    directory = tmp_path_factory.mktemp("project")
    (directory / "package.json").write_text('{"private": true, "type": "module"}')
    run(["npm", "install", "--offline", "--no-audit", "--omit=peer", str(tarball)], directory)
    return directory


@pytest.fixture(scope="module")
def caller(service: ServiceProcess) -> dict[str, str]:
    """Where the service is, and a super admin's token."""
    token = sign_in(service.url).post("/tokens", {"name": "client", "role": "super_admin"}).json()["token"]
    return {"MODPLANE_URL": service.url, "MODPLANE_TOKEN": token}


def test_the_package_holds_code_and_types_and_nothing_else(tarball: Path) -> None:
    with tarfile.open(tarball) as packed:
        names = {name.removeprefix("package/") for name in packed.getnames()}
    assert {"package.json", "README.md", "dist/index.js", "dist/index.d.ts", "dist/react-query.d.ts"} <= names
    assert {Path(name).suffix for name in names} == {".json", ".md", ".js", ".ts"}
    assert not [name for name in names if name.startswith(("src", "tests"))]


def test_every_method_works_from_plain_node(project: Path, caller: dict[str, str]) -> None:
    assert [path.name for path in (project / "node_modules").iterdir() if not path.name.startswith(".")] == [
        "@modplane"
    ]
    methods = (CLIENT / "tests" / "methods.test.mjs").read_text()
    (project / "methods.test.mjs").write_text(methods)
    run(["node", "--test", "methods.test.mjs"], project, caller)


def test_queries_are_options_for_tanstack(project: Path, caller: dict[str, str]) -> None:
    assert project.exists()
    run(["node", "--test", "tests/react-query.test.mjs"], CLIENT, caller)
