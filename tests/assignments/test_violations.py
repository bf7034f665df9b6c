"""Whose configs do not fit a schema: found completely, page by page, in bounded time."""

from typing import Any
from uuid import UUID

import pytest
from dishka import AsyncContainer

from assignments.adapters import violations
from assignments.adapters.violations import LINK, ConfigViolations, Violations
from assignments.commands import ApplyIndustryTemplate, AssignModule
from industries.events import TemplateModule
from organizations.contract import OrganizationFact
from registry.contract import ConfigImpact
from shared.errors import FieldError
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema
from shared.postgres.database import PostgresDatabase
from tests.assignments.conftest import Carry, World

LANES = JsonSchema({"properties": {"lanes": {"maximum": 5}}, "required": ["currency"]})
LINK_OF_TILL = LINK.format(module_id="till")
RULES = ConfigRules({"currency": "EUR"}, LANES)


def organization(number: int) -> str:
    return str(UUID(int=number))


@pytest.fixture(autouse=True)
def tills(world: World) -> None:
    for number in range(1, 30):
        world.organizations[organization(number)] = OrganizationFact("active", "bakery")
    world.add_module("till", "Till", currency="EUR")
    world.add_module("flour", "Flour")


@pytest.fixture
async def reader(context: AsyncContainer) -> ConfigViolations:
    return await context.get(ConfigViolations)


async def assigned(carry_out: Carry, numbers: range, **config: Any) -> None:
    await carry_out(*[AssignModule(organization(number), "till", "ada", config) for number in numbers])


async def all_of(reader: ConfigViolations, limit: int) -> tuple[list[str], list[Violations]]:
    """The violators of all pages, and the pages."""
    pages: list[Violations] = []
    after: str | None = ""
    while after is not None:
        page = await reader.violations("till", after, limit)
        assert page is not None
        pages.append(page)
        after = page.reached
    return [one.organization_id for page in pages for one in page.organizations], pages


@pytest.mark.parametrize("rows", [1, 3, 7, 500])
@pytest.mark.parametrize("limit", [1, 4, 50])
async def test_pages_have_every_violator_once_however_they_are_cut(
    carry_out: Carry, world: World, reader: ConfigViolations, monkeypatch: pytest.MonkeyPatch, rows: int, limit: int
) -> None:
    monkeypatch.setattr(violations, "ROWS", rows)
    await assigned(carry_out, range(1, 8))
    await assigned(carry_out, range(8, 15), lanes=9)
    await assigned(carry_out, range(15, 21), lanes=5)
    await assigned(carry_out, range(21, 22), lanes=6)
    world.rules["till"] = RULES
    found, pages = await all_of(reader, limit)
    assert found == [organization(number) for number in (*range(8, 15), 21)]
    assert all(len(page.organizations) <= limit for page in pages)
    first = next(page for page in pages if page.organizations).organizations[0]
    assert (first.name, first.status) == ("Bakery 8", "active")
    assert first.errors == [FieldError("/lanes", "the value is greater than the maximum of 5")]
    assert await reader.count("till", RULES) == ConfigImpact(8, False, [], LINK_OF_TILL)


async def test_what_templates_give_counts_in_the_order_they_were_applied(
    carry_out: Carry, world: World, reader: ConfigViolations
) -> None:
    world.publish("bakery", TemplateModule("till", True, {"lanes": 9}))
    world.publish("florist", TemplateModule("till", True, {"lanes": 1}), TemplateModule("flour", False))
    one, other, third = map(organization, (1, 2, 3))
    await carry_out(ApplyIndustryTemplate(one, "bakery"), ApplyIndustryTemplate(one, "florist"))
    await carry_out(ApplyIndustryTemplate(other, "florist"), ApplyIndustryTemplate(other, "bakery"))
    await carry_out(ApplyIndustryTemplate(third, "bakery"))
    world.publish("bakery", TemplateModule("till", True, {"lanes": 2}))
    world.rules["till"] = RULES
    found, (page,) = await all_of(reader, 50)
    assert found == [other, third]
    assert page.templates == []
    world.publish("cafe", TemplateModule("till", False, {"lanes": 7}))
    (again,) = (await all_of(reader, 50))[1]
    assert [(one.industry_code, one.version, one.is_required) for one in again.templates] == [("cafe", 1, False)]
    assert (await reader.count("till", RULES)).violating_templates == ["cafe"]


async def test_a_schema_that_is_not_there_yet_can_be_asked_for(
    carry_out: Carry, reader: ConfigViolations, database: PostgresDatabase
) -> None:
    await assigned(carry_out, range(1, 4), lanes=9)
    assert (await all_of(reader, 50))[0] == []
    strict = ConfigRules({}, JsonSchema({"required": ["colour"]}))
    async with database.snapshot() as transaction:
        assert (await reader.count("till", strict, transaction)).violating_organizations == 3
        assert (await reader.count("till", RULES, transaction)).violating_organizations == 3
    assert (await reader.count("flour", strict)).violating_organizations == 0


async def test_counting_ends_in_time_and_says_that_there_may_be_more(
    carry_out: Carry, world: World, reader: ConfigViolations, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ROWS", 4), ("COUNT_SECONDS", 0.0), ("PAGE_SECONDS", 0.0)):
        monkeypatch.setattr(violations, name, value)
    await assigned(carry_out, range(1, 11), lanes=9)
    assert await reader.count("till", RULES) == ConfigImpact(4, True, [], LINK_OF_TILL)
    world.rules["till"] = RULES
    found, pages = await all_of(reader, 50)
    assert found == [organization(number) for number in range(1, 11)]
    assert [len(page.organizations) for page in pages] == [4, 4, 2]


async def test_equal_configs_are_judged_once(
    carry_out: Carry, reader: ConfigViolations, monkeypatch: pytest.MonkeyPatch
) -> None:
    await assigned(carry_out, range(1, 21), lanes=9)
    judged = []

    class Watched(JsonSchema):
        def errors(self, value: Any, *, complete: bool = True) -> Any:
            judged.append(value)
            return super().errors(value, complete=complete)

    rules = ConfigRules({}, Watched(LANES.document))
    assert (await reader.count("till", rules)).violating_organizations == 20
    assert len(judged) == 1
    monkeypatch.setattr(violations, "CACHED", 1)
    await assigned(carry_out, range(21, 25), lanes=8)
    assert (await reader.count("till", rules)).violating_organizations == 24


async def test_of_a_module_that_is_not_there_nothing_is_told(world: World, reader: ConfigViolations) -> None:
    world.add_module("till", "Till", status="deleted")
    assert await reader.violations("till", "", 5) is None
    assert await reader.violations("unknown", "", 5) is None
    assert await reader.violations("flour", "", 5) == Violations([], [], None)
