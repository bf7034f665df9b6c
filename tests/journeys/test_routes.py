"""Every route there is, used once in the order of the main job, and tried by everybody who may not use it.

Whatever a route answers to people and programs of another organization, nothing in it is of this one; and whatever they
are let do, this organization's state stays as it was.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

import httpx
import pytest
from msgspec import Raw
from msgspec.json import encode

from app.main import create_app
from app.settings import Settings
from devstack import Endpoints
from shared.messages import EventEnvelope
from tests.fakes import NOON
from tests.support.api_client import Api, new_tenant, problem_of, signup
from tests.support.database_inspector import DatabaseInspector
from tests.support.polling import wait_for
from tests.support.service_process import ServiceProcess

Written = Callable[[], Awaitable[dict[str, int]]]
Standing = Callable[[], Awaitable[list[Any]]]

SET_ASIDE = """
INSERT INTO shared.dead_letters (id, kind, source, key, body, error)
SELECT id, 'relay', 'tenant.module.updated', id::text, $2, 'too large' FROM unnest($1::uuid[]) AS id
"""

Who = Literal[
    "public", "signed in", "own people", "own people alone", "own admin", "issuer", "any service", "super admin"
]
NAME, CODE, MODULE = "Bakery {suffix}", "i_{suffix}", "m_{suffix}"
OVEN = {
    "module_id": MODULE,
    "module_name": "Oven",
    "category": "Kitchen",
    "service_name": "ovens",
    "api_endpoint": "/ovens",
    "version": "1.0",
}
OWN_EVENTS = "organization_id={organization}"
EVENTS = f"/events?{OWN_EVENTS}"
REQUIRED = {"module_id": MODULE, "is_required": True}


@dataclass(frozen=True)
class Route:
    """One operation of the API as the main job uses it. Braces in its path and body stand for the job's own ids."""

    operation_id: str
    method: str
    path: str
    who: Who
    body: Any = None
    status: int = 200
    has: tuple[str, ...] = ()
    read: Callable[[httpx.Response], Any] = httpx.Response.json
    streams: bool = False


def first_line(answer: httpx.Response) -> Any:
    """The first of many documents."""
    return json.loads(answer.text.splitlines()[0])


def first_state(answer: httpx.Response) -> Any:
    """What a stream of events says of itself."""
    return json.loads(answer.text.partition("data: ")[2])


