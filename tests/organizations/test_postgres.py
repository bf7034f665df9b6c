from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from organizations.adapters.cached import CachedOrganizationReader
from organizations.adapters.postgres import OrganizationLabel, OrganizationStanding, PostgresOrganizationDirectory
from organizations.adapters.reading import (
    OrganizationInfo,
    OrganizationQuery,
    Place,
    PostgresOrganizationReader,
    Sort,
    page_statement,
)
from organizations.commands import RegisterOrganization, SetIndustry, SuspendOrganization, UpdateOrganization
from organizations.domain import TemplateFact
from organizations.wiring import OrganizationDecider
from shared.adapters.paging import BadCursor
from tests.organizations.conftest import World


async def names(world: World, wanted: OrganizationQuery) -> list[str]:
    """Those of all pages."""
    reader = await world.container.get(PostgresOrganizationReader)
    page = await reader.page(wanted)
    found = [item.name for item in page.items]
    while page.next_cursor is not None:
        page = await reader.page(msgspec.structs.replace(wanted, cursor=page.next_cursor))
        assert page.items
        found += [item.name for item in page.items]
    return found


async def test_a_registration_stores_the_organization_and_then_activates_its_owner(world: World) -> None:
    organization_id, owner = str(uuid4()), uuid4()
    world.fakes.waiting[owner] = "owner@example.com"
    await world.decide(
        RegisterOrganization(organization_id, "Crumbs", "bakery", owner),
        UpdateOrganization(organization_id, "Crusts"),
    )
    assert world.fakes.activated == [(owner, organization_id)]
    reader = await world.container.get(PostgresOrganizationReader)
    details = await reader.organization(organization_id)
    assert details is not None
    assert (details.name, details.industry_name, details.template_version) == ("Crusts", "Bakery", 3)
    assert (details.status, details.owner_id, details.sequence) == ("active", owner, 2)


async def test_later_changes_activate_nobody_again(world: World) -> None:
    organization_id = await world.register("Crumbs")
    await world.decide(SetIndustry(organization_id, "bakery"), SuspendOrganization(organization_id))
    assert len(world.fakes.activated) == 1
    directory = await world.container.get(PostgresOrganizationDirectory)
    async with world.database.snapshot() as transaction:
        standings = await directory.organizations(transaction, [organization_id, str(uuid4())])
    assert standings == {organization_id: OrganizationStanding("suspended", "bakery")}


async def test_the_rows_tell_the_same_as_the_heads(world: World) -> None:
    ids = [await world.register("Crumbs", "bakery"), await world.register("Crusts")]
    await world.decide(SuspendOrganization(ids[0]), SetIndustry(ids[1], "bakery"))
    decider = await world.container.get(OrganizationDecider)
    async with world.database.snapshot() as transaction:
        heads = await transaction.fetch("SELECT id, state FROM shared.streams WHERE context = 'organizations'")
        rows = await decider.write_side.restored(transaction, ids)
    assert rows == {id_: decider.write_side.shown(decider.state_decoder.decode(state)) for id_, state in heads}
    assert set(rows) == set(ids)


async def test_a_refused_registration_lets_its_owner_go_and_harms_no_other(world: World) -> None:
    loser, winner = uuid4(), uuid4()
    world.fakes.waiting.update({loser: "loser@example.com", winner: "winner@example.com"})
    outcomes = await world.decide(
        RegisterOrganization(str(uuid4()), "Loser", "comets", loser),
        RegisterOrganization(str(uuid4()), "Winner", None, winner),
    )
    assert [outcome.status for outcome in outcomes] == ["rejected", "applied"]
    assert set(world.fakes.waiting) == {winner}
    assert await names(world, OrganizationQuery(10)) == ["Winner"]


