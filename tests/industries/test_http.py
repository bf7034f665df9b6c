from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from dishka import Provider, Scope, make_async_container
from dishka.integrations.litestar import DishkaRouter, setup_dishka
from litestar import Litestar, Response
from litestar.middleware import DefineMiddleware

from industries.adapters.cached import CachedIndustryReader, UncachedIndustryReader
from industries.adapters.http import IndustriesController, IndustryAdministrationController
from industries.adapters.lists import IndustryFilter, PostgresIndustryList
from industries.adapters.queries import PostgresIndustryReader
from industries.commands import CreateIndustry, UpdateIndustry
from industries.events import TemplateModule
from shared.commands.http import Asked, CommandSender
from shared.http.authentication import Authentication
from shared.http.bodies import AnyRequest, strict_body
from shared.http.problems import EXCEPTION_HANDLERS
from shared.lists.cursors import Cursors
from shared.ports import Authenticator
from tests.fakes import CURSORS, NoCache, RolesAsTokens
from tests.industries.conftest import Decide

ADMIN = {"Authorization": "Bearer super_admin"}
SERVICE = {"Authorization": "Bearer service"}
BROKEN = {"Authorization": "Bearer nonsense"}
OVEN = TemplateModule("oven", is_required=True, default_config={"degrees": 200})


