"""Configs that have to fit a schema, on every way by which one comes to be."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from typer.testing import CliRunner

from app.cli.main import app as modplane
from devstack import Endpoints
from tests.support.api_client import Api, Tenant, code_of, new_tenant, problem_of, signup
from tests.support.service_process import ServiceProcess

Written = Callable[[], Awaitable[dict[str, int]]]

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["currency"],
    "properties": {
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "lanes": {"type": "integer", "minimum": 1},
        "a/b~c": {"type": "boolean"},
    },
}


@pytest.fixture
def tenant(service: ServiceProcess) -> Tenant:
    """An organization without anything."""
    return new_tenant(service.url)


@pytest.fixture
def till(admin: Api) -> str:
    """A module that needs a currency from somebody."""
    return admin.module(default_config={"lanes": 1}, config_schema=SCHEMA)


def required(module: str, **config: Any) -> dict[str, Any]:
    return {"module_id": module, "is_required": True, "default_config": config}


def refused(answer: httpx.Response, code: str = "config_invalid", status: int = 422) -> dict[str, str]:
    """What is wrong, by pointer."""
    assert (answer.status_code, code_of(answer)) == (status, code), answer.text
    return {error["pointer"]: error["message"] for error in problem_of(answer).get("errors", [])}


def assigned(admin: Api, tenant: Tenant, module: str, **config: Any) -> None:
    answer = admin.post(f"/modules/assign/{tenant.id}", {"module_id": module, "config": config})
    assert answer.status_code == 200, answer.text


async def test_assigning_is_refused_with_pointers_and_writes_nothing(
    admin: Api, tenant: Tenant, till: str, written: Written
) -> None:
    path, before = f"/modules/assign/{tenant.id}", await written()
    wrong = {"currency": "euro", "lanes": 0, "a/b~c": 1, "colour": "red"}
    assert refused(admin.post(path, {"module_id": till, "config": wrong})).keys() == {
        "/config/currency",
        "/config/lanes",
        "/config/a~1b~0c",
        "/config/colour",
    }
    assert refused(admin.post(path, {"module_id": till})) == {"/config/currency": "is missing"}
    assert await written() == before
    assigned(admin, tenant, till, currency="EUR")
    assert admin.modules_of(tenant.id)[till]["config"] == {"currency": "EUR", "lanes": 1}


def test_bulk_assignment_points_to_the_modules_of_the_list(admin: Api, tenant: Tenant, till: str) -> None:
    plain = admin.module()
    answer = admin.post(f"/modules/bulk-assign/{tenant.id}", {"module_ids": [plain, till]})
    assert refused(answer) == {"/module_ids/1": f"{till}/currency: is missing"}
    assert problem_of(answer)["configs"] == {till: [{"pointer": "/currency", "message": "is missing"}]}
    assert admin.modules_of(tenant.id) == {}


def test_a_template_refuses_wrong_values_and_is_not_applicable_while_one_is_missing(
    admin: Api, nobody: Api, tenant: Tenant, till: str
) -> None:
    body = {"industry_code": f"i_{uuid4().hex[:12]}", "industry_name": uuid4().hex, "description": ""}
    answer = admin.post("/industries", body | {"modules": [required(till, lanes=0)]})
    assert refused(answer).keys() == {"/modules/0/default_config/lanes"}
    industry = admin.industry([required(till, lanes=3)])
    details = nobody.get(f"/industries/{industry}").json()
    assert (details["applicable"], details["blocked_by"]) == (False, [till])
    assert [(one["module_id"], one["state"]) for one in details["blocking"]] == [(till, "config_invalid")]
    (item,) = nobody.get(f"/industries/{industry}/modules").json()["items"]
    assert (item["state"], item["config_errors"]) == (
        "config_invalid",
        [{"pointer": "/currency", "message": "is missing"}],
    )
    answer = admin.post(f"/modules/apply-industry/{tenant.id}", {"industry_code": industry})
    assert refused(answer) == {"/industry_code": f"{till}/currency: is missing"}
    answer = nobody.post("/organizations/signup", signup(industry))
    assert refused(answer, "industry_not_applicable", 409) == {}
    assert refused(admin.patch(f"/industries/{industry}", {"modules": [required(till, currency=7)]})).keys() == {
        "/modules/0/default_config/currency"
    }
    answer = admin.patch(f"/industries/{industry}", {"modules": [required(till, currency="EUR")]})
    assert answer.status_code == 200, answer.text
    assert nobody.get(f"/industries/{industry}").json()["applicable"]
    organization = nobody.organization(industry)
    assert admin.modules_of(organization)[till]["config"] == {"currency": "EUR", "lanes": 1}


def test_an_optional_module_without_a_valid_config_is_left_out_of_a_signup(admin: Api, nobody: Api, till: str) -> None:
    plain = admin.module()
    industry = admin.industry([plain, till])
    organization = nobody.organization(industry)
    assert admin.modules_of(organization).keys() == {plain}
    told = admin.post(f"/modules/apply-industry/{organization}", {"industry_code": industry}).json()
    assert told["skipped"] == [{"module_id": till, "reason": "config_invalid"}]


def test_an_organizations_own_admin_is_told_what_a_patch_gets_wrong(admin: Api, tenant: Tenant, till: str) -> None:
    assigned(admin, tenant, till, currency="EUR")
    path = f"/organizations/{tenant.id}/modules/{till}"
    answer = tenant.admin.patch(path, {"currency": None, "lanes": "many"})
    assert refused(answer) == {"/currency": "is missing", "/lanes": 'the value is not of type "integer"'}
    assert problem_of(answer)["link"] == f"/api/v1{path}"
    assert tenant.admin.patch(path, {"lanes": 2}).json()["config"] == {"currency": "EUR", "lanes": 2}


def test_a_schema_that_comes_later_refuses_nothing_that_exists(admin: Api, tenant: Tenant) -> None:
    module = admin.module()
    assigned(admin, tenant, module, mode="old", size=1)
    strict = {"properties": {"mode": {"enum": ["new"]}, "size": {"type": "integer"}}, "required": ["mode"]}
    assert admin.patch(f"/module-registry/{module}", {"config_schema": strict}).status_code == 200
    path = f"/organizations/{tenant.id}/modules/{module}"
    assert tenant.admin.patch(path, {"size": 2}).status_code == 200
    assert refused(tenant.admin.patch(path, {"mode": "older"})).keys() == {"/mode"}
    assert tenant.admin.patch(path, {"mode": None}).status_code == 200
    assert admin.post(f"/modules/unassign/{tenant.id}/{module}").json()["removed"] == [module]


def test_what_an_earlier_assignment_left_behind_stands_in_no_ones_way(admin: Api, tenant: Tenant) -> None:
    module = admin.module()
    assigned(admin, tenant, module, a=1)
    assert admin.post(f"/modules/unassign/{tenant.id}/{module}").status_code == 200
    strict = {"config_schema": {"type": "object", "additionalProperties": False}}
    assert admin.patch(f"/module-registry/{module}", strict).status_code == 200
    told = admin.post(f"/modules/assign/{tenant.id}", {"module_id": module}).json()
    assert (told["assigned"], told["discarded_configs"]) == ([module], [module])
    assert admin.modules_of(tenant.id)[module]["own_config"] == {}
    (event,) = admin.get(f"/events?organization_id={tenant.id}&limit=1").json()["items"]
    assert [change["config_discarded"] for change in event["payload"]["modules"]] == [True]


def test_a_new_schema_tells_whom_it_would_concern_and_whom_it_does(
    admin: Api, tenant: Tenant, service: ServiceProcess
) -> None:
    module = admin.module()
    path = f"/module-registry/{module}"
    other = new_tenant(service.url)
    assigned(admin, tenant, module, mode="old")
    assigned(admin, other, module, mode="new")
    industry = admin.industry([required(module, mode="older"), admin.module()])
    strict = {"config_schema": {"properties": {"mode": {"enum": ["new"]}}}}
    expected = {
        "violating_organizations": 1,
        "at_least": False,
        "violating_templates": [industry],
        "link": f"/api/v1{path}/violations",
    }
    dry = admin.patch(f"{path}?dry_run=true", strict).json()
    assert (dry["status"], dry["impact"]) == ("applied", expected)
    assert admin.get(f"{path}/violations").json() == {"items": [], "templates": [], "next_cursor": None}
    told = admin.patch(path, strict).json()
    assert (told["status"], told["impact"], told["config_schema"]) == ("applied", expected, strict["config_schema"])
    assert "impact" not in admin.patch(path, {"version": "2"}).json()
    page = admin.get(f"{path}/violations").json()
    assert [(item["organization_id"], item["name"], item["errors"]) for item in page["items"]] == [
        (tenant.id, "Acme", [{"pointer": "/mode", "message": 'the value is not one of "new"'}])
    ]
    assert [template["industry_code"] for template in page["templates"]] == [industry]
    assert tenant.admin.patch(f"/organizations/{tenant.id}/modules/{module}", {"mode": "new"}).status_code == 200
    told = admin.patch(path, {"default_config": {"mode": "new"}}).json()
    assert told["impact"]["violating_organizations"] == 0
    assert admin.patch(path, {"config_schema": None}).json()["impact"] is None


def test_a_module_shows_the_layers_of_its_config_and_where_each_value_is_from(admin: Api, tenant: Tenant) -> None:
    module = admin.module(version="7", default_config={"a": {"x": 1, "y": 1}, "b": []})
    industry = admin.industry([{"module_id": module, "is_required": False, "default_config": {"a": {"y": 2}}}])
    assert admin.post(f"/modules/apply-industry/{tenant.id}", {"industry_code": industry}).status_code == 200
    path = f"/organizations/{tenant.id}/modules/{module}"
    assert tenant.admin.patch(path, {"c/d": {"~": None, "e": 3}}).status_code == 200
    answer = tenant.admin.get(path)
    told = answer.json()
    assert told["origins"] == {"/a/x": 0, "/a/y": 1, "/b": 0, "/c~1d/e": 2}
    assert [(layer["kind"], layer["module_version"], layer["template_version"]) for layer in told["layers"]] == [
        ("module", "7", None),
        ("template", None, 1),
        ("organization", None, None),
    ]
    assert {name: told[name] for name in admin.modules_of(tenant.id)[module]} == admin.modules_of(tenant.id)[module]
    assert tenant.admin.get(path, if_none_match=answer.headers["ETag"]).status_code == 304
    assert tenant.admin.patch(path, {"b": [1]}, if_match=answer.headers["ETag"]).status_code == 200
    assert tenant.admin.get(f"/organizations/{tenant.id}/modules/nothing").status_code == 404


def test_a_schema_is_shown_where_a_form_needs_it_and_taken_away_by_null(admin: Api, till: str) -> None:
    path = f"/module-registry/{till}"
    assert admin.get(path).json()["config_schema"] == admin.get(f"{path}/config").json()["config_schema"] == SCHEMA
    told = admin.patch(path, {"config_schema": None})
    assert (told.status_code, told.json()["config_schema"]) == (200, None)
    assert admin.get(f"{path}/config").json()["config_schema"] is None


def test_schemas_and_defaults_are_judged_before_they_are_kept(admin: Api, till: str) -> None:
    path = f"/module-registry/{till}"
    answer = admin.patch(path, {"config_schema": {"type": "objekt", "properties": {"a": {"pattern": "("}}}})
    assert refused(answer, "config_schema_unusable").keys() == {
        "/config_schema/type",
        "/config_schema/properties/a/pattern",
    }
    answer = admin.patch(path, {"config_schema": {"$ref": "https://modplane.example/schema.json"}})
    assert refused(answer, "config_schema_unusable").keys() == {"/config_schema/$ref"}
    assert refused(admin.patch(path, {"default_config": {"lanes": 0}}), "default_config_invalid").keys() == {
        "/default_config/lanes"
    }


def test_a_schema_of_an_earlier_dialect_binds_by_its_own_rules(admin: Api, tenant: Tenant) -> None:
    values = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://charts.example/web/values.schema.json",
        "type": "object",
        "required": ["image"],
        "properties": {"image": {"$ref": "values.schema.json#/definitions/image"}},
        "definitions": {"image": {"required": ["name"], "properties": {"name": {"pattern": "^(?!-)[a-z-]{1,255}$"}}}},
    }
    module = admin.module(default_config={"image": {}}, config_schema=values)
    assert admin.get(f"/module-registry/{module}").json()["config_schema"] == values
    answer = admin.post(f"/modules/assign/{tenant.id}", {"module_id": module, "config": {"image": {"name": "-"}}})
    assert refused(answer) == {"/config/image/name": 'the value does not match "^(?!-)[a-z-]{1,255}$"'}
    assigned(admin, tenant, module, image={"name": "a-b"})
    lists = values | {"properties": {"images": {"items": {"$ref": "#/definitions/image"}}}}
    answer = admin.patch(f"/module-registry/{module}", {"config_schema": lists, "default_config": {"images": [{}]}})
    assert refused(answer, "default_config_invalid").keys() == {"/default_config/images/0/name"}
    answer = admin.patch(f"/module-registry/{module}", {"config_schema": values | {"nullable": True}})
    assert refused(answer, "config_schema_unusable").keys() == {"/config_schema/nullable"}


def test_a_manifest_is_judged_when_it_is_read_and_when_it_is_applied(
    admin: Api, endpoints: Endpoints, tmp_path: Path, till: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODPLANE_POSTGRES_URL", endpoints.postgres_url)
    monkeypatch.setenv("MODPLANE_KAFKA_BOOTSTRAP", endpoints.kafka_bootstrap)
    monkeypatch.setenv("MODPLANE_REDIS_URL", endpoints.redis_url)

    def apply(content: Any) -> tuple[int, str]:
        file = tmp_path / "manifest.yaml"
        file.write_text(yaml.safe_dump(content, sort_keys=False))
        run = CliRunner().invoke(modplane, ["apply", "-f", str(file)])
        return run.exit_code, run.output

    fields = dict.fromkeys(["module_name", "description", "category", "service_name", "api_endpoint", "version"], "x")
    module = {"module_id": f"m_{uuid4().hex[:12]}", **fields, "config_schema": {"type": "objekt"}}
    code, told = apply({"modules": [module]})
    assert (code, "manifest.yaml:10: modules[0].config_schema: no usable schema: /type" in told) == (2, True), told
    industry = {"industry_code": f"i_{uuid4().hex[:12]}", "industry_name": uuid4().hex, "description": ""}
    code, told = apply({"industries": [industry | {"modules": [required(till, lanes="many")]}]})
    assert (code, "/modules/0/default_config/lanes: the value is not of type" in told) == (1, True), told
    code, told = apply({"modules": [module | {"config_schema": SCHEMA, "default_config": {"lanes": 2}}]})
    assert (code, admin.get(f"/module-registry/{module['module_id']}").json()["config_schema"]) == (0, SCHEMA), told
    assert "1 unchanged" in apply({"modules": [module | {"config_schema": SCHEMA, "default_config": {"lanes": 2}}]})[1]
