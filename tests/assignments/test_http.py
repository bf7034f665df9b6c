"""Assignments over HTTP, down to the rows."""

from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from dishka import Provider, Scope, make_async_container
from dishka.integrations.litestar import DishkaRouter, setup_dishka
from litestar import Litestar
from litestar.middleware import DefineMiddleware

from assignments.commands import ApplyIndustryTemplate
from assignments.wiring import CONTEXT, AssignmentsDecider, AssignmentsProvider
from industries.events import TemplateModule
from organizations.contract import OrganizationFact
from shared.commands.bus import CommandBus, OutcomeWaiter
from shared.commands.conflict_details import ConflictDetails
from shared.commands.dry_run import DryRunner
from shared.commands.envelopes import CommandEnvelopes
from shared.commands.http import CommandSender
from shared.commands.postgres import PostgresCommandStore
from shared.commands.processor import CommandProcessor
from shared.http.authentication import Authentication
from shared.http.bodies import strict_body
from shared.http.problems import EXCEPTION_HANDLERS
from shared.ports import Authenticator, Clock
from shared.postgres.database import PostgresDatabase
from tests.assignments.conftest import Carry, Neighbours, World, neighbours_of
from tests.fakes import FakeKafka, FreshIds, NoHistory, RolesAsTokens

ORG, OTHER = str(UUID(int=1)), str(UUID(int=2))
ADMIN = {"Authorization": "Bearer super_admin"}
OWNER = {"Authorization": "Bearer organization_admin"}


@pytest.fixture(autouse=True)
def bakeries(world: World) -> None:
    world.organizations |= {ORG: OrganizationFact("active"), OTHER: OrganizationFact("active", "florist")}
    for module_id in ("flour", "ovens", "till"):
        world.add_module(module_id, module_id.title(), heat=180)
    world.publish("bakery", TemplateModule("ovens", True), TemplateModule("flour", False))


def sender_of(
    decider: AssignmentsDecider, neighbours: Neighbours, database: PostgresDatabase, clock: Clock
) -> CommandSender:
    command_store = PostgresCommandStore(database, "test")
    waiter = OutcomeWaiter(command_store, neighbours)
    processor = CommandProcessor(decider, database, command_store, neighbours, waiter, clock)
    bus = CommandBus(FakeKafka(there=False), {"assignments": processor}, waiter, command_store)
    previews = DryRunner([decider], database, command_store, clock)
    details, ids = ConflictDetails(NoHistory(), NoHistory()), FreshIds()
    return CommandSender(bus, previews, details, CommandEnvelopes(clock, ids), ids)


@pytest.fixture
async def client(world: World, database: PostgresDatabase) -> AsyncIterator[httpx.AsyncClient]:
    http = Provider(scope=Scope.APP)
    http.provide(lambda: RolesAsTokens(ORG), provides=Authenticator)
    http.provide(sender_of)
    container = make_async_container(AssignmentsProvider(), neighbours_of(world, database), http)
    application = Litestar(
        [DishkaRouter("/", route_handlers=list(CONTEXT.controllers))],
        middleware=[DefineMiddleware(Authentication, container=container)],
        exception_handlers=cast(Any, EXCEPTION_HANDLERS),
        before_request=strict_body,
    )
    setup_dishka(container, application)
    transport = httpx.ASGITransport(cast(Any, application))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=ADMIN) as client:
        yield client
    await container.close()