ROUTES = [
    Route("getLiveness", "GET", "/health/live", "public", has=("status",)),
    Route("getReadiness", "GET", "/health/ready", "public", has=("status", "parts")),
    Route("registerModule", "POST", "/module-registry", "super admin", OVEN, 201, ("operation_id", "is_active")),
    Route("getModuleRegistry", "GET", "/module-registry", "super admin", has=("items",)),
    Route("getModule", "GET", f"/module-registry/{MODULE}", "super admin", has=("module_name", "sequence")),
    Route("updateModule", "PATCH", f"/module-registry/{MODULE}", "super admin", {"version": "1.1"}, has=("version",)),
    Route("getModuleConfig", "GET", f"/module-registry/{MODULE}/config", "super admin", has=("default_config",)),
    Route("deactivateModule", "POST", f"/module-registry/{MODULE}/deactivate", "super admin"),
    Route("activateModule", "POST", f"/module-registry/{MODULE}/activate", "super admin"),
    Route("getAvailableModules", "GET", "/modules/available", "signed in", has=("items",)),
    Route(
        "createIndustry",
        "POST",
        "/industries",
        "super admin",
        {"industry_code": CODE, "industry_name": NAME, "modules": [REQUIRED]},
        201,
        ("operation_id", "version"),
    ),
    Route("updateIndustry", "PATCH", f"/industries/{CODE}", "super admin", {"description": "Bread."}),
    Route("getIndustries", "GET", "/industries", "public", has=("items",)),
    Route("getIndustry", "GET", f"/industries/{CODE}", "public", has=("applicable",)),
    Route("getIndustryModules", "GET", f"/industries/{CODE}/modules", "public", has=("items",)),
    Route("getIndustryVersions", "GET", f"/industries/{CODE}/versions", "super admin", has=("items", "next_cursor")),
    Route("signUp", "POST", "/organizations/signup", "public", "{signup}", 201, ("organization", "modules")),
    Route("getSignup", "GET", "/organizations/signup", "public", has=("status",)),
    Route("login", "POST", "/auth/login", "public", "{login}", has=("access_token", "token_type", "expires_in")),
    Route("refresh", "POST", "/auth/refresh", "public", has=("access_token", "token_type", "expires_in")),
    Route("logout", "POST", "/auth/logout", "public", has=("status",)),
    Route("createToken", "POST", "/tokens", "super admin", {"name": "ci", "role": "service"}, 201, ("id", "token")),
    Route("getTokens", "GET", "/tokens", "super admin", has=("items", "next_cursor")),
    Route("revokeToken", "DELETE", "/tokens/{token}", "super admin", has=("revoked_at",)),
    Route("getUsers", "GET", "/users?organization_id={organization}", "super admin", has=("items", "next_cursor")),
    Route("deactivateUser", "POST", "/users/{user}/deactivate", "super admin", has=("user_id", "status")),
    Route("activateUser", "POST", "/users/{user}/activate", "super admin", has=("user_id", "status")),
    Route("getOrganizations", "GET", "/organizations?q=Acme", "any service", has=("items", "next_cursor")),
    Route("getOrganization", "GET", "/organizations/{organization}", "super admin", has=("owner_id",)),
    Route(
        "updateOrganization", "PATCH", "/organizations/{organization}", "super admin", {"name": "Acme & Co {private}"}
    ),
    Route("getOrganizationInfo", "GET", "/organizations/{organization}/info", "own people", has=("industry_name",)),
    Route(
        "applyIndustryTemplate",
        "POST",
        "/modules/apply-industry/{organization}",
        "super admin",
        {"industry_code": CODE},
        has=("operation_id", "status", "assigned", "unchanged", "skipped"),
    ),
    Route(
        "assignModule",
        "POST",
        "/modules/assign/{organization}",
        "super admin",
        {"module_id": MODULE},
        has=("operation_id", "status", "assigned", "unchanged", "skipped"),
    ),
    Route(
        "bulkAssignModules",
        "POST",
        "/modules/bulk-assign/{organization}",
        "super admin",
        {"module_ids": [MODULE], "industry_code": CODE},
        has=("operation_id", "status", "assigned", "unchanged", "skipped"),
    ),
    Route(
        "restoreAssignments",
        "POST",
        "/modules/restore/{organization}",
        "super admin",
        {"operation_id": "{unassignment}"},
        has=("operation_id", "status", "assigned", "unchanged", "discarded_configs"),
    ),
    Route(
        "getOrganizationModules",
        "GET",
        "/organizations/{organization}/modules",
        "own people",
        has=("organization_id", "sequence", "items"),
    ),
    Route(
        "updateModuleConfig",
        "PATCH",
        f"/organizations/{{organization}}/modules/{MODULE}",
        "own admin",
        {"degrees": 200, "note": "{private}"},
        has=("config",),
    ),
    Route(
        "getOrganizationModule",
        "GET",
        f"/organizations/{{organization}}/modules/{MODULE}",
        "own people",
        has=("config", "layers", "origins", "config_schema", "config_errors"),
    ),
    Route(
        "getModuleViolations",
        "GET",
        f"/module-registry/{MODULE}/violations",
        "super admin",
        has=("items", "templates", "next_cursor"),
    ),
    Route(
        "getModuleOrganizations",
        "GET",
        f"/module-registry/{MODULE}/organizations",
        "super admin",
        has=("items", "count"),
    ),
    Route("getModulesUsage", "GET", "/usage/modules", "super admin", has=("since", "items")),
    Route("getIndustriesUsage", "GET", "/usage/industries", "super admin", has=("items",)),
    Route(
        "getModuleIndustries",
        "GET",
        f"/module-registry/{MODULE}/industries",
        "super admin",
        has=("items", "count", "required_count", "next_cursor"),
    ),
    Route("getModuleAdoption", "GET", f"/module-registry/{MODULE}/adoption", "super admin"),
    Route("getIndustryOrganizations", "GET", f"/industries/{CODE}/organizations", "super admin", has=("items",)),
    Route(
        "getOperations",
        "GET",
        "/operations?organization_id={organization}&status=applied",
        "signed in",
        has=("items", "next_cursor"),
    ),
    Route("getOperation", "GET", "/operations/{operation}", "issuer", has=("operation_id", "status")),
    Route("getEvents", "GET", f"{EVENTS}&limit=2", "own people alone", has=("items", "next_cursor", "position")),
    Route(
        "exportEvents", "GET", f"/events/export?{OWN_EVENTS}", "own people alone", has=("event_id",), read=first_line
    ),
    Route(
        "streamEvents",
        "GET",
        f"/events/stream?{OWN_EVENTS}",
        "own people alone",
        has=("state",),
        read=first_state,
        streams=True,
    ),
    Route("unassignModule", "POST", f"/modules/unassign/{{organization}}/{MODULE}?force=true", "super admin"),
    Route(
        "startBulkOperation",
        "POST",
        "/bulk-operations",
        "super admin",
        {"command": {"type": "reactivate"}, "organization_ids": ["{organization}"]},
        202,
        ("bulk_operation_id", "counts"),
    ),
    Route("getBulkOperations", "GET", "/bulk-operations", "super admin", has=("items", "next_cursor")),
    Route("getBulkOperation", "GET", "/bulk-operations/{bulk}", "super admin", has=("status", "total")),
    Route("getBulkOperationItems", "GET", "/bulk-operations/{bulk}/items", "super admin", has=("items", "next_cursor")),
    Route("retryBulkOperation", "POST", "/bulk-operations/{bulk}/retry", "super admin", status=202),
    # It has ended by then: whoever may cancel is told so.
    Route("cancelBulkOperation", "POST", "/bulk-operations/{bulk}/cancel", "super admin", status=409),
    Route("suspendOrganization", "POST", "/organizations/{organization}/suspend", "super admin"),
    Route("reactivateOrganization", "POST", "/organizations/{organization}/reactivate", "super admin"),
    Route("getSystemStatus", "GET", "/system/status", "super admin", has=("postgres", "consumers", "replicas")),
    Route("getDeadLetters", "GET", "/system/dead-letters?status=open", "super admin", has=("items", "next_cursor")),
    Route("getDeadLetter", "GET", "/system/dead-letters/{letter}", "super admin", has=("body", "status")),
    Route("retryDeadLetter", "POST", "/system/dead-letters/{letter}/retry", "super admin", has=("status", "retries")),
    Route(
        "dropDeadLetter",
        "POST",
        "/system/dead-letters/{other_letter}/drop?reason=not%20needed",
        "super admin",
        has=("status", "handled_by", "reason"),
    ),
    Route("deleteIndustry", "DELETE", f"/industries/{CODE}", "super admin", has=("organizations",)),
    Route("deleteModule", "DELETE", f"/module-registry/{MODULE}", "super admin"),
]

