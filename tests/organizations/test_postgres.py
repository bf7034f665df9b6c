from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from industries.contract import IndustryFact
from organizations.adapters.cached import CachedOrganizationReader
from organizations.adapters.lists import OrganizationFilter, PostgresOrganizationList
from organizations.adapters.queries import (
    OrganizationInfo,
    PostgresOrganizationDirectory,
    PostgresOrganizationReader,
)
from organizations.commands import RegisterOrganization, SetIndustry, SuspendOrganization, UpdateOrganization
from organizations.contract import OrganizationFact, OrganizationLabel
from organizations.wiring import OrganizationDecider
from shared.lists.lister import ListParams
from tests.organizations.conftest import World


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
    assert standings == {organization_id: OrganizationFact("suspended", "bakery")}


async def test_the_rows_tell_the_same_as_the_heads(world: World) -> None:
    ids = [await world.register("Crumbs", "bakery"), await world.register("Crusts")]
    await world.decide(SuspendOrganization(ids[0]), SetIndustry(ids[1], "bakery"))
    decider = await world.container.get(OrganizationDecider)
    async with world.database.snapshot() as transaction:
        heads = await transaction.fetch("SELECT id, state FROM shared.streams WHERE context = 'organizations'")
        rows = await decider.write_side.read_back(transaction, ids)
    assert rows == {id_: decider.write_side.comparable(decider.state_decoder.decode(state)) for id_, state in heads}
    assert set(rows) == set(ids)


async def test_a_refused_registration_lets_its_owner_go_and_harms_no_other(world: World) -> None:
    loser, winner = uuid4(), uuid4()
    world.fakes.waiting.update({loser: "loser@example.com", winner: "winner@example.com"})
    outcomes = await world.decide(
        RegisterOrganization(str(uuid4()), "Loser", "comets", loser),
        RegisterOrganization(str(uuid4()), "Winner", None, winner),
    )
    assert [outcome.status for outcome in outcomes] == ["rejected", "applied"]
    assert (world.fakes.waiting, set(world.fakes.users)) == ({}, {winner})
    listed = await world.container.get(PostgresOrganizationList)
    assert [item.name for item in (await listed.page(ListParams(OrganizationFilter(), 10))).items] == ["Winner"]


async def test_an_industry_has_its_present_name_and_the_last_one_when_it_is_gone(world: World) -> None:
    organization_id = await world.register("Crumbs", "bakery")
    reader = await world.container.get(CachedOrganizationReader)
    world.fakes.known["bakery"] = IndustryFact("active", "Bread & Cake", 3)
    cached = await reader.info(organization_id)
    assert cached is not None
    assert cached.etag.startswith('"1.')
    assert msgspec.json.decode(cached.body, type=OrganizationInfo).industry_name == "Bread & Cake"
    del world.fakes.known["bakery"]
    cached = await reader.info(organization_id)
    assert cached is not None
    assert msgspec.json.decode(cached.body, type=OrganizationInfo).industry_name == "Bakery"
    assert await reader.info(str(uuid4())) is None


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
