"""Which templates contain a module, as a super admin is told before it is deleted or deactivated."""

import pytest

from industries.adapters.lists import PostgresModuleMemberships
from industries.commands import CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.events import TemplateModule
from industries.views import ModuleIndustry
from shared.postgres.database import PostgresDatabase
from tests.fakes import CURSORS
from tests.industries.conftest import Decide, FakeRegistry

HOT = TemplateModule("oven", is_required=True, default_config={"degrees": 200})
OPTIONAL = TemplateModule("oven", is_required=False, default_config={})
TILL = TemplateModule("till", is_required=True, default_config={})


@pytest.fixture
def templates(database: PostgresDatabase, registry: FakeRegistry) -> PostgresModuleMemberships:
    return PostgresModuleMemberships(database, registry, CURSORS)


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


async def test_those_that_require_a_module_come_first_and_all_are_counted(templates: PostgresModuleMemberships) -> None:
    codes: list[str] = []
    cursor: str | None = None
    for _ in range(2):
        found = await templates.page("oven", 2, cursor)
        assert found is not None
        assert (found.count, found.required_count) == (4, 2)
        codes += [one.industry_code for one in found.items]
        cursor = found.next_cursor
    assert cursor is None
    assert codes == ["pizzeria", "potter", "bakery", "cafe"]


async def test_each_says_what_it_gives_the_module(templates: PostgresModuleMemberships) -> None:
    first = await templates.page("oven", 1, None)
    assert first is not None
    found = await templates.page("oven", 1, first.next_cursor)
    assert found is not None
    assert found.items == [
        ModuleIndustry(
            "potter", "Potter", is_active=False, version=1, is_required=True, default_config={"degrees": 200}
        )
    ]


async def test_a_module_that_is_in_no_template_is_told_apart_from_one_that_is_not_there(
    templates: PostgresModuleMemberships, registry: FakeRegistry
) -> None:
    found = await templates.page("flour", 9, None)
    assert found is not None
    assert (found.items, found.count, found.required_count) == ([], 0, 0)
    assert await templates.page("unknown", 9, None) is None
    registry.status["oven"] = "deleted"
    assert await templates.page("oven", 9, None) is None
