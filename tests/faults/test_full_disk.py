"""The disk of the data directory is full: reads go on, every write is refused as what it is, and all comes back."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.support.api_client import Api, code_of, signup
from tests.support.polling import wait_for
from tests.support.service_process import free_port
from tests.support.small_disks import fill, filled, small_disk
from tests.support.up_command import FIRST_SECONDS, Up

MEGABYTES = 700
RECOVERY_SECONDS = 90.0
LONG = "long enough to need a page of its own before long " * 60

Call = Callable[[], httpx.Response]


@pytest.fixture
def up() -> Iterator[Up]:
    with (
        tempfile.TemporaryDirectory(prefix="modplane-full-", ignore_cleanup_errors=True) as folder,
        small_disk(Path(folder).resolve() / "disk", MEGABYTES) as disk,
    ):
        up = Up(disk / "data", free_port())
        up.screen = Path(folder) / "screen.txt"
        yield up
        if not up.has_ended:
            up.kill_everything()


def parts_of(up: Up) -> dict[str, Any]:
    answer = httpx.get(f"{up.url}/health/ready", timeout=10)
    return {"code": answer.status_code, **answer.json()}


class Writes:
    """Every kind of write, again and again; what was acknowledged is kept."""

    def __init__(self, up: Up, admin: Api) -> None:
        self._url, self._admin, self._module = up.url, admin, admin.module()
        self.modules: set[str] = set()
        self.organizations: set[str] = set()

    def calls(self) -> Mapping[str, Call]:
        token = {"name": "a token", "role": "service", "scopes": ["read"]}
        bulk = {"command": {"type": "suspend"}, "organization_ids": [str(uuid4())]}
        return {
            "register": self._register,
            "change": partial(
                self._admin.patch, f"/module-registry/{self._module}", {"description": uuid4().hex + LONG}
            ),
            "signup": self._sign_up,
            "token": partial(self._admin.post, "/tokens", token),
            "bulk": partial(self._admin.post, "/bulk-operations", bulk),
        }

    def _register(self) -> httpx.Response:
        body = dict.fromkeys(("module_name", "category", "service_name", "api_endpoint", "version"), "x")
        module = f"m_{uuid4().hex[:12]}"
        answer = self._admin.post("/module-registry", {"module_id": module, "description": LONG, **body})
        self.modules |= {module} if answer.is_success else set()
        return answer

    def _sign_up(self) -> httpx.Response:
        answer = Api(self._url).post("/organizations/signup", signup(organization_name=f"A{uuid4().hex}"))
        self.organizations |= {answer.json()["organization"]["id"]} if answer.is_success else set()
        return answer


@pytest.mark.thorough
def test_on_a_full_disk_writes_are_refused_reads_go_on_and_all_comes_back(up: Up) -> None:
    up.start().wait_ready(FIRST_SECONDS)
    admin, disk = up.sign_in(), up.data_dir.parent
    organization, writes = admin.organization(), Writes(up, admin)
    token = admin.post("/tokens", {"name": "reads", "role": "super_admin", "scopes": ["read"]}).json()["token"]
    reads: list[Call] = [
        partial(caller.get, path)
        for caller in (admin, Api(up.url, token))
        for path in (f"/organizations/{organization}/modules", "/organizations", "/module-registry", "/industries")
    ]
    cache = Redis.from_url(json.loads((up.data_dir / "stack.json").read_text())["endpoints"]["redis_url"])
    cache.config_set("save", "3600 1")

    with filled(disk):
        with_room_elsewhere_refused(cache)
        refused: set[str] = set()

        def all_refused() -> bool:
            fill(disk / "ballast")
            for name, call in writes.calls().items():
                answer = call()
                assert answer.is_success or answer.status_code == 503, (name, answer.text)
                if answer.status_code == 503:
                    assert (code_of(answer), answer.headers["retry-after"]) == ("database_takes_no_writes", "2"), name
                    assert "its disk is full" in answer.json()["detail"]
                    refused.add(name)
            for read in reads:
                assert read().status_code == 200
            return refused == writes.calls().keys()

        wait_for(all_refused, "every kind of write is refused", 120)
        told = parts_of(up)
        assert (told["code"], told["status"], told["parts"]["postgres"]) == (200, "degraded", "degraded")
        assert "its disk is full" in told["waiting_for"]
        assert "modplane_database_accepts_writes 0.0" in httpx.get(f"{up.url}/metrics").text
        status = admin.get("/system/status").json()["postgres"]
        assert (status["state"], status["code"]) == ("degraded", "disk_full")
        at_the_terminal = up.run("status")
        assert at_the_terminal.returncode == 1
        assert "PostgreSQL takes no writes: its disk is full." in at_the_terminal.stdout

    cache.config_set("save", "")
    wait_for(
        lambda: (told := parts_of(up))["status"] == "ok" and set(told["parts"].values()) == {"ok"},
        "every part works again by itself",
        RECOVERY_SECONDS,
    )
    wait_for(
        lambda: all(call().is_success for call in writes.calls().values()), "every write goes through", RECOVERY_SECONDS
    )
    assert all(admin.get(f"/module-registry/{module}").status_code == 200 for module in writes.modules)
    assert all(admin.get(f"/organizations/{each}").status_code == 200 for each in writes.organizations)
    wait_for(lambda: up.run("verify").returncode == 0, "nothing differs")
    up.sign_in()


def with_room_elsewhere_refused(cache: Redis) -> None:
    """Redis, asked to keep its data on the full disk, refuses every write."""

    def refuses() -> bool:
        try:
            cache.bgsave()
        except RedisError:
            return "MISCONF" in refusal(cache)
        return False

    wait_for(refuses, "Redis refuses to write")


def refusal(cache: Redis) -> str:
    try:
        cache.set("probe", "1")
    except RedisError as error:
        return str(error)
    return ""
