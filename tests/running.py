"""Real processes of the service, for journeys and faults: started, asked, frozen, killed."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
import psutil

from devstack import Endpoints
from tests.preloaded import begin

ADMIN = {"email": "admin@modplane.example", "password": "a long enough password"}
READY_SECONDS = 120.0
STACK_SERVERS = {"postgres", "redis-server", "java"}
SEEDS = Path(__file__).resolve().parents[1] / "seeds"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """The first true value of `condition`. Fails after `seconds`, naming `what`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"Not within {seconds:.0f} s: {what}")


class ServiceProcess:
    """One replica in a process group of its own. `program`: another entry than `modplane serve`, for faults."""

    def __init__(
        self,
        endpoints: Endpoints,
        log: Path,
        *,
        replica: str = "",
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = ("-m", "app.cli", "serve"),
    ) -> None:
        self.port = free_port()
        # The same name for whoever runs alone: it takes the place of the one before, whose session has not ended yet.
        self.replica = replica or "alone"
        self._log = log
        self._program = program
        self._environment = {
            **os.environ,
            **endpoints.environment(),
            "MODPLANE_HTTP_PORT": str(self.port),
            "MODPLANE_REPLICA": self.replica,
            "MODPLANE_ADMIN_EMAIL": ADMIN["email"],
            "MODPLANE_ADMIN_PASSWORD": ADMIN["password"],
            **(environment or {}),
        }
        self._process: ForkServerProcess | None = None

    def __enter__(self) -> Self:
        return self.start().wait_ready()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> Self:
        self._process = begin(self._program, self._environment, self._log)
        return self

    def wait_ready(self, seconds: float = READY_SECONDS) -> Self:
        try:
            wait_for(lambda: self.is_ready() or self.has_ended(), f"{self.replica} ready", seconds)
            assert not self.has_ended(), f"{self.replica} ended"
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}; its log ends: {self.log[-3000:]}") from None
        return self

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of its first process."""
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text()

    def signal(self, number: signal.Signals) -> None:
        """To every process of the replica."""
        os.killpg(self.pid, number)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """As a power failure would."""
        assert self._process is not None
        self.signal(signal.SIGKILL)
        self._process.join(10)
        assert self.has_ended()

    def has_ended(self) -> bool:
        assert self._process is not None
        return not self._process.is_alive()

    @property
    def exit_code(self) -> int | None:
        """Of its first process; None while it runs."""
        assert self._process is not None
        return self._process.exitcode

    def stop(self) -> None:
        """Gracefully; by force when that takes too long or it is frozen."""
        if self._process is None or self.has_ended():
            return
        self.signal(signal.SIGCONT)
        self._process.terminate()
        self._process.join(15)
        if not self.has_ended():
            self.kill()


class Api:
    """A caller of the REST API; `token` None: nobody. Threads may share it: each gets a client of its own.

    One client for several threads may close a connection that another thread has just been given, and the answer to a
    request is lost.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 20.0) -> None:
        self.token = token
        self._url = url
        self._timeout = timeout
        self._of_thread = threading.local()

    @property
    def client(self) -> httpx.Client:
        """The calling thread's."""
        client: httpx.Client | None = getattr(self._of_thread, "client", None)
        if client is None:
            client = httpx.Client(
                base_url=f"{self._url}/api/v1",
                headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
                timeout=self._timeout,
                limits=httpx.Limits(max_keepalive_connections=0),
            )
            self._of_thread.client = client
        return client

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=named(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.client.post(path, json=body, headers=named(headers))

    def decided(self, path: str, body: Any) -> httpx.Response:
        """The outcome, however long the consumers take to find their places: 202 is asked again under the same key."""
        key = uuid4().hex

        def ask() -> httpx.Response | None:
            answer = self.post(path, body, idempotency_key=key)
            return answer if answer.status_code != HTTPStatus.ACCEPTED else None

        answer: httpx.Response = wait_for(ask, f"{path} is decided")
        return answer

    def patch(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.client.patch(path, json=body, headers=named(headers))

    def delete(self, path: str, **headers: str) -> httpx.Response:
        return self.client.delete(path, headers=named(headers))

    def module(self, module_id: str = "", **fields: Any) -> str:
        """Registers a module, of a new id unless one is given; returns the id."""
        body = {
            "module_id": module_id or f"m_{uuid4().hex[:12]}",
            "module_name": "A module",
            "category": "Core",
            "service_name": "a-service",
            "api_endpoint": "/a",
            "version": "1.0.0",
            **fields,
        }
        answer = self.decided("/module-registry", body)
        assert answer.status_code in {200, 201}, answer.text
        return str(body["module_id"])

    def industry(self, modules: Sequence[str | Mapping[str, Any]], **fields: Any) -> str:
        """Creates an industry with these modules, optional unless said otherwise; returns its code."""
        code = f"i_{uuid4().hex[:12]}"
        entries = [{"module_id": m, "is_required": False} if isinstance(m, str) else m for m in modules]
        body = {"industry_code": code, "industry_name": f"Industry {code}", "description": "", "modules": entries}
        answer = self.decided("/industries", body | fields)
        assert answer.status_code == 201, answer.text
        return code

    def organization(self, industry_code: str | None = None, **fields: Any) -> str:
        """Signs an organization up; returns its id."""
        answer = self.decided("/organizations/signup", signup(industry_code, **fields))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["organization"]["id"])

    def modules_of(self, organization_id: str) -> dict[str, Any]:
        """Its items by module id."""
        answer = self.get(f"/organizations/{organization_id}/modules")
        assert answer.status_code == 200, answer.text
        return {item["module_id"]: item for item in answer.json()["items"]}


def named(headers: Mapping[str, str]) -> dict[str, str]:
    """`if_match` is `If-Match`."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def signup(industry_code: str | None = None, **fields: Any) -> dict[str, Any]:
    """A signup's body, with an e-mail nobody has."""
    body: dict[str, Any] = {
        "organization_name": "Acme",
        "admin_email": f"{uuid4().hex}@acme.example",
        "admin_password": "correct horse battery",
    }
    return body | ({"industry_code": industry_code} if industry_code else {}) | fields


def sign_in(url: str, email: str = ADMIN["email"], password: str = ADMIN["password"]) -> Api:
    """A caller with a token; the super admin unless another is named."""
    answer = Api(url).post("/auth/login", {"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return Api(url, json.loads(answer.text)["access_token"])


@dataclass(frozen=True)
class Tenant:
    """An organization and its admin, signed in."""

    id: str
    operation_id: str
    email: str
    password: str
    admin: Api


def new_tenant(url: str, industry_code: str | None = None, **fields: Any) -> Tenant:
    """Signs an organization up, and its admin in."""
    body = signup(industry_code, **fields)
    answer = Api(url).decided("/organizations/signup", body)
    assert answer.status_code == 201, answer.text
    told, email, password = answer.json(), body["admin_email"], body["admin_password"]
    return Tenant(told["organization"]["id"], told["operation_id"], email, password, sign_in(url, email, password))


def refresh_cookie(cookies: httpx.Cookies) -> tuple[str, str]:
    """The refresh cookie's name, which has the port in it, and its value."""
    ((name, value),) = [(name, value) for name, value in cookies.items() if name.startswith("modplane_refresh")]
    return name, value


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """The answer, which must be a problem in full form."""
    assert answer.headers.get("content-type", "").partition(";")[0] == "application/problem+json", answer.text
    problem: dict[str, Any] = answer.json()
    assert problem.keys() >= {"type", "title", "status", "detail", "instance"}, problem
    assert problem["status"] == answer.status_code
    assert problem["instance"] == answer.request.url.path
    assert problem["title"]
    assert problem["detail"]
    return problem


def code_of(answer: httpx.Response) -> str:
    """What programs know a problem by: the end of its type."""
    return str(problem_of(answer)["type"]).removeprefix("urn:modplane:problem:")


def processes_of(data_dir: Path) -> list[int]:
    """Everything that runs on an embedded stack's directory, found without the stack's own means."""
    found = []
    for process in psutil.process_iter():
        try:
            mentions = any(str(data_dir) in word for word in process.cmdline())
            at_home = process.name() in STACK_SERVERS and data_dir in Path(process.cwd()).parents
            marked = str(data_dir) in process.environ().values()
        except psutil.Error:
            continue
        if process.pid != os.getpid() and (mentions or at_home or marked):
            found.append(process.pid)
    return found
