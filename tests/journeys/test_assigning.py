"""What an organization has, and why: assigning, unassigning, applying templates, and what takes effect."""

import json
from typing import Any

import pytest

from tests.support.api_client import Api, Tenant, code_of, new_tenant, problem_of
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess


@pytest.fixture
def tenant(service: ServiceProcess, admin: Api) -> Tenant:
    """An organization without anything."""
    assert admin.client.base_url.port == service.port
    return new_tenant(service.url)


def required(module: str, **config: Any) -> dict[str, Any]:
    return {"module_id": module, "is_required": True, "default_config": config}


def optional(module: str, **config: Any) -> dict[str, Any]:
    return {"module_id": module, "is_required": False, "default_config": config}


def assign(admin: Api, tenant: Tenant, module: str, **fields: Any) -> dict[str, Any]:
    answer = admin.post(f"/modules/assign/{tenant.id}", {"module_id": module, **fields})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def apply(admin: Api, tenant: Tenant, industry: str, **fields: Any) -> dict[str, Any]:
    answer = admin.post(f"/modules/apply-industry/{tenant.id}", {"industry_code": industry, **fields})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def publish(admin: Api, industry: str, modules: list[dict[str, Any]]) -> int:
    answer = admin.patch(f"/industries/{industry}", {"modules": modules})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["version"])


def versions_of(item: dict[str, Any]) -> dict[str | None, int | None]:
    """Versions by industry; the explicit source has neither."""
    return {source["industry_code"]: source["version"] for source in item["sources"]}


def test_a_module_that_is_there_is_unchanged_until_it_gets_a_new_reason(admin: Api, tenant: Tenant) -> None:
    module = admin.module()
    industry = admin.industry([module])
    apply(admin, tenant, industry)
    first = assign(admin, tenant, module)
    assert (first["status"], first["assigned"], first["unchanged"]) == ("applied", [], [module])
    again = assign(admin, tenant, module, config={})
    assert (again["status"], again["unchanged"]) == ("unchanged", [module])
    assert {source["kind"] for source in admin.modules_of(tenant.id)[module]["sources"]} == {"template", "explicit"}


def test_a_config_is_kept_when_its_module_goes_and_comes_back_with_it(admin: Api, tenant: Tenant) -> None:
    module = admin.module(default_config={"size": 1, "colour": "red"})
    assign(admin, tenant, module, config={"size": 2})
    assert tenant.admin.patch(f"/organizations/{tenant.id}/modules/{module}", {"tags": [1]}).status_code == 200
    assert admin.post(f"/modules/unassign/{tenant.id}/{module}").json()["removed"] == [module]
    assert admin.modules_of(tenant.id) == {}
    apply(admin, tenant, admin.industry([module]))
    item = admin.modules_of(tenant.id)[module]
    assert item["own_config"] == {"size": 2, "tags": [1]}
    assert item["config"] == {"size": 2, "colour": "red", "tags": [1]}


def test_config_layers_lie_over_each_other_in_the_order_of_application(admin: Api, tenant: Tenant) -> None:
    module = admin.module(default_config={"a": {"x": 1, "y": 1}, "list": [1, 2], "b": 1})
    first = admin.industry([optional(module, a={"y": 2}, b=2)])
    second = admin.industry([optional(module, b=3, list=[3])])
    for industry in (first, second):
        apply(admin, tenant, industry)
    path = f"/organizations/{tenant.id}/modules/{module}"
    assert tenant.admin.patch(path, {"a": {"z": 4}, "b": 4}).json()["config"] == {"a": {"z": 4}, "b": 4}
    assert admin.modules_of(tenant.id)[module]["config"] == {"a": {"x": 1, "y": 2, "z": 4}, "list": [3], "b": 4}
    assert tenant.admin.patch(path, {"b": None}).status_code == 200
    assert admin.modules_of(tenant.id)[module]["config"]["b"] == 3


def test_an_organization_without_an_industry_gets_the_first_one_applied(admin: Api, tenant: Tenant) -> None:
    first, second = (admin.industry([admin.module()]) for _ in range(2))
    info = f"/organizations/{tenant.id}/info"
    assert tenant.admin.get(info).json()["industry_code"] is None
    for industry, expected in ((first, first), (second, first)):
        apply(admin, tenant, industry)
        assert tenant.admin.get(info).json()["industry_code"] == expected
    assert len(admin.modules_of(tenant.id)) == 2


