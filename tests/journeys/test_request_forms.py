"""Requests in the forms in which common clients, proxies and people send them."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner

from app.cli.main import app as command_line
from devstack import Endpoints
from tests.support.api_client import Api, Tenant, code_of, new_tenant, sign_in
from tests.support.service_process import ServiceProcess


@pytest.fixture(scope="module")
def module(admin: Api) -> str:
    return admin.module()


@pytest.fixture
def tenant(service: ServiceProcess, admin: Api, module: str) -> Tenant:
    """An organization that has the module."""
    tenant = new_tenant(service.url)
    assert admin.post(f"/modules/assign/{tenant.id}", {"module_id": module}).status_code == 200
    return tenant


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/api/v1/industries", "/api/v1/organizations/{id}/modules", "/schema"]
)
def test_head_tells_what_get_would_without_the_body(service: ServiceProcess, tenant: Tenant, path: str) -> None:
    address = service.url + path.replace("{id}", tenant.id)
    headers = {"Authorization": f"Bearer {tenant.admin.token}"}
    get, head = httpx.get(address, headers=headers), httpx.head(address, headers=headers)
    assert (head.status_code, head.content) == (get.status_code, b"") == (200, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == get.headers.get(name), name


def test_head_of_the_event_stream_ends(admin: Api) -> None:
    head = admin.client.head("/events/stream")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


def test_an_action_does_not_overlook_the_body_it_is_sent(admin: Api, tenant: Tenant, module: str) -> None:
    path = f"/modules/unassign/{tenant.id}/{module}"
    for body in ({"dry_run": True}, {"force": True}):
        assert code_of(admin.post(path, body)) == "invalid_body"
    assert module in admin.modules_of(tenant.id)
    assert admin.post(path, {}).status_code == 200


def test_a_change_may_be_tied_to_a_state_by_tags_as_proxies_leave_them(admin: Api, tenant: Tenant, module: str) -> None:
    path = f"/organizations/{tenant.id}/modules"
    tag = admin.get(path).headers["etag"]
    assert admin.patch(f"{path}/{module}", {"a": 1}, if_match=f"W/{tag}").status_code == 200
    for stale in (f"W/{tag}", '"foreign"', f'"foreign", {tag}'):
        assert admin.patch(f"{path}/{module}", {"a": 2}, if_match=stale).status_code == 412, stale
    waiting = admin.patch(f"{path}/{module}", {"a": 3}, if_match="*", prefer="respond-async")
    assert waiting.status_code == 202


def test_a_reason_in_a_header_is_kept_as_it_was_written(service: ServiceProcess, admin: Api, tenant: Tenant) -> None:
    module = admin.module()
    answer = httpx.post(
        f"{service.url}/api/v1/modules/assign/{tenant.id}",
        json={"module_id": module},
        headers=[(b"Authorization", f"Bearer {admin.token}".encode()), (b"Modplane-Reason", "größer, 100%".encode())],
    )
    assert answer.status_code == 200, answer.text
    (event,) = admin.get(f"/events?operation_id={answer.json()['operation_id']}").json()["items"]
    assert event["reason"] == "größer, 100%"


def test_a_request_is_known_by_what_it_means(admin: Api, tenant: Tenant) -> None:
    module, key = admin.module(), {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}

    def assign(body: str) -> httpx.Response:
        return admin.client.post(f"/modules/assign/{tenant.id}", content=body.encode("utf-8-sig"), headers=key)

    first = assign(f'{{"module_id":"{module}","config":{{"a":1,"b":"ü"}}}}')
    again = assign(f'{{ "config": {{"b": "\\u00fc", "a": 1}},\n "module_id": "{module}" }}')
    assert (first.status_code, first.text) == (200, again.text)
    assert code_of(assign(f'{{"module_id":"{module}","config":{{"a":2}}}}')) == "idempotency_key_reused"


def test_what_the_registry_takes_is_exported(endpoints: Endpoints, admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    deepest: Any = 1
    for _ in range(30):
        deepest = [deepest]
    module = admin.module(metadata={"deep": deepest, "most": 2**64 - 1})
    for wrong in ({"n": 2**64}, {"deep": [[[deepest]]]}):
        answer = admin.patch(f"/module-registry/{module}", {"metadata": wrong})
        assert (answer.status_code, code_of(answer)) == (422, "metadata_invalid")
    for name, value in endpoints.environment().items():
        monkeypatch.setenv(name, value)
    exported = CliRunner().invoke(command_line, ["export", "--json"])
    assert exported.exit_code == 0, exported.output
    (kept,) = [each for each in json.loads(exported.stdout)["modules"] if each["module_id"] == module]
    assert kept["metadata"] == {"deep": deepest, "most": 2**64 - 1}


def test_two_values_for_one_key_change_nothing(service: ServiceProcess, tenant: Tenant, module: str) -> None:
    admin, other = sign_in(service.url), f"no_{uuid4().hex[:8]}"
    body = f'{{"module_id":"{module}","module_id":"{other}"}}'.encode()
    answer = admin.client.post(
        f"/modules/assign/{tenant.id}", content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/module_id")
