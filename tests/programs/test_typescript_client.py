"""The TypeScript client, packed and installed as others do it, used by Node against the service."""

import json
import os
import signal
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from devstack import Endpoints
from tests.support.api_client import sign_in
from tests.support.polling import wait_for
from tests.support.service_process import READY_SECONDS, ServiceProcess
from tests.support.tools import ROOT

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


def test_following_and_exporting_events_works_from_plain_node(project: Path, caller: dict[str, str]) -> None:
    (project / "events.test.mjs").write_text((CLIENT / "tests" / "events.test.mjs").read_text())
    run(["node", "--test", "events.test.mjs"], project, caller)


@pytest.fixture
def restarting(endpoints: Endpoints, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service that is stopped, killed and started again."""
    with ServiceProcess(endpoints, tmp_path / "service.log", replica="followed") as service:
        yield service


@contextmanager
def following(project: Path, output: Path, service: ServiceProcess, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Node runs `follow.mjs` in a group of its own."""
    (project / "follow.mjs").write_text((CLIENT / "tests" / "follow.mjs").read_text())
    caller = {"MODPLANE_URL": service.url, "MODPLANE_TOKEN": str(sign_in(service.url).token)}
    with output.open("w") as seen:
        follower = subprocess.Popen(
            [*NODE, "node", "follow.mjs", *words],
            cwd=project,
            env={**os.environ, **caller},
            stdout=seen,
            start_new_session=True,
        )
    try:
        yield follower
    finally:
        if follower.poll() is None:
            os.killpg(follower.pid, signal.SIGKILL)
            follower.wait()


def test_a_follower_misses_nothing_and_sees_nothing_twice_while_the_service_restarts(
    project: Path, restarting: ServiceProcess, tmp_path: Path
) -> None:
    admin, output = sign_in(restarting.url), tmp_path / "seen"
    registered: list[str] = []

    def has_seen_all() -> bool:
        return output.read_text().splitlines() == registered

    place = admin.get("/events?limit=1").json()["position"]
    registered.append(admin.module())
    with following(project, output, restarting, "tenant.module.registered", place, "5") as follower:
        for end in (restarting.stop, restarting.kill):
            wait_for(has_seen_all, "the follower has seen what is there")
            # He hears of nothing until after it happened, and finds his connection gone.
            os.killpg(follower.pid, signal.SIGSTOP)
            registered.append(admin.module())
            end()
            restarting.start().wait_ready()
            registered.append(admin.module())
            os.killpg(follower.pid, signal.SIGCONT)
        assert follower.wait(READY_SECONDS) == 0
    assert has_seen_all()