def test_replacing_takes_what_other_templates_gave_and_leaves_what_people_gave(admin: Api, tenant: Tenant) -> None:
    shared, old, own, new = (admin.module() for _ in range(4))
    first, second = admin.industry([shared, old]), admin.industry([shared, new])
    apply(admin, tenant, first)
    assign(admin, tenant, own)
    told = apply(admin, tenant, second, mode="replace")
    assert (told["assigned"], told["unchanged"], told["removed"]) == ([new], [shared], [old])
    items = admin.modules_of(tenant.id)
    assert items.keys() == {shared, own, new}
    assert versions_of(items[shared]) == {second: 1}
    assert tenant.admin.get(f"/organizations/{tenant.id}/info").json()["industry_code"] == second


def test_a_newer_version_moves_the_sources_and_drops_what_it_left_out(admin: Api, tenant: Tenant) -> None:
    stays, goes, kept, comes = (admin.module() for _ in range(4))
    industry = admin.industry([stays, goes, kept])
    apply(admin, tenant, industry)
    assign(admin, tenant, kept)
    assert publish(admin, industry, [required(stays), optional(comes)]) == 2
    assert versions_of(admin.modules_of(tenant.id)[stays]) == {industry: 1}
    told = apply(admin, tenant, industry)
    assert (told["version"], told["assigned"], told["removed"]) == (2, [comes], [goes])
    items = admin.modules_of(tenant.id)
    assert {module: versions_of(item) for module, item in items.items()} == {
        stays: {industry: 2},
        comes: {industry: 2},
        kept: {None: None},
    }
    assert items[stays]["is_required"]
    assert apply(admin, tenant, industry)["status"] == "unchanged"


def test_an_optional_module_that_cannot_be_assigned_is_skipped_and_named(admin: Api, tenant: Tenant) -> None:
    good, sleeping, gone = admin.module(), admin.module(), admin.module()
    industry = admin.industry([good, sleeping, gone])
    assert admin.post(f"/module-registry/{sleeping}/deactivate").status_code == 200
    assert admin.patch(f"/industries/{industry}", {"is_active": False}).status_code == 200
    assert admin.delete(f"/module-registry/{gone}").status_code == 200
    assert admin.patch(f"/industries/{industry}", {"is_active": True}).status_code == 200
    told = apply(admin, tenant, industry)
    assert told["assigned"] == [good]
    assert told["skipped"] == [
        {"module_id": sleeping, "reason": "module_inactive"},
        {"module_id": gone, "reason": "module_unknown"},
    ]
    assert admin.modules_of(tenant.id).keys() == {good}
    states = {item["module_id"]: item["state"] for item in admin.get(f"/industries/{industry}/modules").json()["items"]}
    assert states == {good: "assignable", sleeping: "inactive", gone: "missing"}


def test_required_modules_that_cannot_be_assigned_refuse_the_whole_and_are_all_named(
    admin: Api, tenant: Tenant
) -> None:
    good, first, second = (admin.module() for _ in range(3))
    industry = admin.industry([required(good), required(first), required(second)])
    for module in (first, second):
        assert admin.post(f"/module-registry/{module}/deactivate").status_code == 200
    details = admin.get(f"/industries/{industry}").json()
    assert (details["applicable"], details["blocked_by"]) == (False, [first, second])
    refused = admin.post(f"/modules/apply-industry/{tenant.id}", {"industry_code": industry})
    assert (refused.status_code, code_of(refused)) == (409, "template_not_applicable")
    assert problem_of(refused)["modules"] == [
        {"module_id": module, "reason": "module_inactive"} for module in (first, second)
    ]
    assert admin.modules_of(tenant.id) == {}


def test_a_required_module_goes_by_force_alone(admin: Api, tenant: Tenant) -> None:
    module = admin.module()
    industry = admin.industry([required(module)])
    apply(admin, tenant, industry)
    path = f"/modules/unassign/{tenant.id}/{module}"
    refused = admin.post(path)
    assert (refused.status_code, code_of(refused)) == (409, "module_required")
    assert problem_of(refused)["industries"] == [industry]
    assert admin.modules_of(tenant.id)[module]["required_by"] == [industry]
    assert admin.post(f"{path}?force=true").json()["removed"] == [module]
    assert admin.modules_of(tenant.id) == {}


