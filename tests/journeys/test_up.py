"""`modplane up` as a person runs it: started, used, stopped, killed, and started again."""

import json
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from devstack import Endpoints
from tests.support.event_stream_client import EventStreamClient
from tests.support.polling import wait_for
from tests.support.service_process import SEEDS, free_port, processes_of
from tests.support.up_command import AGAIN_SECONDS, FIRST_SECONDS, Up

UNUSUAL = "dätä, #1 = 50% \\n {x}:'\"$HOME"


@pytest.fixture
def up() -> Iterator[Up]:
    with tempfile.TemporaryDirectory(prefix="modplane-up-", ignore_cleanup_errors=True) as folder:
        # Names are taken as they are, by every part; and the service listens where it is told to.
        up = Up(Path(folder).resolve() / UNUSUAL, free_port(), "127.0.0.2")
        yield up
        if not up.has_ended:
            up.kill_everything()


def test_the_life_of_an_installation(up: Up, measured: Callable[[str], None]) -> None:
    figures = {"first start": up.start().wait_ready(FIRST_SECONDS)}
    for shown in (up.url, "Web UI  ", f"{up.url}/schema", str(up.data_dir / "admin.json")):
        assert shown in up.said
    assert stat.S_IMODE((up.data_dir / "admin.json").stat().st_mode) == 0o600
    assert "openapi" in httpx.get(f"{up.url}/schema/openapi.json").text
    assert httpx.get(f"{up.url}/schema").status_code == 200
    admin = up.sign_in()
    assert len(admin.get("/module-registry").json()["items"]) == 11
    industries = [item["industry_code"] for item in admin.get("/industries").json()["items"]]
    assert len(industries) == 8
    organizations = {code: admin.organization(code) for code in industries}
    assert all(admin.modules_of(organization) for organization in organizations.values())
    seeded_again = up.run("apply", "-f", str(SEEDS))
    assert (seeded_again.returncode, seeded_again.stdout.splitlines()[-1]) == (0, "19 unchanged, 0 changed")

    gone, *_ = industries
    assert admin.delete(f"/industries/{gone}").status_code == 200
    before = {code: admin.modules_of(organization) for code, organization in organizations.items()}
    with EventStreamClient(admin) as listening:
        listening.live()
        figures["Ctrl-C"] = up.interrupt()
        assert listening.to_the_end().told[-1]["code"] == "service_stops"
    assert processes_of(up.data_dir) == []

    figures["second start"] = up.start().wait_ready(AGAIN_SECONDS)
    admin = up.sign_in()
    assert admin.get(f"/industries/{gone}").status_code == 404
    assert len(admin.get("/industries").json()["items"]) == 7
    assert {code: admin.modules_of(organization) for code, organization in organizations.items()} == before
    assert up.run("verify").returncode == 0

    module = admin.module()
    up.kill_everything()
    figures["start after kill -9"] = up.start("--json").wait_ready(FIRST_SECONDS)
    admin = up.sign_in()
    assert admin.get(f"/module-registry/{module}").status_code == 200
    assert {code: admin.modules_of(organization) for code, organization in organizations.items()} == before
    assert admin.post(f"/modules/assign/{organizations[gone]}", {"module_id": module}).status_code == 200
    figures["Ctrl-C again"] = up.interrupt()
    assert processes_of(up.data_dir) == []
    told = [line for line in map(json.loads, up.said.splitlines()) if "state" in line]
    assert [line["state"] for line in told] == ["starting", "ready", "stopping", "stopped"]
    assert (told[1]["url"], told[1]["docs"]) == (up.url, f"{up.url}/schema")
    measured(f"modplane up: {', '.join(f'{what} {spent:.1f} s' for what, spent in figures.items())}")


def test_a_port_in_use_is_one_clear_line(up: Up) -> None:
    with socket.create_server(("127.0.0.2", up.port)):
        up.start()
        wait_for(lambda: up.has_ended, "the end")
    assert up.process is not None
    assert up.process.returncode == 1
    assert up.said == f"modplane: Port {up.port} is in use: stop what uses it, or set MODPLANE_HTTP_PORT.\n"
    assert processes_of(up.data_dir) == []


def test_without_its_parts_a_command_says_so_in_one_line(up: Up) -> None:
    up.environment |= Endpoints(
        "postgresql://127.0.0.1:1/modplane", "127.0.0.1:1", "redis://127.0.0.1:1/0"
    ).environment()
    for arguments in (("apply", "-f", str(SEEDS)), ("migrate",)):
        done = up.run(*arguments)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert done.stderr.startswith("modplane: The database")
