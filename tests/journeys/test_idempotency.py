"""One key, one effect; and what becomes of those who do not wait."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.api_client import Api, Tenant, code_of, new_tenant, problem_of, sign_in, signup
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

Written = Callable[[], Awaitable[dict[str, int]]]
ASYNC = {"prefer": "respond-async"}


@pytest.fixture(scope="module")
def module(admin: Api) -> str:
    return admin.module()


@pytest.fixture
def tenant(service: ServiceProcess, admin: Api, module: str) -> Tenant:
    """An organization that has the module, which was change 1 of its assignments."""
    tenant = new_tenant(service.url)
    assert admin.post(f"/modules/assign/{tenant.id}", {"module_id": module}).status_code == 200
    return tenant


def key() -> dict[str, str]:
    return {"idempotency_key": f"any text? {uuid4()}"}


def location(answer: httpx.Response) -> str:
    """The operation's address, as `Api` takes it."""
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "pending"
    return str(answer.headers["Location"]).removeprefix("/api/v1")


def ended(caller: Api, address: str) -> dict[str, Any]:
    """The operation once it is decided. Its address answers from the first moment on."""

    def look() -> dict[str, Any] | None:
        answer = caller.get(address)
        assert answer.status_code == 200, answer.text
        operation: dict[str, Any] = answer.json()
        return operation if operation["status"] != "pending" else None

    found: dict[str, Any] = wait_for(look, f"the end of {address}")
    return found


