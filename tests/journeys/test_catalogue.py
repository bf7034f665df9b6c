"""Modules and industries are data: their lives from the first registration to after their end."""

from typing import Any

from tests.support.api_client import Api, code_of, new_tenant, problem_of
from tests.support.service_process import ServiceProcess


def test_a_module_in_use_is_not_deleted_and_says_by_how_many(admin: Api, service: ServiceProcess) -> None:
    module = admin.module()
    industry = admin.industry([module])
    tenant = new_tenant(service.url, industry)
    refused = admin.delete(f"/module-registry/{module}")
    problem = problem_of(refused)
    assert (refused.status_code, code_of(refused)) == (409, "module_in_use")
    assert (problem["organizations"], problem["templates"]) == (1, [industry])
    assert admin.get(problem["link"].removeprefix("/api/v1")).json()["count"] == 1
    assert admin.post(f"/modules/unassign/{tenant.id}/{module}").status_code == 200
    assert code_of(admin.delete(f"/module-registry/{module}")) == "module_in_use"
    assert admin.patch(f"/industries/{industry}", {"modules": []}).status_code == 200
    assert admin.delete(f"/module-registry/{module}").status_code == 200
    assert admin.get(f"/module-registry/{module}").status_code == 404


def test_a_module_that_only_inactive_templates_have_is_deleted_and_missing_there(admin: Api) -> None:
    module = admin.module()
    industry = admin.industry([module])
    assert code_of(admin.delete(f"/module-registry/{module}")) == "module_in_use"
    assert admin.patch(f"/industries/{industry}", {"is_active": False}).status_code == 200
    assert admin.delete(f"/module-registry/{module}").status_code == 200
    (item,) = admin.get(f"/industries/{industry}/modules").json()["items"]
    assert (item["module_id"], item["state"]) == (module, "missing")


async def test_what_is_deleted_is_gone_for_everybody_and_kept_in_its_row(admin: Api, connection: Any) -> None:
    module = admin.module()
    industry = admin.industry([])
    for path in (f"/module-registry/{module}", f"/industries/{industry}"):
        assert admin.delete(path).status_code == 200
        for answer in (admin.get(path), admin.delete(path), admin.patch(path, {"description": "x"})):
            assert answer.status_code == 404, answer.text
    assert admin.post(f"/module-registry/{module}/activate").status_code == 404
    rows = """
    SELECT (SELECT is_deleted FROM registry.module_registry WHERE module_id = $1),
      (SELECT is_deleted FROM industries.industry_templates WHERE industry_code = $2)
    """
    assert tuple(await connection.fetchrow(rows, module, industry)) == (True, True)


async def test_a_deleted_module_comes_back_with_its_history(admin: Api, connection: Any) -> None:
    module = admin.module(module_name="Old")
    assert admin.delete(f"/module-registry/{module}").status_code == 200
    assert module not in available(admin)
    admin.module(module, module_name="New")
    assert admin.get(f"/module-registry/{module}").json()["module_name"] == "New"
    assert module in available(admin)
    query = """
    SELECT sequence, type FROM shared.event_log WHERE aggregatetype = 'registry' AND aggregateid = $1 ORDER BY sequence
    """
    assert [tuple(row) for row in await connection.fetch(query, module)] == [
        (1, "tenant.module.registered"),
        (2, "tenant.module.deleted"),
        (3, "tenant.module.registered"),
    ]


def test_registering_the_same_again_changes_nothing(admin: Api) -> None:
    module = admin.module()
    etag = admin.get(f"/module-registry/{module}").headers["ETag"]
    admin.module(module)
    assert admin.get(f"/module-registry/{module}").headers["ETag"] == etag


def test_an_inactive_module_is_not_offered(admin: Api) -> None:
    module = admin.module()
    assert module in available(admin)
    assert admin.post(f"/module-registry/{module}/deactivate").status_code == 200
    assert module not in available(admin)


def test_published_versions_stay_as_they_were_and_are_listed_newest_first(admin: Api) -> None:
    first, second = admin.module(), admin.module()
    industry = admin.industry([first])
    path = f"/industries/{industry}"
    assert admin.patch(path, {"description": "No new list."}).json()["version"] == 1
    entries = [{"module_id": module, "is_required": False, "default_config": {}} for module in (first, second)]
    assert admin.patch(path, {"modules": entries[::-1]}).json()["version"] == 2
    assert admin.patch(path, {"modules": entries[::-1]}).json()["status"] == "unchanged"
    assert admin.patch(path, {"modules": entries}).json()["version"] == 3
    listed = admin.get(f"{path}/versions").json()["items"]
    assert [(item["version"], [entry["module_id"] for entry in item["modules"]]) for item in listed] == [
        (3, [first, second]),
        (2, [second, first]),
        (1, [first]),
    ]
    newest = admin.get(f"{path}/versions?limit=1").json()
    older = admin.get(f"{path}/versions").json()["items"][1:]
    assert admin.get(f"{path}/versions?cursor={newest['next_cursor']}").json()["items"] == older


def test_a_deleted_industry_comes_back_with_its_versions(admin: Api) -> None:
    module = admin.module()
    industry = admin.industry([module])
    assert admin.delete(f"/industries/{industry}").status_code == 200
    assert admin.get(f"/industries/{industry}").status_code == 404
    body = {"industry_code": industry, "industry_name": f"Industry {industry}", "modules": []}
    assert admin.post("/industries", body).status_code == 201
    assert [item["version"] for item in admin.get(f"/industries/{industry}/versions").json()["items"]] == [2, 1]


def test_an_inactive_industry_is_for_super_admins_only(admin: Api, nobody: Api) -> None:
    industry = admin.industry([])
    path = f"/industries/{industry}"
    assert nobody.get(path).status_code == 200
    assert admin.patch(path, {"is_active": False}).status_code == 200
    assert nobody.get(path).status_code == 404
    assert industry not in codes(nobody.get("/industries").json())
    assert admin.get(path).json()["is_active"] is False
    assert industry in codes(admin.get("/industries?include_inactive=true").json())
    assert nobody.get("/industries?include_inactive=true").status_code == 401


def test_an_industry_s_new_name_is_what_everybody_reads(admin: Api, service: ServiceProcess) -> None:
    industry = admin.industry([])
    tenant = new_tenant(service.url, industry)
    info = f"/organizations/{tenant.id}/info"
    assert tenant.admin.get(info).json()["industry_name"] == f"Industry {industry}"
    assert admin.patch(f"/industries/{industry}", {"industry_name": f"New {industry}"}).status_code == 200
    assert tenant.admin.get(info).json()["industry_name"] == f"New {industry}"
    listed = admin.get(f"/organizations?industry_code={industry}").json()["items"]
    assert [item["industry_name"] for item in listed] == [f"New {industry}"]


def test_a_deleted_industry_s_name_is_free(admin: Api) -> None:
    industry = admin.industry([], industry_name="Free at last")
    assert admin.delete(f"/industries/{industry}").status_code == 200
    again = admin.industry([], industry_name="FREE AT LAST")
    assert admin.delete(f"/industries/{again}").status_code == 200


def available(admin: Api) -> set[str]:
    return {item["module_id"] for item in admin.get("/modules/available").json()["items"]}


def codes(listed: dict[str, Any]) -> set[str]:
    return {item["industry_code"] for item in listed["items"]}