async def test_force_is_kept_with_whom_it_overruled_who_did_it_and_why(
    admin: Api, tenant: Tenant, connection: Any
) -> None:
    module = admin.module()
    industry = admin.industry([required(module)])
    apply(admin, tenant, industry)
    assert admin.patch(f"/industries/{industry}", {"is_active": False}).status_code == 200
    path = f"/modules/unassign/{tenant.id}/{module}"
    assert code_of(admin.post(path)) == "module_required", "an inactive template still requires what it gave"
    forced = admin.post(f"{path}?force=true&reason=asked%20for").json()
    query = "SELECT user_id, reason, payload::text FROM shared.event_log WHERE operation_id = $1"
    user_id, reason, payload = await connection.fetchrow(query, forced["operation_id"])
    assert (reason, json.loads(payload)["overruled"]) == ("asked for", [industry])
    issuer = "SELECT user_id FROM shared.operations WHERE id = $1"
    assert user_id == await connection.fetchval(issuer, forced["operation_id"])


def test_a_deleted_template_binds_nobody_and_leaves_what_it_gave(admin: Api, tenant: Tenant) -> None:
    module = admin.module()
    industry = admin.industry([required(module)])
    apply(admin, tenant, industry)
    assert admin.delete(f"/industries/{industry}").json()["organizations"] == 1
    item = admin.modules_of(tenant.id)[module]
    assert (item["is_required"], versions_of(item)) == (False, {industry: 1})
    assert admin.post(f"/modules/unassign/{tenant.id}/{module}").status_code == 200


def test_bulk_assignment_as_part_of_an_industry_takes_its_modules_only(admin: Api, tenant: Tenant) -> None:
    inside, other, outside = (admin.module() for _ in range(3))
    industry = admin.industry([optional(inside, size=7), other])
    path = f"/modules/bulk-assign/{tenant.id}"
    refused = admin.post(path, {"module_ids": [inside, outside], "industry_code": industry})
    assert (refused.status_code, code_of(refused)) == (422, "not_in_template")
    assert [error["pointer"] for error in problem_of(refused)["errors"]] == ["/module_ids/1"]
    assert admin.modules_of(tenant.id) == {}
    assert admin.post(path, {"module_ids": [inside], "industry_code": industry}).json()["assigned"] == [inside]
    item = admin.modules_of(tenant.id)[inside]
    assert (versions_of(item), item["config"]) == ({industry: 1}, {"size": 7})


def test_bulk_assignment_is_all_or_nothing(admin: Api, tenant: Tenant) -> None:
    good, bad = admin.module(), admin.module(is_active=False)
    assert admin.post(f"/modules/bulk-assign/{tenant.id}", {"module_ids": [good, bad]}).status_code == 409
    assert admin.modules_of(tenant.id) == {}


def test_what_takes_effect_depends_on_the_module_and_the_organization(admin: Api, tenant: Tenant) -> None:
    module = admin.module()
    assign(admin, tenant, module)

    def effect() -> tuple[bool, str | None]:
        item = admin.modules_of(tenant.id)[module]
        return item["effective"], item["ineffective_because"]

    assert effect() == (True, None)
    for path, expected in (
        (f"/module-registry/{module}/deactivate", (False, "module_inactive")),
        (f"/module-registry/{module}/activate", (True, None)),
        (f"/organizations/{tenant.id}/suspend", (False, "organization_suspended")),
        (f"/organizations/{tenant.id}/reactivate", (True, None)),
    ):
        assert admin.post(path).status_code == 200
        assert effect() == expected


