"""Callers behind a load balancer: they write, read what they wrote from any replica, and note what goes wrong."""

from collections.abc import Callable
from itertools import count
from threading import Event, Lock, Thread
from uuid import UUID

import httpx

from tests.support.api_client import Api
from tests.support.service_process import ServiceProcess

DECIDED = 200
PAUSE_SECONDS = 0.05


class Balancer:
    """Routes to replicas in turn, to those that were ready when they joined; it hears of no restart in advance."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._apis: dict[str, Api] = {}
        self._turn = count()
        self._lock = Lock()
        self.stopping: set[str] = set()

    def join(self, replica: ServiceProcess) -> None:
        with self._lock:
            self.stopping.discard(replica.replica)
            self._apis[replica.replica] = Api(replica.url, self._token)

    def stops(self, name: str) -> None:
        """From now on, until it joins again, this replica may refuse and cut: a caller may tell of it late."""
        self.stopping.add(name)

    def leave(self, replica: ServiceProcess) -> None:
        with self._lock:
            self._apis.pop(replica.replica, None)

    def next(self) -> tuple[str, Api]:
        with self._lock:
            routes = list(self._apis.items())
            return routes[next(self._turn) % len(routes)]


class Caller(Thread):
    """Changes one organization's config, each time under a new key, and reads every change that was acknowledged."""

    def __init__(self, balancer: Balancer, organization: str, module: str) -> None:
        super().__init__(daemon=True)
        self._balancer = balancer
        self._modules = f"/organizations/{organization}/modules"
        self._module = module
        self._ended = Event()
        self.organization = organization
        self.answers: list[httpx.Response] = []
        self.cut = 0
        self.failures: list[str] = []

    def run(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            self._change(f"key_{len(self.answers) + 1}")

    def _change(self, key: str) -> None:
        path = f"{self._modules}/{self._module}"
        answer = self._answered(lambda api: api.patch(path, {key: 1}, idempotency_key=key))
        self.answers.append(answer)
        read = self._answered(lambda api: api.get(self._modules))
        if answer.status_code == DECIDED and key not in self._config(read):
            self.failures.append(f"{key} was acknowledged and is not read: {read.text[:200]}")

    def _config(self, read: httpx.Response) -> dict[str, int]:
        items = read.json().get("items", ())
        return next((item["own_config"] for item in items if item["module_id"] == self._module), {})

    def _answered(self, ask: Callable[[Api], httpx.Response]) -> httpx.Response:
        """The first answer. A connection that is refused or cut goes on to the next replica, as with any balancer.

        Only a replica that is being restarted may refuse or cut one.
        """
        while True:
            name, api = self._balancer.next()
            try:
                answer = ask(api)
            except httpx.TransportError as error:
                self._note_cut(name, error)
                continue
            if answer.status_code not in {200, 202}:
                self.failures.append(f"{name} answered {answer.status_code}: {answer.text[:200]}")
            return answer

    def _note_cut(self, name: str, error: httpx.TransportError) -> None:
        self.cut += not isinstance(error, httpx.ConnectError)
        if name not in self._balancer.stopping:
            self.failures.append(f"{name} was not being stopped: {error!r}")

    def end(self) -> None:
        self._ended.set()
        self.join(30)

    @property
    def decided(self) -> int:
        return sum(answer.status_code == DECIDED for answer in self.answers)

    @property
    def operations(self) -> list[UUID]:
        return [UUID(answer.headers["modplane-operation-id"]) for answer in self.answers]