PEOPLE = ("nobody", "other", "own", "newcomer")
PROGRAMS = ("service", "own service", "other service", "reading admin")
EVERYBODY = (*PEOPLE, *PROGRAMS)
STRANGERS = ("nobody", "other", "newcomer", "other service")
MAY: dict[Who, tuple[str, ...]] = {
    "public": EVERYBODY,
    "signed in": ("other", "own", *PROGRAMS),
    "own people": ("own", "service", "own service", "reading admin"),
    "own people alone": ("own", "own service", "reading admin"),
    "own admin": ("own",),
    "issuer": ("newcomer", "reading admin"),
    "any service": ("service", "reading admin"),
    "super admin": ("reading admin",),
}
OUTSIDE_THE_DOCUMENT = {"/metrics", "/asyncapi"}
DOCUMENTATION = "/schema"


class Job:
    """The ids of one run of the main job, and who takes part in it.

    `newcomer` has the token of a signup that was answered with 202; `issuer` routes are about that signup. Programs
    have API tokens: services that are bound to an organization or to none, and a super admin's that only reads.
    """

    def __init__(self, url: str, admin: Api, letters: Sequence[UUID]) -> None:
        suffix, private = uuid4().hex[:12], uuid4().hex
        tenant, other = new_tenant(url, organization_name=f"Acme {private}"), new_tenant(url)
        leaver = new_tenant(url)
        late = Api(url).post("/organizations/signup", signup(), prefer="respond-async").json()
        self.callers = {
            "nobody": Api(url),
            "other": other.admin,
            "own": tenant.admin,
            "newcomer": Api(url, late["operation_token"]),
            "service": program(url, admin, role="service"),
            "own service": program(url, admin, role="service", organization_id=tenant.id),
            "other service": program(url, admin, role="service", organization_id=other.id),
            "reading admin": program(url, admin, role="super_admin", scopes=["read"]),
            "admin": admin,
        }
        own_operation = f"/operations/{late['operation_id']}"
        wait_for(lambda: self.callers["newcomer"].get(own_operation).json()["status"] == "applied", "the late signup")
        token = admin.post("/tokens", {"name": "to be revoked", "role": "service"}).json()["id"]
        lost = admin.module()
        assert admin.post(f"/modules/assign/{tenant.id}", {"module_id": lost}).status_code == 200
        unassignment = admin.post(f"/modules/unassign/{tenant.id}/{lost}").json()["operation_id"]
        reactivated = {"command": {"type": "reactivate"}, "organization_ids": [tenant.id]}
        bulk = admin.post("/bulk-operations", reactivated).json()["bulk_operation_id"]
        wait_for(lambda: admin.get(f"/bulk-operations/{bulk}").json()["status"] == "finished", "the bulk operation")
        self.words = {
            "suffix": suffix,
            "private": private,
            "organization": tenant.id,
            "operation": late["operation_id"],
            "unassignment": unassignment,
            "token": token,
            "bulk": bulk,
            "user": leaver.operation_id,
            "letter": str(letters[0]),
            "other_letter": str(letters[1]),
        }
        self.private = (private, tenant.email)
        self.bodies = {"{signup}": signup, "{login}": lambda: {"email": tenant.email, "password": tenant.password}}
        self.root = url

    def send(self, who: str, route: Route) -> httpx.Response:
        path = self.filled(route.path)
        url = self.root + path if path.startswith("/health") else path
        body = self.bodies[route.body]() if isinstance(route.body, str) else self.filled(route.body)
        if route.streams:
            return beginning(self.callers[who].client, url)
        # A session that is signed out would be missed by all other tests.
        caller = Api(self.root) if route.operation_id == "logout" else self.callers[who]
        return caller.client.request(route.method, url, json=body)

    def filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.format(**self.words)
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        return [self.filled(item) for item in value] if isinstance(value, list) else value