async def test_a_repeated_request_has_one_effect_and_the_same_answer(
    admin: Api, tenant: Tenant, connection: Any
) -> None:
    repeated = key()
    module = admin.module()
    answers = [admin.post(f"/modules/assign/{tenant.id}", {"module_id": module}, **repeated) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["status"] == "applied"
    assert len({answer.headers["ETag"] for answer in answers}) == 1
    query = "SELECT count(*) FROM shared.event_log WHERE operation_id = $1::uuid"
    assert await connection.fetchval(query, answers[0].json()["operation_id"]) == 1


def test_a_repeated_request_gets_the_first_outcome_even_after_the_state_moved_on(
    admin: Api, tenant: Tenant, module: str
) -> None:
    repeated = key()
    path = f"/modules/unassign/{tenant.id}/{module}"
    first = admin.post(path, **repeated)
    assert first.status_code == 200
    assert admin.post(f"/modules/assign/{tenant.id}", {"module_id": module}).status_code == 200
    assert admin.post(path, **repeated).text == first.text
    assert admin.modules_of(tenant.id).keys() == {module}


def test_a_repeated_refusal_stays_a_refusal(admin: Api, tenant: Tenant) -> None:
    repeated, module = key(), admin.module(is_active=False)
    body = {"module_id": module}
    first = admin.post(f"/modules/assign/{tenant.id}", body, **repeated)
    assert code_of(first) == "module_inactive"
    assert admin.post(f"/module-registry/{module}/activate").status_code == 200
    assert admin.post(f"/modules/assign/{tenant.id}", body, **repeated).text == first.text
    assert admin.post(f"/modules/assign/{tenant.id}", body, **key()).status_code == 200


async def test_a_key_of_another_request_is_refused_and_changes_nothing(
    admin: Api, tenant: Tenant, module: str, written: Written
) -> None:
    used = key()
    path = f"/organizations/{tenant.id}/modules/{module}"
    assert admin.patch(path, {"a": 1}, **used).status_code == 200
    before = await written()
    for answer in (
        admin.patch(path, {"a": 2}, **used),
        admin.patch(f"{path}?reason=other", {"a": 1}, **used),
        admin.patch(path, {"a": 1}, **used, if_match='"1"'),
    ):
        assert (answer.status_code, code_of(answer)) == (422, "idempotency_key_reused")
    assert await written() == before


def test_the_same_key_is_another_one_in_another_place(admin: Api) -> None:
    used = key()
    modules = [admin.module() for _ in range(2)]
    for module in modules:
        assert admin.post(f"/module-registry/{module}/deactivate", **used).json()["status"] == "applied"


def test_a_key_may_be_any_text(admin: Api, tenant: Tenant) -> None:
    body, headers = {"module_id": admin.module()}, {b"Idempotency-Key": f"Schlüssel {uuid4()}".encode()}
    path = f"/modules/assign/{tenant.id}"
    first, second = (admin.client.post(path, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, second.text) == (200, first.text)


def test_two_callers_may_use_one_key(admin: Api, tenant: Tenant, module: str) -> None:
    used, path = key(), f"/organizations/{tenant.id}/modules/{module}"
    own = tenant.admin.patch(path, {"a": 1}, **used)
    others = admin.patch(path, {"b": 2}, **used)
    assert (own.status_code, others.status_code) == (200, 200)
    assert own.json()["operation_id"] != others.json()["operation_id"]
    assert admin.modules_of(tenant.id)[module]["own_config"] == {"a": 1, "b": 2}


def test_the_same_request_under_anothers_key_never_gives_my_outcome(
    service: ServiceProcess, admin: Api, tenant: Tenant
) -> None:
    used, path, body = key(), f"/modules/assign/{tenant.id}", {"module_id": admin.module()}
    token = admin.post("/tokens", {"name": "another", "role": "super_admin", "scopes": ["read", "write"]}).json()
    mine = admin.post(path, body, **used)
    others = Api(service.url, token["token"]).post(path, body, **used)
    assert (mine.json()["status"], others.json()["status"]) == ("applied", "unchanged")
    assert mine.json()["operation_id"] != others.json()["operation_id"]
    assert admin.post(path, body, **used).text == mine.text
    refused = tenant.admin.post(path, body, **used)
    assert (refused.status_code, mine.json()["operation_id"] in refused.text) == (403, False)


def test_who_does_not_wait_gets_an_address_that_answers_at_once_and_ends_applied(admin: Api, tenant: Tenant) -> None:
    modules = [admin.module() for _ in range(5)]
    for module in modules:
        answer = admin.post(f"/modules/assign/{tenant.id}", {"module_id": module}, **ASYNC)
        operation = ended(admin, location(answer))
        assert operation["status"] == "applied"
        assert operation["result"]["assigned"] == [module]
        assert module in admin.modules_of(tenant.id)


def test_an_address_tells_of_a_refusal(admin: Api, tenant: Tenant) -> None:
    answer = admin.post(f"/modules/assign/{tenant.id}", {"module_id": "an_absent_one"}, **ASYNC)
    operation = ended(admin, location(answer))
    assert operation["status"] == "rejected"
    assert operation["refusal"]["code"] == "unknown_modules"


def test_an_operation_is_seen_by_its_own_people_and_by_no_others(
    service: ServiceProcess, admin: Api, tenant: Tenant
) -> None:
    address = location(admin.post(f"/modules/assign/{tenant.id}", {"module_id": admin.module()}, **ASYNC))
    assert ended(tenant.admin, address)["status"] == "applied"
    assert new_tenant(service.url).admin.get(address).status_code == 404


def test_who_did_not_wait_may_ask_again_and_hears_the_outcome(admin: Api, tenant: Tenant) -> None:
    body, repeated = {"module_id": admin.module()}, key()
    ended(admin, location(admin.post(f"/modules/assign/{tenant.id}", body, **ASYNC, **repeated)))
    answer = admin.post(f"/modules/assign/{tenant.id}", body, **repeated)
    assert (answer.status_code, answer.json()["status"]) == (200, "applied")


async def test_a_config_nobody_waits_for_must_name_the_state_it_is_meant_for(
    admin: Api, tenant: Tenant, module: str, written: Written
) -> None:
    path = f"/organizations/{tenant.id}/modules/{module}"
    before = await written()
    assert code_of(admin.patch(path, {"a": 1}, **ASYNC)) == "if_match_required"
    assert admin.patch(path, {"a": 1}, **ASYNC).status_code == 428
    assert await written() == before
    etag = admin.get(f"/organizations/{tenant.id}/modules").headers["ETag"]
    assert ended(admin, location(admin.patch(path, {"a": 1}, **ASYNC, if_match=etag)))["status"] == "applied"
    late = ended(admin, location(admin.patch(path, {"a": 2}, **ASYNC, if_match=etag)))
    assert (late["status"], late["refusal"]["kind"]) == ("rejected", "precondition_failed")


def test_a_change_meant_for_an_older_state_is_refused_and_hears_what_happened_since(
    admin: Api, tenant: Tenant, module: str
) -> None:
    path = f"/organizations/{tenant.id}/modules/{module}"
    etag = admin.get(f"/organizations/{tenant.id}/modules").headers["ETag"]
    right = tenant.admin.patch(path, {"a": 1}, if_match=etag, modplane_reason="Gr%C3%B6%C3%9Fer")
    assert right.status_code == 200, right.text
    wrong = admin.patch(path, {"a": 2}, if_match=etag)
    assert wrong.status_code == 412
    events = problem_of(wrong)["events"]
    assert [(event["sequence"], event["type"]) for event in events] == [(2, "tenant.module.config_updated")]
    assert (events[0]["user_id"], events[0]["reason"]) == (tenant.operation_id, "Größer")
    assert admin.patch(path, {"a": 2}, if_match=right.headers["ETag"]).status_code == 200
    assert admin.modules_of(tenant.id)[module]["own_config"] == {"a": 2}


def test_each_kind_of_thing_takes_its_own_etag(admin: Api, tenant: Tenant) -> None:
    module = admin.module()
    industry = admin.industry([module])
    for path, body in (
        (f"/module-registry/{module}", {"version": "2.0"}),
        (f"/industries/{industry}", {"description": "New."}),
        (f"/organizations/{tenant.id}", {"name": "New"}),
    ):
        etag = admin.get(path).headers["ETag"]
        assert admin.patch(path, body, if_match=etag).status_code == 200
        assert admin.patch(path, body, if_match=etag).status_code == 412


async def test_a_repeated_signup_makes_one_organization(service: ServiceProcess, nobody: Api, connection: Any) -> None:
    body, repeated = signup(), key()
    answers = [nobody.post("/organizations/signup", body, **repeated) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["organization"]["id"] for answer in answers}) == 1
    assert await connection.fetchval("SELECT count(*) FROM access.users WHERE email = $1", body["admin_email"]) == 1
    changed = nobody.post("/organizations/signup", body | {"organization_name": "Other"}, **repeated)
    assert code_of(changed) == "idempotency_key_reused"
    sign_in(service.url, body["admin_email"], body["admin_password"])


def test_a_signup_repeated_with_an_industry_tells_of_its_modules_again(nobody: Api, admin: Api) -> None:
    modules = [admin.module() for _ in range(2)]
    body, repeated = signup(admin.industry(modules)), key()
    first, second = (nobody.post("/organizations/signup", body, **repeated).json() for _ in range(2))
    assert first["modules"] == {"status": "applied", "assigned": modules, "reason": None}
    assert second == first


async def test_a_refused_signup_leaves_nothing_and_frees_the_e_mail(
    service: ServiceProcess, nobody: Api, admin: Api, written: Written
) -> None:
    inactive = admin.industry([{"module_id": admin.module(is_active=False), "is_required": True}])
    body = signup()
    before = await written()
    for industry, code in (("an_absent_one", "unknown_industry"), (inactive, "industry_not_applicable")):
        assert code_of(nobody.post("/organizations/signup", body | {"industry_code": industry})) == code
    assert await written() == before
    assert nobody.post("/organizations/signup", body).status_code == 201
    sign_in(service.url, body["admin_email"], body["admin_password"])


def test_a_signup_nobody_waits_for_gives_a_token_for_its_one_operation(
    service: ServiceProcess, nobody: Api, admin: Api
) -> None:
    industry = admin.industry([admin.module()])
    body = signup(industry)
    answer = nobody.post("/organizations/signup", body, **ASYNC)
    address, newcomer = location(answer), Api(service.url, answer.json()["operation_token"])
    assert nobody.get(address).status_code == 401
    operation = ended(newcomer, address)
    assert operation["status"] == "applied"
    organization = operation["aggregate_id"]
    another = location(nobody.post("/organizations/signup", signup(), **ASYNC))
    assert newcomer.get(another).status_code == 404
    assert newcomer.get("/modules/available").status_code == 403
    assert newcomer.get(f"/organizations/{organization}/modules").status_code == 403
    own = sign_in(service.url, body["admin_email"], body["admin_password"])
    wait_for(lambda: own.modules_of(organization), "the industry's modules, which follow by themselves")