async def test_assigning_is_seen_in_the_organizations_list_with_the_callers_name(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/modules/assign/{ORG}", json={"module_id": "ovens", "config": {"heat": 250}})
    assert (answer.status_code, answer.json()["assigned"]) == (200, ["ovens"])
    listed = await client.get(f"/organizations/{ORG}/modules", headers=OWNER)
    (item,) = listed.json()["items"]
    assert (item["config"], item["sources"][0]["by"]) == ({"heat": 250}, "ada")
    assert listed.headers["etag"].strip('"').partition(".")[0] == answer.headers["etag"].strip('"') == "1"


async def test_a_patch_merges_and_one_meant_for_an_older_state_is_refused(client: httpx.AsyncClient) -> None:
    await client.post(f"/modules/bulk-assign/{ORG}", json={"module_ids": ["ovens", "till"]})
    path = f"/organizations/{ORG}/modules/ovens"
    first = await client.patch(path, json={"heat": 90, "fan": True}, headers=OWNER | {"If-Match": '"1.aa"'})
    assert first.json()["config"] == {"heat": 90, "fan": True}
    late = await client.patch(path, json={"heat": 1}, headers={"If-Match": '"1.aa"'})
    unawaited = await client.patch(path, json={"heat": 1}, headers={"Prefer": "respond-async"})
    assert [late.status_code, unawaited.status_code] == [412, 428]
    assert (await client.patch(path, json={"heat": None})).json()["config"] == {"fan": True}
    assert (await client.patch(path, json=["heat"])).status_code == 400


async def test_applying_a_template_gives_an_organization_without_one_its_industry(
    client: httpx.AsyncClient, world: World
) -> None:
    for organization_id in (ORG, OTHER):
        body = {"industry_code": "bakery"}
        answer = await client.post(f"/modules/apply-industry/{organization_id}", json=body)
        assert answer.json()["assigned"] == ["ovens", "flour"]
    ((organization_id, code, event_id, user_id),) = world.industries_set
    assert (organization_id, code, user_id) == (ORG, "bakery", "ada")
    assert isinstance(event_id, UUID)


async def test_a_required_module_goes_only_by_force(client: httpx.AsyncClient, carry_out: Carry) -> None:
    await carry_out(ApplyIndustryTemplate(ORG, "bakery"))
    refused = await client.post(f"/modules/unassign/{ORG}/ovens")
    forced = await client.post(f"/modules/unassign/{ORG}/ovens?force=true")
    assert (refused.status_code, refused.json()["industries"]) == (409, ["bakery"])
    assert (forced.status_code, forced.json()["removed"]) == (200, ["ovens"])


async def test_pages_lead_through_all_who_have_a_module_or_a_template(
    client: httpx.AsyncClient, carry_out: Carry
) -> None:
    await carry_out(ApplyIndustryTemplate(ORG, "bakery"), ApplyIndustryTemplate(OTHER, "bakery"))
    for path in ("/module-registry/ovens/organizations", "/industries/bakery/organizations"):
        first = (await client.get(path, params={"limit": 1})).json()
        last = (await client.get(path, params={"limit": 1, "cursor": first["next_cursor"]})).json()
        assert [page["items"][0]["organization_id"] for page in (first, last)] == [ORG, OTHER]
        assert last["next_cursor"] is None
        bad = [await client.get(path, params=params) for params in ({"cursor": "e30"}, {"limit": 201}, {"limit": 0})]
        assert [answer.status_code for answer in bad] == [400, 400, 400]
    assert (await client.get("/module-registry/ovens/adoption")).json()["organizations"] == 0


async def test_who_has_a_template_is_told_by_version_and_whether_it_is_the_current_one(
    client: httpx.AsyncClient, world: World, carry_out: Carry
) -> None:
    world.publish("bakery", TemplateModule("ovens", True))
    await carry_out(ApplyIndustryTemplate(ORG, "bakery", 1), ApplyIndustryTemplate(OTHER, "bakery", 2))

    async def having(version: str) -> list[str]:
        answer = await client.get("/industries/bakery/organizations", params={"version": version})
        return [item["organization_id"] for item in answer.json()["items"]]

    asked = ("1", "2", "3", "current", "older")
    assert [await having(version) for version in asked] == [[ORG], [OTHER], [], [OTHER], [ORG]]
    pages = await client.get("/industries/bakery/organizations", params={"limit": 1})
    foreign = {"version": "older", "cursor": pages.json()["next_cursor"]}
    for params in (foreign, {"version": "0"}, {"version": "newest"}):
        assert (await client.get("/industries/bakery/organizations", params=params)).status_code == 400


async def test_who_lost_the_module_while_the_page_was_made_is_not_on_it(
    client: httpx.AsyncClient, carry_out: Carry
) -> None:
    await carry_out(ApplyIndustryTemplate(OTHER, "bakery"))
    page = (await client.get("/module-registry/ovens/organizations")).json()
    assert [item["organization_id"] for item in page["items"]] == [OTHER]
    assert (page["count"], page["next_cursor"]) == (1, None)
    suspended = await client.get("/module-registry/ovens/organizations", params={"status": "suspended"})
    assert (suspended.json()["items"], suspended.json()["count"]) == ([], 1)


@pytest.mark.parametrize(
    "path",
    [
        f"/organizations/{UUID(int=9)}/modules",
        "/organizations/nonsense/modules",
        "/module-registry/anvils/adoption",
        "/module-registry/a%00b/organizations",
        "/industries/smithy/organizations",
    ],
)
async def test_what_a_path_names_and_nobody_knows_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_an_owner_reads_and_configures_the_own_organization_alone(client: httpx.AsyncClient) -> None:
    answers = [
        await client.get(f"/organizations/{OTHER}/modules", headers=OWNER),
        await client.patch(f"/organizations/{OTHER}/modules/ovens", json={}, headers=OWNER),
        await client.post(f"/modules/assign/{ORG}", json={"module_id": "ovens"}, headers=OWNER),
        await client.get("/module-registry/ovens/organizations", headers=OWNER),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403, 403]