def program(url: str, admin: Api, **wanted: Any) -> Api:
    """A caller with an API token."""
    return Api(url, admin.post("/tokens", {"name": "a program", **wanted}).json()["token"])


def beginning(client: httpx.Client, url: str) -> httpx.Response:
    """An answer without an end, as far as its first event; all of it when it is refused."""
    with client.stream("GET", url) as answer:
        chunks, body = answer.iter_raw(), b""
        while b"data: " not in body and (chunk := next(chunks, b"")):
            body += chunk
    return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=answer.request)


def set_aside(postgres_url: str) -> Sequence[UUID]:
    """Two open dead letters, of events of keys that nothing waits for."""
    event = EventEnvelope(
        event_id=uuid4(),
        type="tenant.module.updated",
        occurred_at=NOON,
        stream="registry:m_gone",
        sequence=1,
        organization_id=None,
        module_id="m_gone",
        user_id="somebody",
        operation_id=uuid4(),
        reason=None,
        payload=Raw(b"{}"),
    )
    ids = (uuid4(), uuid4())
    DatabaseInspector(postgres_url).fetch(SET_ASIDE, ids, encode(event))
    return ids


@pytest.fixture(scope="module")
def letters(endpoints: Endpoints) -> Sequence[UUID]:
    return set_aside(endpoints.postgres_url)