async def test_an_industry_has_its_present_name_and_the_last_one_when_it_is_gone(world: World) -> None:
    organization_id = await world.register("Crumbs", "bakery")
    reader = await world.container.get(CachedOrganizationReader)
    world.fakes.known["bakery"] = TemplateFact("active", "Bread & Cake", 3)
    cached = await reader.info(organization_id)
    assert cached is not None
    assert cached.etag.startswith('"1.')
    assert msgspec.json.decode(cached.body, type=OrganizationInfo).industry_name == "Bread & Cake"
    del world.fakes.known["bakery"]
    cached = await reader.info(organization_id)
    assert cached is not None
    assert msgspec.json.decode(cached.body, type=OrganizationInfo).industry_name == "Bakery"
    assert await reader.info(str(uuid4())) is None


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["Apple", "banana", "banana", "Cherry", "Ähre"]),
        ("-name", ["Ähre", "Cherry", "banana", "banana", "Apple"]),
        ("created_at", ["banana", "Ähre", "Cherry", "banana", "Apple"]),
        ("-created_at", ["Apple", "banana", "Cherry", "Ähre", "banana"]),
    ],
)
async def test_pages_of_one_and_of_many_tell_the_same(world: World, sort: Sort, expected: list[str]) -> None:
    for name in ("banana", "Ähre", "Cherry", "banana", "Apple"):
        await world.register(name)
    for limit in (1, 2, 5, 50):
        assert await names(world, OrganizationQuery(limit, sort=sort)) == expected


async def test_filters_narrow_the_list_together(world: World) -> None:
    await world.register("Apple")
    await world.register("apple pie", "bakery")
    suspended = await world.register("APPLE%", "bakery")
    await world.register("Pear", "bakery")
    await world.decide(SuspendOrganization(suspended))
    assert await names(world, OrganizationQuery(1, q="aPP")) == ["Apple", "apple pie", "APPLE%"]
    assert await names(world, OrganizationQuery(1, q="apple%")) == ["APPLE%"]
    assert await names(world, OrganizationQuery(1, q="a", industry_code="bakery")) == ["apple pie", "APPLE%"]
    assert await names(world, OrganizationQuery(1, q="a", status="suspended", industry_code="bakery")) == ["APPLE%"]


@pytest.mark.parametrize("sort", ["name", "-name"])
async def test_one_index_finds_a_page_of_names_without_sorting(world: World, sort: Sort) -> None:
    statement, arguments = page_statement(OrganizationQuery(50, None, sort, q="app"), Place("apple", str(uuid4())))
    async with world.database.writing() as transaction:
        await transaction.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = "\n".join(row[0] for row in await transaction.fetch("EXPLAIN " + statement, *arguments))
    assert "ix_organizations_name" in plan
    assert "Sort" not in plan
    assert "Filter" not in plan


async def test_a_cursor_is_bound_to_every_filter_and_the_order(world: World) -> None:
    for name in ("Acme", "Acme"):
        await world.register(name)
    reader = await world.container.get(PostgresOrganizationReader)
    asked = OrganizationQuery(1)
    cursor = (await reader.page(asked)).next_cursor
    assert len((await reader.page(msgspec.structs.replace(asked, cursor=cursor, limit=7))).items) == 1
    for changed in ({"sort": "-name"}, {"q": "acme"}, {"status": "active"}, {"industry_code": "bakery"}):
        with pytest.raises(BadCursor):
            await reader.page(msgspec.structs.replace(asked, cursor=cursor, **changed))


async def test_whoever_assigns_modules_keeps_the_organization_from_being_suspended(world: World) -> None:
    organization_id = await world.register("Crumbs")
    directory = await world.container.get(PostgresOrganizationDirectory)
    suspend = "SELECT FROM shared.streams WHERE context = 'organizations' AND id = $1 FOR UPDATE NOWAIT"
    async with world.database.writing() as assigning, world.database.writing() as second:
        await directory.lock(assigning, [organization_id])
        await directory.lock(second, [organization_id])
        with pytest.raises(asyncpg.LockNotAvailableError):
            await assert_locked(world, suspend, organization_id)


async def assert_locked(world: World, statement: str, organization_id: str) -> None:
    connection = await world.database.connect()
    try:
        await connection.execute(statement, organization_id)
    finally:
        await connection.close()


async def test_other_contexts_learn_names_and_suspensions(world: World) -> None:
    organization_id = await world.register("Crumbs")
    directory = await world.container.get(PostgresOrganizationDirectory)
    assert not await directory.is_suspended(UUID(organization_id))
    await world.decide(SuspendOrganization(organization_id))
    assert await directory.is_suspended(UUID(organization_id))
    assert not await directory.is_suspended(uuid4())
    async with world.database.snapshot() as transaction:
        labels = await directory.labels(transaction, {organization_id, "nobody"})
    assert labels == {organization_id: OrganizationLabel("Crumbs", "suspended")}
