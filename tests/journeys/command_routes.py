"""Every command route there is, each used once with success on things that no other one needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from tests.support.api_client import Api, named, new_tenant, signup

DESCRIBED = dict.fromkeys(("module_name", "category", "service_name", "api_endpoint", "version"), "x")


@dataclass(frozen=True)
class CommandRoute:
    """One command. `state` is the address of what If-Match refers to; braces stand for things of the world."""

    operation_id: str
    method: str
    path: str
    body: Any
    state: str
    types: tuple[str, ...]


MODULES, INDUSTRIES, ORGANIZATIONS = "/module-registry", "/industries", "/organizations"
HELD = "/organizations/{organization}/modules"
ROUTES = [
    CommandRoute(
        "registerModule",
        "POST",
        MODULES,
        {"module_id": "{new_module}", **DESCRIBED},
        f"{MODULES}/{{new_module}}",
        ("tenant.module.registered",),
    ),
    CommandRoute(
        "updateModule",
        "PATCH",
        f"{MODULES}/{{module}}",
        {"version": "9"},
        f"{MODULES}/{{module}}",
        ("tenant.module.updated",),
    ),
    CommandRoute(
        "activateModule",
        "POST",
        f"{MODULES}/{{sleeping}}/activate",
        None,
        f"{MODULES}/{{sleeping}}",
        ("tenant.module.activated",),
    ),
    CommandRoute(
        "deactivateModule",
        "POST",
        f"{MODULES}/{{loud}}/deactivate",
        None,
        f"{MODULES}/{{loud}}",
        ("tenant.module.deactivated",),
    ),
    CommandRoute(
        "deleteModule",
        "DELETE",
        f"{MODULES}/{{unused}}",
        None,
        f"{MODULES}/{{unused}}",
        ("tenant.module.deleted",),
    ),
    CommandRoute(
        "createIndustry",
        "POST",
        INDUSTRIES,
        {"industry_code": "{new_industry}", "industry_name": "{new_industry}"},
        f"{INDUSTRIES}/{{new_industry}}",
        ("tenant.industry.created",),
    ),
    CommandRoute(
        "updateIndustry",
        "PATCH",
        f"{INDUSTRIES}/{{industry}}",
        {"modules": [{"module_id": "{module}", "is_required": False}]},
        f"{INDUSTRIES}/{{industry}}",
        ("tenant.industry.updated",),
    ),
    CommandRoute(
        "deleteIndustry",
        "DELETE",
        f"{INDUSTRIES}/{{old_industry}}",
        None,
        f"{INDUSTRIES}/{{old_industry}}",
        ("tenant.industry.deleted",),
    ),
    CommandRoute(
        "updateOrganization",
        "PATCH",
        f"{ORGANIZATIONS}/{{organization}}",
        {"name": "Renamed"},
        f"{ORGANIZATIONS}/{{organization}}",
        ("tenant.organization.updated",),
    ),
    CommandRoute(
        "suspendOrganization",
        "POST",
        f"{ORGANIZATIONS}/{{other}}/suspend",
        None,
        f"{ORGANIZATIONS}/{{other}}",
        ("tenant.organization.suspended",),
    ),
    CommandRoute(
        "reactivateOrganization",
        "POST",
        f"{ORGANIZATIONS}/{{suspended}}/reactivate",
        None,
        f"{ORGANIZATIONS}/{{suspended}}",
        ("tenant.organization.reactivated",),
    ),
    CommandRoute(
        "assignModule",
        "POST",
        "/modules/assign/{organization}",
        {"module_id": "{spare}", "config": {"a": 1}},
        HELD,
        ("tenant.module.assigned",),
    ),
    CommandRoute("updateModuleConfig", "PATCH", f"{HELD}/{{own}}", {"a": 2}, HELD, ("tenant.module.config_updated",)),
    CommandRoute(
        "unassignModule",
        "POST",
        "/modules/unassign/{organization}/{own}?force=true",
        None,
        HELD,
        ("tenant.module.unassigned",),
    ),
    CommandRoute(
        "restoreAssignments",
        "POST",
        "/modules/restore/{organization}",
        {"operation_id": "{unassignment}"},
        HELD,
        ("tenant.module.assigned",),
    ),
    CommandRoute(
        "bulkAssignModules",
        "POST",
        "/modules/bulk-assign/{organization}",
        {"module_ids": ["{module}", "{own}"]},
        HELD,
        ("tenant.module.bulk_assigned",),
    ),
    CommandRoute(
        "applyIndustryTemplate",
        "POST",
        "/modules/apply-industry/{organization}",
        {"industry_code": "{next_industry}", "mode": "replace"},
        HELD,
        ("tenant.module.bulk_assigned", "tenant.industry.applied"),
    ),
    CommandRoute(
        "signUp",
        "POST",
        "/organizations/signup",
        "{signup}",
        f"{ORGANIZATIONS}/{{nobodys}}",
        ("tenant.organization.registered", "tenant.module.bulk_assigned", "tenant.industry.applied"),
    ),
]


class CommandWorld:
    """What the commands are about, and who sends them."""

    def __init__(self, url: str, admin: Api) -> None:
        self.url, self.admin = url, admin
        names = ("module", "loud", "unused", "spare", "own", "held", "lost")
        modules = {name: admin.module() for name in names}
        industry = admin.industry([{"module_id": modules["held"], "is_required": True}])
        self.tenant = new_tenant(url, industry)
        self.words = {
            **modules,
            "sleeping": admin.module(is_active=False),
            "new_module": f"m_{uuid4().hex[:12]}",
            "industry": industry,
            "old_industry": admin.industry([modules["held"]]),
            "next_industry": admin.industry([modules["spare"], modules["loud"]]),
            "new_industry": f"i_{uuid4().hex[:12]}",
            "organization": self.tenant.id,
            "other": admin.organization(),
            "suspended": admin.organization(),
            "nobodys": str(uuid4()),
        }
        self.signup = signup(self.words["next_industry"])
        assert admin.post(f"/organizations/{self.words['suspended']}/suspend").status_code == 200
        for name in ("own", "lost"):
            assigned = {"module_id": modules[name], "config": {"a": 1}}
            assert admin.post(f"/modules/assign/{self.tenant.id}", assigned).status_code == 200
        taken = admin.post(f"/modules/unassign/{self.tenant.id}/{modules['lost']}")
        self.words["unassignment"] = taken.json()["operation_id"]

    def send(self, route: CommandRoute, query: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        """Uses the route as the super admin."""
        path, _, own = self.filled(route.path).partition("?")
        parameters = {**dict(pair.split("=") for pair in own.split("&") if pair), **(query or {})}
        body = self.signup if route.body == "{signup}" else self.filled(route.body)
        return self.admin.client.request(route.method, path, params=parameters, json=body, headers=named(headers))

    def state(self, route: CommandRoute) -> httpx.Response:
        """What If-Match refers to."""
        return self.admin.get(self.filled(route.state))

    def filled(self, value: Any) -> Any:
        """The value with the world's things for their braces."""
        if isinstance(value, str):
            return value.format(**self.words)
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        return [self.filled(item) for item in value] if isinstance(value, list) else value