@pytest.fixture(scope="module")
def job(service: ServiceProcess, admin: Api, letters: Sequence[UUID]) -> Job:
    return Job(service.url, admin, letters)


@pytest.fixture
def standing(connection: Any, job: Job) -> Standing:
    """The versions of all that is the organization's own."""
    query = "SELECT context, version FROM shared.streams WHERE id = $1 ORDER BY context"

    async def look() -> list[Any]:
        return [tuple(row) for row in await connection.fetch(query, job.words["organization"])]

    return look


def test_the_table_has_every_route_of_the_openapi_document(service: ServiceProcess) -> None:
    document = httpx.get(f"{service.url}/schema/openapi.json").json()
    served = {
        (operation["operationId"], method.upper())
        for path in document["paths"].values()
        for method, operation in path.items()
    }
    assert served == {(route.operation_id, route.method) for route in ROUTES}


def test_no_route_hides_from_the_document_but_those_that_hold_nobodys_data(service: ServiceProcess) -> None:
    document = httpx.get(f"{service.url}/schema/openapi.json").json()
    paths = {route.path_format for route in create_app(Settings()).routes}
    hidden = {path for path in paths - document["paths"].keys() if not path.startswith(DOCUMENTATION)}
    assert hidden == OUTSIDE_THE_DOCUMENT


def test_the_document_says_which_routes_are_public(service: ServiceProcess) -> None:
    document = httpx.get(f"{service.url}/schema/openapi.json").json()
    public = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if operation.get("security") in ([], [{}, {"bearer": []}])
    }
    assert document["openapi"].startswith("3.1")
    assert public == {route.operation_id for route in ROUTES if route.who == "public"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation_id)
async def test_a_route_refuses_whom_it_is_not_for_and_serves_the_rest(
    job: Job, written: Written, standing: Standing, route: Route
) -> None:
    wait_for(lambda: no_bulk_runs(job), "bulk operations have ended")
    before, stood = await written(), await standing()
    may = [who for who in MAY[route.who] if who != "reading admin" or route.who == "public" or route.method == "GET"]
    for who in EVERYBODY:
        if who not in may:
            refused = job.send(who, route)
            assert (who, refused.status_code) == (who, refusal(route, who)), refused.text
            assert problem_of(refused)
            assert (who, told(job, who, refused)) == (who, ())
    assert await written() == before

    for who in (who for who in may if who in STRANGERS):
        assert_serves(job, who, route)
    assert await standing() == stood
    for who in ("admin", *(who for who in may if who not in STRANGERS)):
        assert_serves(job, who, route)


def no_bulk_runs(job: Job) -> bool:
    """Whether the bulk operations that other tests began have come to their end."""
    begun = job.callers["admin"].get("/bulk-operations?limit=200").json()["items"]
    return all(each["status"] in {"finished", "cancelled"} for each in begun)


def assert_serves(job: Job, who: str, route: Route) -> None:
    answer = job.send(who, route)
    assert (who, answer.status_code) == (who, route.status), answer.text
    assert route.read(answer).keys() >= set(route.has)
    assert (who, told(job, who, answer)) == (who, ())


def told(job: Job, who: str, answer: httpx.Response) -> tuple[str, ...]:
    """What a stranger was told that is the organization's own."""
    return tuple(word for word in job.private if word in answer.text) if who in STRANGERS else ()


def refusal(route: Route, who: str) -> int:
    """Nobody is to sign in; of an operation that is not theirs, people do not even learn that it exists."""
    if who == "nobody":
        return 401
    return 404 if route.who == "issuer" else 403