class Sent:
    """Takes the commands and does nothing with them."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    async def answer(self, request: AnyRequest, asked: Asked, *, created: bool = False) -> Response[bytes]:
        self.asked.append(asked)
        return Response(b"{}", status_code=201 if created else 200)


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def application(reader: PostgresIndustryReader, listed: PostgresIndustryList, sent: Sent) -> Litestar:
    provider = Provider(scope=Scope.APP)
    provider.provide(lambda: reader, provides=PostgresIndustryReader)
    provider.provide(lambda: CachedIndustryReader(NoCache(), reader), provides=CachedIndustryReader)
    provider.provide(lambda: UncachedIndustryReader(reader), provides=UncachedIndustryReader)
    provider.provide(lambda: listed, provides=PostgresIndustryList)
    provider.provide(lambda: sent, provides=CommandSender)
    provider.provide(lambda: CURSORS, provides=Cursors)
    roles = RolesAsTokens()
    provider.provide(lambda: roles, provides=Authenticator)
    container = make_async_container(provider)
    application = Litestar(
        [DishkaRouter("/", route_handlers=[IndustriesController, IndustryAdministrationController])],
        middleware=[DefineMiddleware(Authentication, container=container)],
        exception_handlers=cast(Any, EXCEPTION_HANDLERS),
        before_request=strict_body,
    )
    setup_dishka(container, application)
    return application


@pytest.fixture
async def client(application: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(cast(Any, application))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_only_super_admins_see_inactive_templates(client: httpx.AsyncClient, decide_batch: Decide) -> None:
    await decide_batch(CreateIndustry("bakery", "Bakery", "", is_active=False, modules=[OVEN]))
    for path in ("/industries/bakery", "/industries/bakery/modules"):
        for headers in ({}, SERVICE, BROKEN):
            assert (await client.get(path, headers=headers)).json()["type"] == "urn:modplane:problem:industry_not_found"
        assert (await client.get(path, headers=ADMIN)).json()["is_active"] is False
    nothing: dict[str, Any] = {"items": [], "next_cursor": None, "total": {"count": 0, "is_exact": True}}
    assert (await client.get("/industries", headers=ADMIN)).json() == nothing
    assert (await client.get("/industries?q=bakery", headers=ADMIN)).json() == nothing
    listed = await client.get("/industries?include_inactive=true", headers=ADMIN)
    assert [item["industry_code"] for item in listed.json()["items"]] == ["bakery"]
    for query in (
        "include_inactive=true",
        "status=inactive",
        "include_inactive=true&q=bakery",
        "status=inactive&limit=1",
    ):
        answers = [await client.get(f"/industries?{query}", headers=headers) for headers in ({}, SERVICE, ADMIN)]
        assert [answer.status_code for answer in answers] == [401, 403, 200]
        assert [item["industry_code"] for item in answers[-1].json()["items"]] == ["bakery"]


async def test_active_templates_are_for_everybody_and_answer_304_when_known(
    client: httpx.AsyncClient, decide_batch: Decide
) -> None:
    await decide_batch(CreateIndustry("bakery", "Bakery", "", modules=[OVEN]))
    first = await client.get("/industries/bakery/modules", headers=BROKEN)
    assert first.json()["items"][0]["default_config"] == {"degrees": 200}
    again = await client.get("/industries/bakery/modules", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_versions_are_walked_by_cursor(client: httpx.AsyncClient, decide_batch: Decide) -> None:
    changes = [UpdateIndustry("bakery", modules=modules) for modules in ([OVEN], list[TemplateModule](), [OVEN], [])]
    await decide_batch(CreateIndustry("bakery", "Bakery", ""), *changes)
    seen, query = [], "limit=2"
    while query:
        page = (await client.get(f"/industries/bakery/versions?{query}", headers=ADMIN)).json()
        seen.append([item["version"] for item in page["items"]])
        query = f"limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert seen == [[5, 4], [3, 2], [1]]
    for query in (
        "cursor=nonsense",
        "cursor=%22%22",
        "cursor=-----",
        "cursor=MA",
        f"cursor={'x' * 2001}",
        "limit=0",
        "limit=201",
    ):
        assert (await client.get(f"/industries/bakery/versions?{query}", headers=ADMIN)).status_code == 400
    assert (await client.get("/industries/unknown/versions", headers=ADMIN)).status_code == 404
    assert (await client.get("/industries/bakery/versions")).status_code == 401


@pytest.mark.parametrize("code", ["Bakery", "%00", "a", "x" * 64, "caf%C3%A9", "bakery%0A"])
async def test_what_can_be_no_code_is_not_found(client: httpx.AsyncClient, sent: Sent, code: str) -> None:
    for path in (f"/industries/{code}", f"/industries/{code}/modules", f"/industries/{code}/versions"):
        assert (await client.get(path, headers=ADMIN)).status_code == 404
    assert (await client.patch(f"/industries/{code}", headers=ADMIN, json={})).status_code == 404
    assert (await client.delete(f"/industries/{code}", headers=ADMIN)).status_code == 404
    assert sent.asked == []


async def test_requests_become_commands_on_the_templates_stream(client: httpx.AsyncClient, sent: Sent) -> None:
    modules = [{"module_id": "oven", "is_required": True, "default_config": {"degrees": 200}}]
    body = {"industry_code": "bakery", "industry_name": "Bakery", "modules": modules}
    answers = [
        await client.post("/industries", headers=ADMIN, json=body),
        await client.patch("/industries/bakery", headers=ADMIN, json={"modules": modules}),
        await client.patch("/industries/bakery", headers=ADMIN, json={"is_active": False}),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert [asked.command for asked in sent.asked] == [
        CreateIndustry("bakery", "Bakery", "", modules=[OVEN]),
        UpdateIndustry("bakery", modules=[OVEN]),
        UpdateIndustry("bakery", is_active=False),
    ]
    assert {(asked.context, asked.aggregate_id) for asked in sent.asked} == {("industries", "bakery")}
    assert (await client.post("/industries", headers=SERVICE, json=body)).status_code == 403
    assert (await client.patch("/industries/bakery", headers=ADMIN, json={"name": "x"})).status_code == 400


def test_no_parameter_is_documented_that_nobody_meant(application: Litestar) -> None:
    paths = application.openapi_schema.to_schema()["paths"]
    documented = {
        (path, parameter["name"])
        for path, methods in paths.items()
        for operation in methods.values()
        for parameter in operation.get("parameters", [])
        if "name" in parameter  # those of all commands are referred to
    }
    code = "/industries/{industry_code}"
    assert documented == {
        *(("/industries", name) for name in IndustryFilter.__struct_fields__),
        *(("/industries", name) for name in ("limit", "cursor", "sort")),
        *((path, "industry_code") for path in (code, f"{code}/modules", f"{code}/versions")),
        *((f"{code}/versions", name) for name in ("limit", "cursor")),
    }
