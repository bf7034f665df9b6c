"""Each refusal is its own clear answer, and nothing is written."""

import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest
from aiokafka import AIOKafkaProducer

from devstack import Endpoints
from tests.support.api_client import ADMIN, Api, Tenant, code_of, new_tenant, problem_of, signup
from tests.support.service_process import ServiceProcess

Written: TypeAlias = Callable[[], Awaitable[dict[str, int]]]

ABSENT = "an_absent_one"
NO_ORGANIZATION = str(uuid4())
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class World:
    """What there is to be refused with."""

    url: str
    admin: Api
    nobody: Api
    tenant: Tenant
    other: Tenant
    suspended: Tenant
    module: str
    held: str
    inactive: str
    industry: str
    expired: Api
    forged: Api

    def assign(self, body: Any, organization_id: str = "", **headers: str) -> httpx.Response:
        return self.admin.post(f"/modules/assign/{organization_id or self.tenant.id}", body, **headers)

    def bulk(self, module_ids: list[str], **fields: Any) -> httpx.Response:
        return self.admin.post(f"/modules/bulk-assign/{self.tenant.id}", {"module_ids": module_ids, **fields})

    def apply(self, industry_code: str) -> httpx.Response:
        return self.admin.post(f"/modules/apply-industry/{self.tenant.id}", {"industry_code": industry_code})

    def register(self, **fields: Any) -> httpx.Response:
        names = ("module_name", "category", "service_name", "api_endpoint", "version")
        return self.admin.post("/module-registry", dict.fromkeys(names, "x") | {"module_id": fresh()} | fields)

    def create(self, **fields: Any) -> httpx.Response:
        return self.admin.post("/industries", {"industry_code": fresh(), "industry_name": fresh(), **fields})

    def sign_up(self, **fields: Any) -> httpx.Response:
        return self.nobody.post("/organizations/signup", signup() | fields)

    def raw(self, content: Any, path: str = "/module-registry") -> httpx.Response:
        return self.admin.client.post(path, content=content, headers={"Content-Type": "application/json"})


def fresh() -> str:
    return f"x_{uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def world(service: ServiceProcess, admin: Api, nobody: Api, expired: Api, forged: Api) -> World:
    module, held, inactive = admin.module(), admin.module(), admin.module(is_active=False)
    industry = admin.industry([module])
    tenant, other, suspended = (new_tenant(service.url) for _ in range(3))
    for organization in (tenant, suspended):
        answer = admin.post(f"/modules/assign/{organization.id}", {"module_id": held, "config": {"size": 1}})
        assert answer.status_code == 200, answer.text
    assert admin.post(f"/organizations/{suspended.id}/suspend").status_code == 200
    return World(
        service.url,
        admin,
        nobody,
        tenant,
        other,
        suspended,
        module,
        held,
        inactive,
        industry,
        expired,
        forged,
    )


@pytest.fixture(scope="module")
async def signing_key(endpoints: Endpoints, admin: Api) -> tuple[str, bytes]:
    """The key by which the admin's token, too, was signed."""
    assert admin.get("/module-registry").status_code == 200
    connection = await asyncpg.connect(endpoints.postgres_url)
    kid, secret = await connection.fetchrow(
        "SELECT kid, secret FROM access.signing_keys WHERE retired_at IS NULL ORDER BY created_at DESC LIMIT 1"
    )
    await connection.close()
    return kid, secret


def token(kid: str, secret: bytes, expires_in: int) -> str:
    now = int(time.time())
    claims = {"sub": str(uuid4()), "role": "super_admin", "org": None, "iss": "modplane"}
    return jwt.encode({**claims, "iat": now - 3600, "exp": now + expires_in}, secret, "HS256", {"kid": kid})


@pytest.fixture(scope="module")
def expired(service: ServiceProcess, signing_key: tuple[str, bytes]) -> Api:
    """A super admin whose genuine token ended a second ago."""
    return Api(service.url, token(*signing_key, expires_in=-1))


@pytest.fixture(scope="module")
def forged(service: ServiceProcess, signing_key: tuple[str, bytes]) -> Api:
    """Somebody who signed a token with a key of his own."""
    return Api(service.url, token(signing_key[0], b"another key of thirty-two bytes!", expires_in=900))


