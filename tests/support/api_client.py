"""A caller of the REST API, and what tests do with it again and again: sign in, register, sign up, read problems."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx

from tests.support.polling import wait_for

ADMIN = {"email": "admin@modplane.example", "password": "a long enough password"}


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
