"""What other contexts know of industry templates: the fakes and the industries keep the same promises."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from assignments.ports import CurrentVersions, TemplateCatalog, TemplatesWithModule
from industries.commands import CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.contract import IndustryFact
from industries.events import TemplateModule
from organizations.ports import IndustryNames, IndustryTemplates
from registry.commands import DeactivateModule, RegisterModule
from shared.postgres.database import PostgresDatabase
from tests.assignments.conftest import Neighbours, World
from tests.organizations.conftest import Fakes
from tests.ports.conftest import Plane

OVEN, TILL = TemplateModule("oven", True, {"heat": 200}), TemplateModule("till", False)
CODES = ("bakery", "cafe", "mill", "never")


class Site(NamedTuple):
    """A bakery in its second version, whose first held the oven alone; an inactive café; a mill that was deleted."""

    catalog: TemplateCatalog
    versions: CurrentVersions
    containing: TemplatesWithModule
    choosable: IndustryTemplates
    called: IndustryNames
    database: PostgresDatabase

    async def templates(self, asked: Mapping[str, Sequence[int]]) -> Mapping[str, Any]:
        async with self.database.snapshot() as transaction:
            return await self.catalog.templates(transaction, asked)

    async def with_module(self, module_id: str) -> list[tuple[Any, ...]]:
        async with self.database.snapshot() as transaction:
            found = await self.containing.with_module(transaction, module_id)
        return [(one.industry_code, one.version, one.is_required, one.default_config) for one in found]


def fake() -> tuple[Neighbours, Fakes]:
    world = World()
    world.publish("bakery", OVEN)
    world.publish("bakery", OVEN, TILL)
    world.publish("cafe", OVEN, status="inactive")
    world.publish("mill", TILL, status="deleted")
    fakes = Fakes()
    fakes.known = {
        "bakery": IndustryFact("active", "Bakery", 2),
        "cafe": IndustryFact("inactive", "Cafe", 1),
        "mill": IndustryFact("deleted", "Mill", 1, {"oven": "inactive"}),
    }
    return Neighbours(world), fakes


async def real(plane: Plane) -> None:
    for module_id in ("oven", "till"):
        command = RegisterModule(module_id, module_id.title(), "", "Shop", "s", "/s", "1.0", {}, {})
        await plane.decide("registry", module_id, command)
    await plane.decide(
        "industries",
        "bakery",
        CreateIndustry("bakery", "Bakery", "", modules=[OVEN]),
        UpdateIndustry("bakery", modules=[OVEN, TILL]),
    )
    await plane.decide("industries", "cafe", CreateIndustry("cafe", "Cafe", "", is_active=False, modules=[OVEN]))
    await plane.decide("industries", "mill", CreateIndustry("mill", "Mill", "", modules=[TILL]))
    await plane.decide("industries", "mill", DeleteIndustry("mill"))


@pytest.fixture
async def site(real_plane: Plane | None, database: PostgresDatabase) -> Site:
    if real_plane is None:
        neighbours, fakes = fake()
        return Site(neighbours, neighbours, neighbours, fakes, fakes, database)
    await real(real_plane)
    return Site(
        await real_plane.get(TemplateCatalog),
        await real_plane.get(CurrentVersions),
        await real_plane.get(TemplatesWithModule),
        await real_plane.get(IndustryTemplates),
        await real_plane.get(IndustryNames),
        database,
    )


async def test_a_template_tells_its_current_version_and_those_asked_for(site: Site) -> None:
    found = await site.templates({"bakery": [1, 9], "cafe": [], "mill": [1], "never": [1]})
    assert {code: (template.status, template.version) for code, template in found.items()} == {
        "bakery": ("active", 2),
        "cafe": ("inactive", 1),
        "mill": ("deleted", 1),
    }
    assert {code: {n: list(v) for n, v in template.versions.items()} for code, template in found.items()} == {
        "bakery": {1: [OVEN], 2: [OVEN, TILL]},
        "cafe": {1: [OVEN]},
        "mill": {1: [TILL]},
    }


async def test_only_living_templates_have_a_current_version(site: Site) -> None:
    async with site.database.snapshot() as transaction:
        assert await site.versions.current(transaction) == {"bakery": 2, "cafe": 1}


async def test_living_templates_that_contain_a_module_are_told_with_what_they_give_it(site: Site) -> None:
    assert await site.with_module("oven") == [("bakery", 2, True, {"heat": 200}), ("cafe", 1, True, {"heat": 200})]
    assert await site.with_module("till") == [("bakery", 2, False, {})]
    assert await site.with_module("never") == []


async def test_those_who_sign_up_are_told_of_every_template_there_ever_was(site: Site) -> None:
    async with site.database.snapshot() as transaction:
        found = await site.choosable.industries(transaction, CODES)
    assert {code: (fact.status, fact.industry_name, fact.version) for code, fact in found.items()} == {
        "bakery": ("active", "Bakery", 2),
        "cafe": ("inactive", "Cafe", 1),
        "mill": ("deleted", "Mill", 1),
    }


async def test_only_living_templates_have_a_name(site: Site) -> None:
    async with site.database.snapshot() as transaction:
        assert await site.called.names(transaction, CODES) == {"bakery": "Bakery", "cafe": "Cafe"}


async def test_a_required_module_that_cannot_be_assigned_blocks_its_template(
    site: Site, real_plane: Plane | None
) -> None:
    if isinstance(site.choosable, Fakes):
        site.choosable.known["bakery"] = IndustryFact("active", "Bakery", 2, {"oven": "inactive"})
    if real_plane is not None:
        await real_plane.decide("registry", "oven", DeactivateModule("oven"))
    async with site.database.snapshot() as transaction:
        found = await site.choosable.industries(transaction, ["bakery"])
    assert found["bakery"].blocked_by == {"oven": "inactive"}
