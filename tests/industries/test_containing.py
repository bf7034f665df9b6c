"""Which templates contain a module, as a super admin is told before it is deleted or deactivated."""

import pytest

from industries.adapters.containing import ModuleIndustry, Place, TemplatesOfModules, place_of
from industries.commands import CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.events import TemplateModule
from shared.postgres.database import PostgresDatabase
from tests.industries.conftest import Decide, FakeRegistry

HOT = TemplateModule("oven", is_required=True, default_config={"degrees": 200})
OPTIONAL = TemplateModule("oven", is_required=False, default_config={})
TILL = TemplateModule("till", is_required=True, default_config={})


@pytest.fixture
def templates(database: PostgresDatabase, registry: FakeRegistry) -> TemplatesOfModules:
    return TemplatesOfModules(database, registry)


@pytest.fixture(autouse=True)
async def industries(decide_batch: Decide) -> None:
    await decide_batch(
        CreateIndustry("bakery", "Bakery", "", modules=[OPTIONAL, TILL]),
        CreateIndustry("cafe", "Café", "", modules=[OPTIONAL]),
        CreateIndustry("pizzeria", "Pizzeria", "", modules=[HOT]),
        CreateIndustry("potter", "Potter", "", modules=[HOT], is_active=False),
        CreateIndustry("kiosk", "Kiosk", "", modules=[HOT]),
        UpdateIndustry("kiosk", modules=[TILL]),
        CreateIndustry("gone", "Gone", "", modules=[HOT]),
        DeleteIndustry("gone"),
    )


async def test_those_that_require_a_module_come_first_and_all_are_counted(templates: TemplatesOfModules) -> None:
    codes: list[str] = []
    after: Place = (False, "")
    for _ in range(3):
        found = await templates.containing("oven", after, 2)
        assert found is not None
        assert (found.count, found.required_count) == (4, 2)
        codes += [one.industry_code for one in found.items]
        after = place_of(found.items[-1]) if found.items else after
    assert codes == ["pizzeria", "potter", "bakery", "cafe"]


async def test_each_says_what_it_gives_the_module(templates: TemplatesOfModules) -> None:
    found = await templates.containing("oven", (False, "pizzeria"), 1)
    assert found is not None
    assert found.items == [
        ModuleIndustry(
            "potter", "Potter", is_active=False, version=1, is_required=True, default_config={"degrees": 200}
        )
    ]


async def test_a_module_that_is_in_no_template_is_told_apart_from_one_that_is_not_there(
    templates: TemplatesOfModules, registry: FakeRegistry
) -> None:
    found = await templates.containing("flour", (False, ""), 9)
    assert found is not None
    assert (found.items, found.count, found.required_count) == ([], 0, 0)
    assert await templates.containing("unknown", (False, ""), 9) is None
    registry.status["oven"] = "deleted"
    assert await templates.containing("oven", (False, ""), 9) is None
