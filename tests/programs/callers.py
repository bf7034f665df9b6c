"""Callers who change what organizations have, at random, and try again until they are answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from threading import Event, Thread

import httpx

from tests.support.api_client import Api, signup

PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Catalogue:
    """What there is to be had."""

    modules: Sequence[str]
    industries: Sequence[str]


class Caller(Thread):
    """Changes some organizations of its own, and signs up more. `decided` counts answers, refusals too."""

    def __init__(self, admin: Api, catalogue: Catalogue, organizations: Sequence[str], seed: int) -> None:
        super().__init__(daemon=True)
        self._admin = admin
        self._catalogue = catalogue
        self._random = Random(seed)  # noqa: S311 - the same choices in every run
        self._ended = Event()
        self.organizations = list(organizations)
        self.decided = 0
        self.failures: list[str] = []

    def run(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            self._patiently(
                self._random.choice([self._assign, self._unassign, self._configure, self._apply, self._join])
            )

    def _patiently(self, change: Callable[[str], httpx.Response]) -> None:
        key, chosen = f"{self._random.random()}", self._random.getstate()
        while not self._ended.is_set():
            self._random.setstate(chosen)
            try:
                answer = change(key)
            except httpx.TransportError:
                self._ended.wait(PAUSE_SECONDS)
                continue
            self.decided += 1
            if answer.status_code >= 500:
                self.failures.append(answer.text)
            return

    def _assign(self, key: str) -> httpx.Response:
        body = {"module_id": self._module(), "config": {"a": self._random.randint(1, 3)}}
        return self._admin.post(f"/modules/assign/{self._organization()}", body, idempotency_key=key)

    def _unassign(self, key: str) -> httpx.Response:
        path = f"/modules/unassign/{self._organization()}/{self._module()}?force=true"
        return self._admin.post(path, idempotency_key=key)

    def _configure(self, key: str) -> httpx.Response:
        patch = {"a": self._random.choice([None, 1, 2.5, "é"]), "b": {"c": self._random.randint(1, 9)}}
        path = f"/organizations/{self._organization()}/modules/{self._module()}"
        return self._admin.patch(path, patch, idempotency_key=key)

    def _apply(self, key: str) -> httpx.Response:
        mode = self._random.choice(["add", "replace"])
        body = {"industry_code": self._random.choice(self._catalogue.industries), "mode": mode}
        return self._admin.post(f"/modules/apply-industry/{self._organization()}", body, idempotency_key=key)

    def _join(self, key: str) -> httpx.Response:
        body = signup(self._random.choice(self._catalogue.industries), admin_email=f"{key}@acme.example")
        answer = self._admin.post("/organizations/signup", body, idempotency_key=key)
        self.organizations.append(answer.json()["organization"]["id"])
        return answer

    def _organization(self) -> str:
        return self._random.choice(self.organizations)

    def _module(self) -> str:
        return self._random.choice(self._catalogue.modules)

    def end(self) -> None:
        self._ended.set()
        self.join(30)
