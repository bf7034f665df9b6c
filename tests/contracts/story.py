"""One life of an installation in which every event happens at least once."""

import asyncio
from typing import Any
from uuid import uuid4

from access.users import SuperAdmins
from app.cli.container import database_container
from app.settings import Settings
from tests.journeys.test_routes import set_aside
from tests.support.api_client import Api, Tenant, new_tenant, refresh_cookie, sign_in

MODULE, OTHER_MODULE, INDUSTRY = "field_service", "oven_monitoring", "bakery"


class Story:
    """Told through the REST API; afterwards the objects of the documents' examples are there to be used."""

    def __init__(self, url: str, admin: Api, postgres_url: str) -> None:
        self.url, self.admin, self.postgres_url = url, admin, postgres_url
        self.organization = ""

    def told(self) -> "Story":
        self._modules()
        self._industries()
        tenant = new_tenant(self.url, INDUSTRY)
        self.organization = tenant.id
        self._organization()
        self._assignments()
        self._access(tenant)
        self._system()
        return self

    def token(self) -> str:
        """Of a new super admin, for whoever signs him out or deactivates him."""
        email, password = f"{uuid4().hex}@modplane.example", "a long enough password"
        asyncio.run(create_super_admin(self.postgres_url, email, password))
        return str(sign_in(self.url, email, password).token)

    def _done(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.admin.client.request(method, path, json=body)
        assert answer.is_success, (method, path, answer.text)
        return answer.json()

    def _modules(self) -> None:
        for module_id in (MODULE, OTHER_MODULE, "gone"):
            self.admin.module(module_id)
        self._done("PATCH", f"/module-registry/{MODULE}", {"module_name": "Field Service"})
        for action in ("deactivate", "activate"):
            self._done("POST", f"/module-registry/{MODULE}/{action}")
        self._done("DELETE", "/module-registry/gone")

    def _industries(self) -> None:
        modules = [{"module_id": MODULE, "is_required": True}]
        for code in (INDUSTRY, "gone"):
            body = {"industry_code": code, "industry_name": code.title(), "modules": modules}
            self._done("POST", "/industries", body)
        self._done("PATCH", f"/industries/{INDUSTRY}", {"description": "Bread, cakes and the shops that sell them."})
        self._done("DELETE", "/industries/gone")

    def _organization(self) -> None:
        self._done("PATCH", f"/organizations/{self.organization}", {"name": "Crumb & Crust"})
        for action in ("suspend", "reactivate"):
            self._done("POST", f"/organizations/{self.organization}/{action}")

    def _assignments(self) -> None:
        self._done("POST", f"/modules/assign/{self.organization}", {"module_id": OTHER_MODULE})
        self._done("PATCH", f"/organizations/{self.organization}/modules/{OTHER_MODULE}", {"degrees": 220})
        unassign = f"/modules/unassign/{self.organization}/{OTHER_MODULE}"
        taken = self._done("POST", unassign)["operation_id"]
        self._done("POST", f"/modules/restore/{self.organization}", {"operation_id": taken})
        self._done("POST", unassign)
        self._done("POST", f"/modules/bulk-assign/{self.organization}", {"module_ids": [OTHER_MODULE]})
        self._done("POST", f"/modules/apply-industry/{self.organization}", {"industry_code": INDUSTRY})

    def _access(self, tenant: Tenant) -> None:
        owner = self._done("GET", f"/organizations/{tenant.id}")["owner_id"]
        for action in ("deactivate", "activate"):
            self._done("POST", f"/users/{owner}/{action}")
        token = self._done("POST", "/tokens", {"name": "a program", "role": "service"})["id"]
        self._done("DELETE", f"/tokens/{token}")
        self._reuse_a_session(tenant)

    def _reuse_a_session(self, tenant: Tenant) -> None:
        caller = Api(self.url)
        caller.post("/auth/login", {"email": tenant.email, "password": tenant.password})
        name, spent = refresh_cookie(caller.client.cookies)
        for _ in range(2):
            assert caller.post("/auth/refresh").status_code == 200
        thief = Api(self.url)
        thief.client.cookies.set(name, spent)
        assert thief.post("/auth/refresh").status_code == 401
        asyncio.run(start_with_another_password(self.postgres_url))

    def _system(self) -> None:
        """Two records nobody could process: one is tried again, the other given up."""
        retried, dropped = set_aside(self.postgres_url)
        self._done("POST", f"/system/dead-letters/{retried}/retry")
        self._done("POST", f"/system/dead-letters/{dropped}/drop?reason=nobody%20needs%20it")


async def start_with_another_password(postgres_url: str) -> None:
    """As a service that is given another password for its super admin."""
    async with database_container(Settings(postgres_url=postgres_url)) as container:
        admins = await container.get(SuperAdmins)
        for password in ("a long enough password", "another long enough one"):
            await admins.ensure_super_admin("second@modplane.example", password)


async def create_super_admin(postgres_url: str, email: str, password: str) -> None:
    async with database_container(Settings(postgres_url=postgres_url)) as container:
        await (await container.get(SuperAdmins)).create(email, password)