def chunks(size: int) -> Iterator[bytes]:
    yield b'{"module_id": "'
    for _ in range(size // 65536):
        yield b"x" * 65536
    yield b'"}'


Refused: TypeAlias = tuple[str, Callable[[World], httpx.Response], int, str, list[str]]

UNKNOWN: list[Refused] = [
    ("a module in the path", lambda w: w.admin.get(f"/module-registry/{ABSENT}"), 404, "module_not_found", []),
    ("its config", lambda w: w.admin.get(f"/module-registry/{ABSENT}/config"), 404, "module_not_found", []),
    ("its adoption", lambda w: w.admin.get(f"/module-registry/{ABSENT}/adoption"), 404, "module_not_found", []),
    ("its users", lambda w: w.admin.get(f"/module-registry/{ABSENT}/organizations"), 404, "module_not_found", []),
    ("one that is no id", lambda w: w.admin.get("/module-registry/Not%20An%20Id"), 404, "module_not_found", []),
    (
        "one that is no id, changed",
        lambda w: w.admin.patch("/module-registry/N%00", {}),
        404,
        "module_not_found",
        [],
    ),
    ("one to change", lambda w: w.admin.patch(f"/module-registry/{ABSENT}", {}), 404, "module_not_found", []),
    ("one to delete", lambda w: w.admin.delete(f"/module-registry/{ABSENT}"), 404, "module_not_found", []),
    ("one to activate", lambda w: w.admin.post(f"/module-registry/{ABSENT}/activate"), 404, "module_not_found", []),
    ("one to deactivate", lambda w: w.admin.post(f"/module-registry/{ABSENT}/deactivate"), 404, "module_not_found", []),
    (
        "one to configure",
        lambda w: w.admin.patch(f"/organizations/{w.tenant.id}/modules/{ABSENT}", {"a": 1}),
        404,
        "module_not_assigned",
        [],
    ),
    (
        "one to unassign",
        lambda w: w.admin.post(f"/modules/unassign/{w.tenant.id}/{ABSENT}"),
        404,
        "module_not_assigned",
        [],
    ),
    ("a module in the body", lambda w: w.assign({"module_id": ABSENT}), 422, "unknown_modules", ["/module_id"]),
    (
        "modules in the body",
        lambda w: w.bulk([ABSENT, w.module, "another_absent_one"]),
        422,
        "unknown_modules",
        ["/module_ids/0", "/module_ids/2"],
    ),
    (
        "modules of a template",
        lambda w: w.create(modules=[{"module_id": m, "is_required": True} for m in (w.module, ABSENT)]),
        422,
        "unknown_modules",
        ["/modules/1/module_id"],
    ),
    (
        "modules of a template's next version",
        lambda w: w.admin.patch(
            f"/industries/{w.industry}", {"modules": [{"module_id": ABSENT, "is_required": False}]}
        ),
        422,
        "unknown_modules",
        ["/modules/0/module_id"],
    ),
    ("an industry in the path", lambda w: w.nobody.get(f"/industries/{ABSENT}"), 404, "industry_not_found", []),
    ("its modules", lambda w: w.nobody.get(f"/industries/{ABSENT}/modules"), 404, "industry_not_found", []),
    ("its versions", lambda w: w.admin.get(f"/industries/{ABSENT}/versions"), 404, "industry_not_found", []),
    ("its organizations", lambda w: w.admin.get(f"/industries/{ABSENT}/organizations"), 404, "industry_not_found", []),
    ("one to change it", lambda w: w.admin.patch(f"/industries/{ABSENT}", {}), 404, "industry_not_found", []),
    ("one to delete it", lambda w: w.admin.delete(f"/industries/{ABSENT}"), 404, "industry_not_found", []),
    ("an industry to apply", lambda w: w.apply(ABSENT), 422, "unknown_industry", ["/industry_code"]),
    (
        "an industry of modules",
        lambda w: w.bulk([w.module], industry_code=ABSENT),
        422,
        "unknown_industry",
        ["/industry_code"],
    ),
    (
        "an industry to sign up with",
        lambda w: w.sign_up(industry_code=ABSENT),
        422,
        "unknown_industry",
        ["/industry_code"],
    ),
    (
        "an organization to assign to",
        lambda w: w.assign({"module_id": w.module}, NO_ORGANIZATION),
        404,
        "organization_not_found",
        [],
    ),
    ("an organization", lambda w: w.admin.get(f"/organizations/{NO_ORGANIZATION}"), 404, "organization_not_found", []),
    (
        "one for its people",
        lambda w: w.admin.get(f"/organizations/{NO_ORGANIZATION}/info"),
        404,
        "organization_not_found",
        [],
    ),
    (
        "an organization's modules",
        lambda w: w.admin.get(f"/organizations/{NO_ORGANIZATION}/modules"),
        404,
        "organization_not_found",
        [],
    ),
    (
        "one to rename",
        lambda w: w.admin.patch(f"/organizations/{NO_ORGANIZATION}", {"name": "New"}),
        404,
        "organization_not_found",
        [],
    ),
    (
        "one to suspend",
        lambda w: w.admin.post(f"/organizations/{NO_ORGANIZATION}/suspend"),
        404,
        "organization_not_found",
        [],
    ),
    (
        "one to reactivate",
        lambda w: w.admin.post(f"/organizations/{NO_ORGANIZATION}/reactivate"),
        404,
        "organization_not_found",
        [],
    ),
    (
        "one whose modules to configure",
        lambda w: w.admin.patch(f"/organizations/{NO_ORGANIZATION}/modules/{w.module}", {}),
        404,
        "organization_not_found",
        [],
    ),
    (
        "an organization's id that is none",
        lambda w: w.assign({"module_id": w.module}, "42"),
        404,
        "route_not_found",
        [],
    ),
    ("an operation", lambda w: w.admin.get(f"/operations/{uuid4()}"), 404, "operation_not_found", []),
    ("a route", lambda w: w.admin.get("/nothing-here"), 404, "route_not_found", []),
]

STATE: list[Refused] = [
    ("an inactive module", lambda w: w.assign({"module_id": w.inactive}), 409, "module_inactive", ["/module_id"]),
    (
        "one inactive among several",
        lambda w: w.bulk([w.module, w.inactive]),
        409,
        "module_inactive",
        ["/module_ids/1"],
    ),
    ("another config", lambda w: w.assign({"module_id": w.held, "config": {}}), 409, "config_differs", []),
    (
        "true for 1",
        lambda w: w.assign({"module_id": w.held, "config": {"size": True}}),
        409,
        "config_differs",
        [],
    ),
    (
        "a module that was not assigned",
        lambda w: w.admin.post(f"/modules/unassign/{w.tenant.id}/{w.module}"),
        404,
        "module_not_assigned",
        [],
    ),
    ("other values of a module", lambda w: w.register(module_id=w.held), 409, "module_already_registered", []),
    (
        "other values of an industry",
        lambda w: w.create(industry_code=w.industry),
        409,
        "industry_already_exists",
        [],
    ),
    (
        "a name that is taken",
        lambda w: w.create(industry_name=f"INDUSTRY {w.industry.upper()}"),
        409,
        "industry_name_taken",
        [],
    ),
    ("a module in use", lambda w: w.admin.delete(f"/module-registry/{w.held}"), 409, "module_in_use", []),
    ("a module in a template", lambda w: w.admin.delete(f"/module-registry/{w.module}"), 409, "module_in_use", []),
    (
        "an e-mail that is taken",
        lambda w: w.sign_up(admin_email=w.tenant.email),
        409,
        "email_taken",
        ["/admin_email"],
    ),
    (
        "an e-mail that is taken, spelled otherwise",
        lambda w: w.sign_up(admin_email=f" {w.tenant.email.upper()}"),
        409,
        "email_taken",
        ["/admin_email"],
    ),
    (
        "a suspended organization's modules",
        lambda w: w.assign({"module_id": w.module}, w.suspended.id),
        409,
        "organization_suspended",
        [],
    ),
    (
        "its config, by its own admin",
        lambda w: w.suspended.admin.patch(f"/organizations/{w.suspended.id}/modules/{w.held}", {"a": 1}),
        409,
        "organization_suspended",
        [],
    ),
    (
        "its loss taken back",
        lambda w: w.admin.post(f"/modules/restore/{w.suspended.id}", {"operation_id": w.suspended.operation_id}),
        409,
        "organization_suspended",
        [],
    ),
    (
        "a loss that never was",
        lambda w: w.admin.post(f"/modules/restore/{w.tenant.id}", {"operation_id": w.tenant.operation_id}),
        422,
        "unknown_unassignment",
        ["/operation_id"],
    ),
    (
        "its industry",
        lambda w: w.admin.post(f"/modules/apply-industry/{w.suspended.id}", {"industry_code": w.industry}),
        409,
        "organization_suspended",
        [],
    ),
    (
        "its people",
        lambda w: w.nobody.post("/auth/login", {"email": w.suspended.email, "password": w.suspended.password}),
        403,
        "organization_suspended",
        [],
    ),
]

FORM: list[Refused] = [
    ("half a body", lambda w: w.raw(b'{"module_id": '), 400, "invalid_body", []),
    ("no body", lambda w: w.raw(b""), 400, "invalid_body", []),
    ("a list", lambda w: w.raw(b"[]"), 400, "invalid_body", [""]),
    ("no UTF-8", lambda w: w.raw(b'{"module_id": "\xff"}'), 400, "invalid_body", []),
    ("half a character", lambda w: w.raw(b'{"module_id": "\\ud800"}'), 400, "invalid_body", []),
    ("a pit", lambda w: w.raw(b"[" * 100_000), 400, "invalid_body", [""]),
    ("an unknown field", lambda w: w.register(colour="red"), 400, "invalid_body", ["/colour"]),
    (
        "an unknown field deep down",
        lambda w: w.create(modules=[{"module_id": w.module, "is_required": True, "colour": 1}]),
        400,
        "invalid_body",
        ["/modules/0/colour"],
    ),
    (
        "a missing field",
        lambda w: w.admin.post("/industries", {"industry_code": fresh()}),
        400,
        "invalid_body",
        ["/industry_name"],
    ),
    ("a number for text", lambda w: w.register(module_name=5), 400, "invalid_body", ["/module_name"]),
    ("text for a number's kind", lambda w: w.register(is_active="yes"), 400, "invalid_body", ["/is_active"]),
    ("null for text", lambda w: w.register(version=None), 400, "invalid_body", ["/version"]),
    ("a list for an object", lambda w: w.register(metadata=[]), 400, "invalid_body", ["/metadata"]),
    ("no slug", lambda w: w.register(module_id="Not A Slug"), 400, "invalid_body", ["/module_id"]),
    ("text that is too long", lambda w: w.register(module_name="x" * 201), 400, "invalid_body", ["/module_name"]),
    ("no modules", lambda w: w.bulk([]), 400, "invalid_body", ["/module_ids"]),
    (
        "a wrong item",
        lambda w: w.bulk([w.module, "NO"]),
        400,
        "invalid_body",
        ["/module_ids/1"],
    ),
    ("a repeated item", lambda w: w.bulk([w.module] * 2), 422, "duplicate_modules", ["/module_ids/1"]),
    ("NUL", lambda w: w.register(module_name="a\x00b"), 400, "invalid_body", []),
    ("NUL in a config", lambda w: w.assign({"module_id": w.module, "config": {"a\x00": 1}}), 400, "invalid_body", []),
    ("NUL in an e-mail", lambda w: w.sign_up(admin_email="a\x00@b.example"), 400, "invalid_body", []),
    ("no e-mail", lambda w: w.sign_up(admin_email="nowhere"), 422, "invalid_email", ["/admin_email"]),
    (
        "a short password",
        lambda w: w.sign_up(admin_password="short"),
        422,
        "unacceptable_password",
        ["/admin_password"],
    ),
    ("a body too large", lambda w: w.register(description="x" * MEGABYTE), 413, "body_too_large", []),
    ("one too large in chunks", lambda w: w.raw(chunks(2 * MEGABYTE)), 413, "body_too_large", []),
    (
        "a command too large",
        lambda w: w.register(metadata={"a": "x" * (600 * 1024)}),
        413,
        "command_too_large",
        [],
    ),
    (
        "a config too large",
        lambda w: w.assign({"module_id": w.module, "config": {"a": "x" * (65 * 1024)}}),
        422,
        "config_too_large",
        ["/config"],
    ),
    ("a page of none", lambda w: w.admin.get("/organizations?limit=0"), 400, "invalid_request", ["limit"]),
    ("a page too large", lambda w: w.admin.get("/organizations?limit=100000"), 400, "invalid_request", ["limit"]),
    ("a made up cursor", lambda w: w.admin.get("/organizations?cursor=rubbish"), 400, "bad_cursor", ["cursor"]),
    (
        "an If-Match that is no ETag",
        lambda w: w.assign({"module_id": w.module}, if_match="red"),
        400,
        "bad_header",
        [],
    ),
    (
        "a key too long",
        lambda w: w.assign({"module_id": w.module}, idempotency_key="k" * 256),
        400,
        "bad_header",
        [],
    ),
    ("a wrong method", lambda w: w.admin.client.put("/module-registry", json={}), 405, "method_not_allowed", []),
]

CALLERS: list[Refused] = [
    ("no token", lambda w: w.nobody.get("/module-registry"), 401, "not_signed_in", []),
    ("rubbish", lambda w: Api(w.url, "rubbish").get("/module-registry"), 401, "token_invalid", []),
    ("an expired token", lambda w: w.expired.get("/module-registry"), 401, "token_expired", []),
    ("a forged token", lambda w: w.forged.get("/module-registry"), 401, "token_invalid", []),
    (
        "a wrong password",
        lambda w: w.nobody.post("/auth/login", {"email": w.tenant.email, "password": "not the password"}),
        401,
        "wrong_credentials",
        [],
    ),
    (
        "an unknown e-mail",
        lambda w: w.nobody.post("/auth/login", {"email": "n@b.example", "password": "not the password"}),
        401,
        "wrong_credentials",
        [],
    ),
    ("a wrong role", lambda w: w.tenant.admin.get("/module-registry"), 403, "role_required", []),
    (
        "a wrong role for the own organization",
        lambda w: w.tenant.admin.post(f"/modules/assign/{w.tenant.id}", {"module_id": w.module}),
        403,
        "role_required",
        [],
    ),
    (
        "another organization",
        lambda w: w.other.admin.get(f"/organizations/{w.tenant.id}/modules"),
        403,
        "not_your_organization",
        [],
    ),
    (
        "another organization's config",
        lambda w: w.other.admin.patch(f"/organizations/{w.tenant.id}/modules/{w.held}", {"a": 1}),
        403,
        "not_your_organization",
        [],
    ),
    (
        "another organization that does not exist",
        lambda w: w.other.admin.get(f"/organizations/{NO_ORGANIZATION}/modules"),
        403,
        "not_your_organization",
        [],
    ),
]


@pytest.mark.parametrize(
    ("send", "status", "code", "pointers"),
    [pytest.param(*row[1:], id=row[0].replace(" ", "_")) for row in UNKNOWN + STATE + FORM + CALLERS],
)
async def test_a_refusal_is_clear_and_nothing_is_written(
    world: World,
    written: Written,
    send: Callable[[World], httpx.Response],
    status: int,
    code: str,
    pointers: list[str],
) -> None:
    before = await written()
    answer = send(world)
    assert (answer.status_code, code_of(answer)) == (status, code), answer.text
    problem = problem_of(answer)
    assert [error["pointer"] for error in problem.get("errors", [])] == pointers
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert await written() == before


def test_the_ways_to_be_no_one_are_told_apart(world: World) -> None:
    callers = (world.nobody, world.expired, world.forged)
    details = {problem_of(caller.get("/module-registry"))["detail"] for caller in callers}
    assert len(details) == 3


def test_an_unknown_e_mail_is_not_told_from_a_wrong_password(world: World) -> None:
    tried = (world.tenant.email, "nobody@nowhere.example")
    answers = [world.nobody.post("/auth/login", {"email": e, "password": "not the password"}) for e in tried]
    assert answers[0].json() == answers[1].json()


def test_the_answer_to_another_config_points_to_where_it_is_changed(world: World) -> None:
    link = problem_of(world.assign({"module_id": world.held, "config": {}}))["link"]
    assert link == f"/api/v1/organizations/{world.tenant.id}/modules/{world.held}"


def test_people_of_a_suspended_organization_sign_in_again_after_it_ends(world: World, admin: Api) -> None:
    tenant = new_tenant(world.url)
    credentials = {"email": tenant.email, "password": tenant.password}
    assert admin.post(f"/organizations/{tenant.id}/suspend").status_code == 200
    assert world.nobody.post("/auth/login", credentials).status_code == 403
    assert admin.post(f"/organizations/{tenant.id}/reactivate").status_code == 200
    assert world.nobody.post("/auth/login", credentials).status_code == 200


async def test_what_no_database_could_keep_is_set_aside_and_holds_nobody_up(
    world: World, endpoints: Endpoints, connection: Any
) -> None:
    letters = "SELECT count(*) FROM shared.dead_letters WHERE source LIKE 'tenant.commands.registry/%'"
    before = await connection.fetchval(letters)
    nobody_can_keep = {
        "operation_id": str(uuid4()),
        "aggregate_id": "a\x00b",
        "user_id": "somebody",
        "fingerprint": "none",
        "issued_at": "2026-01-01T00:00:00Z",
        "command": {"type": "delete_module", "module_id": "a\x00b"},
    }
    producer = AIOKafkaProducer(bootstrap_servers=endpoints.kafka_bootstrap)
    await producer.start()
    for value in (json.dumps(nobody_can_keep).encode(), b"rubbish"):
        await producer.send_and_wait("tenant.commands.registry", value, key=b"a\x00b")
    await producer.stop()
    world.admin.module()
    deadline = time.monotonic() + 20
    while await connection.fetchval(letters) < before + 2:
        assert time.monotonic() < deadline, "both are dead letters"


def test_a_connection_that_ends_in_the_middle_of_a_body_does_no_harm(world: World, service: ServiceProcess) -> None:
    token = world.nobody.post("/auth/login", ADMIN).json()["access_token"]
    head = f"POST /api/v1/module-registry HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(f"{head}Content-Length: 1000\r\nContent-Type: application/json\r\n\r\n{{".encode())
    assert world.admin.get("/module-registry").status_code == 200
