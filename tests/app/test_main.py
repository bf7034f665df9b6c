import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

import httpx
import pytest
from dishka import AsyncContainer
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from app.apidocs.openapi import openapi_document
from app.main import create_app, make_container
from app.settings import Settings
from shared.eventlog.http import may_read_events
from shared.http.authentication import (
    organization_reader,
    organization_writer,
    organizations_reader,
    signed_in,
    super_admin,
)
from shared.postgres.database import PostgresDatabase

GUARDS = {signed_in, super_admin, organization_reader, organizations_reader, organization_writer, may_read_events}
PUBLIC = {
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/logout",
    "GET /api/v1/industries",
    "GET /api/v1/industries/{industry_code}",
    "GET /api/v1/industries/{industry_code}/modules",
    "GET /api/v1/organizations/signup",
    "POST /api/v1/organizations/signup",
}
ANSWERS_ONLY_WHO_MAY_SEE = {"GET /api/v1/operations/{operation_id}"}
EVENTS = {"organization_id", "module_id", "industry_code", "user_id", "type", "operation_id", "since", "until"}
QUERY = {
    "applicable",
    "created_by",
    "with_minted",
    "category",
    "command",
    "context",
    "cursor",
    "dry_run",
    "force",
    "include_inactive",
    "industry_code",
    "limit",
    "module_id",
    "organization_id",
    "q",
    "sort",
    "status",
    "template_code",
    "template_older_than",
    "template_version",
    "version",
    "with_total",
    "kind",
    "last_event_id",
    "outcome",
    "role",
    "service_name",
    *EVENTS,
}


def client_of(app: Litestar) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", app)), base_url="http://modplane")


class Operation(NamedTuple):
    """An operation as the OpenAPI document tells it."""

    name: str
    document: Mapping[str, Any]

    def parameters(self, place: str) -> set[str]:
        return {each["name"] for each in self.document.get("parameters", ()) if each.get("in") == place}


@pytest.fixture(scope="module")
def app() -> Litestar:
    return create_app(Settings())


@pytest.fixture(scope="module")
def operations() -> list[Operation]:
    paths = openapi_document()["paths"]
    return [
        Operation(f"{method.upper()} {path}", document)
        for path, methods in paths.items()
        for method, document in methods.items()
    ]


def handlers(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Every HTTP handler with its method and path."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and route.path.startswith("/api/"):
                for method in sorted(handler.http_methods - {"OPTIONS"}):
                    yield f"{method} {route.path_format}", handler


def test_every_operation_has_an_id_of_its_own_a_tag_and_a_summary(operations: list[Operation]) -> None:
    assert len(operations) > 30
    ids = [operation.document["operationId"] for operation in operations]
    assert sorted(set(ids)) == sorted(ids)
    assert [operation.name for operation in operations if not operation.document.get("tags")] == []
    assert [operation.name for operation in operations if not operation.document.get("summary")] == []


def test_nothing_that_is_injected_became_a_query_parameter(operations: list[Operation]) -> None:
    assert {name for operation in operations for name in operation.parameters("query")} == QUERY


def test_the_path_names_the_same_parameters_as_the_document(operations: list[Operation]) -> None:
    for operation in operations:
        assert all(f"{{{name}}}" in operation.name for name in operation.parameters("path")), operation.name


def test_every_route_is_guarded_but_the_public_ones(app: Litestar) -> None:
    unguarded = {name for name, handler in handlers(app) if not GUARDS & set(handler.resolve_guards())}
    assert unguarded == PUBLIC | ANSWERS_ONLY_WHO_MAY_SEE


def test_what_is_public_is_documented_as_such(operations: list[Operation]) -> None:
    public = {each.name for each in operations if each.document.get("security") in ([], [{}, {"bearer": []}])}
    assert {name for name in public if "/api/" in name} == PUBLIC


@pytest.mark.parametrize("answer", ["OPTIONS", "PUT"])
async def test_every_method_of_a_path_is_told_whichever_controller_serves_it(app: Litestar, answer: str) -> None:
    async with client_of(app) as client:
        told = await client.request(answer, "/api/v1/industries")
    assert {method.strip() for method in told.headers["allow"].split(",")} == {"GET", "HEAD", "OPTIONS", "POST"}


async def test_nobody_gets_in_without_a_token(app: Litestar) -> None:
    async with client_of(app) as client:
        for name, _ in handlers(app):
            if name not in PUBLIC:
                method, _, path = name.partition(" ")
                uuid = "01890000-0000-7000-8000-000000000001"
                concrete = re.sub(r"\{(?!module_id|industry_code)\w+\}", uuid, path)
                answer = await client.request(method, concrete.format(module_id="m", industry_code="i"), json={})
                assert answer.status_code == 401, (name, answer.text)
                assert answer.headers["www-authenticate"] == 'Bearer realm="modplane"'


def test_a_worker_serves_its_health_and_no_api() -> None:
    worker = create_app(Settings(role="worker"))
    paths = {route.path for route in worker.routes}
    assert {"/health/ready", "/health/live", "/metrics"} <= paths
    assert [path for path in paths if path.startswith("/api/")] == []


async def test_two_applications_in_one_process_serve_side_by_side_without_any_infrastructure(
    settings: Settings,
) -> None:
    away = settings.model_copy(update={"postgres_url": "postgresql://127.0.0.1:1/nowhere"})
    first, second = create_app(away), create_app(away)
    async with first.lifespan(), second.lifespan():
        for app in (first, second):
            async with client_of(app) as client:
                assert (await client.get("/health/live")).status_code == 200
                ready = await client.get("/health/ready")
                assert (ready.status_code, ready.json()["parts"]["postgres"]) == (503, "down")
                assert (await client.get("/api/v1/industries")).status_code == 503


async def test_the_parts_of_two_applications_are_not_the_same(container: AsyncContainer, settings: Settings) -> None:
    other = make_container(settings)
    try:
        assert await other.get(PostgresDatabase) is not await container.get(PostgresDatabase)
    finally:
        await other.close()
