"""What other contexts know of organizations: the fakes and the organizations' own tables keep the same promises."""

from typing import Any, NamedTuple
from uuid import UUID

import pytest

import bulk.ports
from assignments.commands import AssignModule
from assignments.ports import OrganizationDirectory, OrganizationLabels, OrganizationSearch, OrganizationsWithModule
from bulk.domain import OrganizationFilter
from bulk.ports import SelectedOrganizations
from industries.commands import CreateIndustry
from organizations.commands import SetIndustry, SuspendOrganization
from organizations.contract import OrganizationFact
from registry.commands import RegisterModule
from shared.lists.cursors import BadCursor
from shared.ports import OrganizationStatuses
from shared.postgres.database import PostgresDatabase
from tests.access.conftest import FakeStanding
from tests.assignments.conftest import Neighbours, World
from tests.bulk.fakes import FakeBulk
from tests.ports.conftest import Plane

ONE, TWO, THREE, UNKNOWN = (str(UUID(int=number)) for number in (1, 2, 3, 9))
NAMES = {ONE: "Acme bread", TWO: "Bread & Co", THREE: "Cakes"}


class Site(NamedTuple):
    """Three organizations: the second is a suspended bakery, and only the first two have an oven."""

    directory: OrganizationDirectory
    labels: OrganizationLabels
    holders: OrganizationsWithModule
    selected: SelectedOrganizations
    standing: OrganizationStatuses
    database: PostgresDatabase

    async def with_oven(self, **wanted: Any) -> list[str]:
        """All pages, the shortest there are."""
        search, found = OrganizationSearch(limit=1, **wanted), []
        while True:
            page, cursor = await self.holders.page("oven", search)
            found += [one.organization_id for one in page]
            if cursor is None:
                return found
            search = OrganizationSearch(limit=1, cursor=cursor, **wanted)


def fake(database: PostgresDatabase) -> Site:
    world, standing = World(), FakeStanding()
    world.organizations = {
        ONE: OrganizationFact("active"),
        TWO: OrganizationFact("suspended", "bakery"),
        THREE: OrganizationFact("active"),
    }
    world.names, world.users["oven"] = dict(NAMES), {ONE, TWO}
    standing.suspended.add(UUID(TWO))
    neighbours = Neighbours(world)
    return Site(neighbours, neighbours, neighbours, FakeBulk(list(NAMES)), standing, database)


async def real(plane: Plane) -> Site:
    await plane.decide("registry", "oven", RegisterModule("oven", "Oven", "", "Shop", "s", "/s", "1.0", {}, {}))
    await plane.decide("industries", "bakery", CreateIndustry("bakery", "Bakery", ""))
    for id_, name in NAMES.items():
        await plane.sign_up(id_, name)
    for id_ in (ONE, TWO):
        await plane.decide("assignments", id_, AssignModule(id_, "oven", "ada"))
    await plane.decide("organizations", TWO, SetIndustry(TWO, "bakery"), SuspendOrganization(TWO))
    standing = await plane.get(OrganizationStatuses)
    labels = await plane.get(OrganizationLabels)
    assert labels is await plane.get(bulk.ports.OrganizationLabels)
    return Site(
        await plane.get(OrganizationDirectory),
        labels,
        await plane.get(OrganizationsWithModule),
        await plane.get(SelectedOrganizations),
        standing,
        plane.database,
    )


@pytest.fixture
async def site(real_plane: Plane | None, database: PostgresDatabase) -> Site:
    return await real(real_plane) if real_plane else fake(database)


async def test_an_organizations_fact_is_its_status_and_industry_and_unknown_ones_have_none(site: Site) -> None:
    asked = sorted([ONE, TWO, UNKNOWN])
    async with site.database.writing() as transaction:
        await site.directory.lock(transaction, asked)
        assert await site.directory.organizations(transaction, asked) == {
            ONE: OrganizationFact("active"),
            TWO: OrganizationFact("suspended", "bakery"),
        }


async def test_organizations_are_shown_by_name(site: Site) -> None:
    async with site.database.snapshot() as transaction:
        labels = await site.labels.labels(transaction, [ONE, TWO, UNKNOWN])
    assert {id_: (label.name, label.status) for id_, label in labels.items()} == {
        ONE: ("Acme bread", "active"),
        TWO: ("Bread & Co", "suspended"),
    }


async def test_only_people_of_a_suspended_organization_stay_outside(site: Site) -> None:
    asked = (ONE, TWO, UNKNOWN)
    assert [await site.standing.is_suspended(UUID(id_)) for id_ in asked] == [False, True, False]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [ONE, TWO]),
        ({"sort": "-name"}, [TWO, ONE]),
        ({"sort": "-created_at"}, [TWO, ONE]),
        ({"q": "bread"}, [TWO, ONE]),
        ({"q": "bread", "sort": "-name"}, [TWO, ONE]),
        ({"q": "bread", "sort": "created_at"}, [ONE, TWO]),
        ({"q": "bre ac"}, [ONE]),
        ({"q": "read"}, []),
        ({"q": TWO}, [TWO]),
        ({"status": "active"}, [ONE]),
        ({"status": "suspended"}, [TWO]),
        ({"industry_code": "bakery"}, [TWO]),
        ({"industry_code": "mill"}, []),
    ],
)
async def test_who_has_a_module_is_found_by_what_is_asked(
    site: Site, wanted: dict[str, Any], expected: list[str]
) -> None:
    assert await site.with_oven(**wanted) == expected


async def test_a_cursor_of_another_question_is_refused(site: Site) -> None:
    _, cursor = await site.holders.page("oven", OrganizationSearch(limit=1))
    assert cursor is not None
    for wanted in (OrganizationSearch(limit=1, cursor=cursor, q="bread"), OrganizationSearch(limit=1, cursor="x")):
        with pytest.raises(BadCursor):
            await site.holders.page("oven", wanted)


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
async def test_a_bulk_operation_selects_everybody_once_page_by_page(site: Site, limit: int) -> None:
    ids, cursor = await site.selected.page(OrganizationFilter(), None, limit)
    found = list(ids)
    while cursor is not None:
        ids, cursor = await site.selected.page(OrganizationFilter(), cursor, limit)
        found += ids
    assert found == [ONE, TWO, THREE]