def test_an_unassignment_is_taken_back_with_sources_versions_and_config(admin: Api, tenant: Tenant) -> None:
    module, other = admin.module(), admin.module()
    industry = admin.industry([required(module, size=1)])
    apply(admin, tenant, industry)
    assign(admin, tenant, module)
    own = f"/organizations/{tenant.id}/modules/{module}"
    assert admin.patch(own, {"colour": "red"}).status_code == 200
    before = admin.modules_of(tenant.id)[module]
    publish(admin, industry, [required(module, size=2), optional(other)])
    taken = admin.post(f"/modules/unassign/{tenant.id}/{module}?force=true").json()
    assert taken["removed"] == [module]
    body = {"operation_id": taken["operation_id"]}
    dry = admin.post(f"/modules/restore/{tenant.id}?dry_run=true", body).json()
    assert (dry["status"], dry["assigned"], module in admin.modules_of(tenant.id)) == ("applied", [module], False)
    assert admin.post(f"/modules/restore/{tenant.id}", body).json()["assigned"] == [module]
    assert admin.modules_of(tenant.id)[module] == before
    (event,) = admin.get(f"/events?organization_id={tenant.id}&limit=1").json()["items"]
    assert (event["type"], event["payload"]["restores"]) == ("tenant.module.assigned", taken["operation_id"])
    again = admin.post(f"/modules/unassign/{tenant.id}/{module}?force=true").json()
    apply(admin, tenant, industry)
    moved = admin.post(f"/modules/restore/{tenant.id}", {"operation_id": again["operation_id"]})
    assert (moved.status_code, code_of(moved)) == (409, "assigned_again")


def test_a_module_is_deleted_though_a_suspended_organization_had_it(admin: Api, tenant: Tenant) -> None:
    module = admin.module()
    assign(admin, tenant, module, config={"a": 1})
    assert admin.post(f"/organizations/{tenant.id}/suspend").status_code == 200
    assert code_of(admin.delete(f"/module-registry/{module}")) == "module_in_use"
    assert admin.patch(f"/organizations/{tenant.id}", {"name": "Crumb & Crust"}).json()["name"] == "Crumb & Crust"
    assert admin.patch(f"/organizations/{tenant.id}/modules/{module}", {"a": 2}).json()["config"] == {"a": 2}
    assert admin.post(f"/modules/unassign/{tenant.id}/{module}").json()["removed"] == [module]
    assert admin.delete(f"/module-registry/{module}").status_code == 200
    assert admin.get(f"/organizations/{tenant.id}").json()["status"] == "suspended"


def test_adoption_counts_what_came_and_went(admin: Api, service: ServiceProcess) -> None:
    module = admin.module()
    tenants = [new_tenant(service.url) for _ in range(2)]
    for tenant in tenants:
        assign(admin, tenant, module)
    assert admin.post(f"/modules/unassign/{tenants[0].id}/{module}").status_code == 200

    def today() -> bool:
        days = admin.get(f"/module-registry/{module}/adoption").json()["days"]
        return [(day["assigned"], day["unassigned"]) for day in days] == [(2, 1)]

    wait_for(today, "two that came and one that went")
    page = admin.get(f"/module-registry/{module}/organizations").json()
    assert [item["organization_id"] for item in page["items"]] == [tenants[1].id]
    assert page["count"] == 1


def test_the_users_of_a_module_are_searched_like_organizations(admin: Api) -> None:
    module = admin.module()
    names = ("Crumb", "Crust", "Crumble", "Rye")
    ids = {name: admin.organization(organization_name=f"{name} {module}") for name in names}
    for name in names[:3]:
        assert admin.post(f"/modules/assign/{ids[name]}", {"module_id": module}).status_code == 200
    assert admin.post(f"/organizations/{ids['Crust']}/suspend").status_code == 200
    path = f"/module-registry/{module}/organizations"

    def found(query: str) -> list[str]:
        page = admin.get(f"{path}?{query}").json()
        assert page["count"] == 3
        return [item["name"].partition(" ")[0] for item in page["items"]]

    assert found("") == ["Crumb", "Crumble", "Crust"]
    assert found("sort=-name") == ["Crust", "Crumble", "Crumb"]
    assert found("sort=created_at") == ["Crumb", "Crust", "Crumble"]
    assert found("q=crumb") == ["Crumb", "Crumble"]
    assert found(f"q={ids['Crust']}") == ["Crust"]
    assert found("q=rye") == found("industry_code=nobody") == []
    assert found("status=suspended") == ["Crust"]
    first = admin.get(f"{path}?limit=2").json()
    assert [item["sources"][0]["kind"] for item in first["items"]] == ["explicit"] * 2
    assert found(f"limit=2&cursor={first['next_cursor']}") == ["Crust"]
    assert admin.get(f"{path}?sort=-name&cursor={first['next_cursor']}").status_code == 400
