from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from dishka import AsyncContainer
from msgspec.structs import replace

from assignments.adapters.usage import (
    USAGE_DAYS,
    AdoptionChange,
    IndustryUsage,
    PostgresAdoption,
    PostgresUsageReader,
)
from assignments.commands import ApplyIndustryTemplate, AssignModule, BulkAssignModules
from industries.events import TemplateModule
from organizations.contract import OrganizationFact
from tests.assignments.conftest import Carry, World
from tests.assignments.test_kafka import NOW

ORGANIZATIONS = [str(UUID(int=number)) for number in range(1, 5)]


@pytest.fixture
async def usage(context: AsyncContainer) -> PostgresUsageReader:
    return await context.get(PostgresUsageReader)


def moved(number: int, when: datetime, came: list[str], went: list[str] | None = None) -> AdoptionChange:
    return AdoptionChange(UUID(int=number), when.date(), came, went or [])


async def test_modules_are_told_with_all_who_have_them_and_thirty_days(
    context: AsyncContainer, usage: PostgresUsageReader
) -> None:
    adoption = await context.get(PostgresAdoption)
    first, last = NOW - timedelta(days=USAGE_DAYS - 1), NOW
    await adoption.count(
        [
            moved(1, NOW - timedelta(days=400), ["ovens", "till"]),
            moved(2, first - timedelta(days=1), ["ovens"]),
            moved(3, first, ["ovens"]),
            moved(4, last, ["ovens"], ["till"]),
            moved(5, last, ["ovens"]),
            moved(6, NOW + timedelta(days=1), ["ovens"]),
        ]
    )
    found = await usage.modules()
    assert found.since == first.date()
    ovens, till = found.items
    quiet = [0] * (USAGE_DAYS - 2)
    assert (ovens.module_id, ovens.organizations, ovens.assigned) == ("ovens", 6, [1, *quiet, 2])
    assert set(ovens.unassigned) == {0}
    assert (till.module_id, till.organizations, till.unassigned) == ("till", 0, [0, *quiet, 1])
    assert (len(till.assigned), set(till.assigned)) == (USAGE_DAYS, {0})


async def test_nothing_was_ever_assigned_and_no_template_is_there(usage: PostgresUsageReader) -> None:
    assert list((await usage.modules()).items) == []
    assert list((await usage.industries()).items) == []


async def test_templates_are_told_with_who_is_on_the_current_version_and_who_is_not(
    usage: PostgresUsageReader, world: World, carry_out: Carry
) -> None:
    for organization_id in ORGANIZATIONS:
        world.organizations[organization_id] = OrganizationFact("active", "bakery")
    world.add_module("ovens", "Ovens")
    for code in ("bakery", "bakery", "bakery", "florist", "smithy"):
        world.publish(code, TemplateModule("ovens", True))
    one, two, three, four = ORGANIZATIONS
    await carry_out(
        ApplyIndustryTemplate(one, "bakery", 1),
        ApplyIndustryTemplate(two, "bakery", 2),
        ApplyIndustryTemplate(three, "bakery"),
        ApplyIndustryTemplate(four, "smithy"),
    )
    world.templates["smithy"] = replace(world.templates["smithy"], status="deleted")
    assert list((await usage.industries()).items) == [
        IndustryUsage("bakery", 3, on_current=1, on_older=2),
        IndustryUsage("florist", 1, on_current=0, on_older=0),
    ]


@pytest.mark.parametrize(
    ("command", "is_stale"),
    [
        (lambda id_: ApplyIndustryTemplate(id_, "bakery"), True),
        (lambda id_: BulkAssignModules(id_, ["ovens"], "ada", industry_code="bakery"), True),
        (lambda id_: AssignModule(id_, "ovens", "ada"), False),
    ],
)
async def test_whatever_changes_who_has_a_template_makes_its_usage_stale(
    usage: PostgresUsageReader, world: World, carry_out: Carry, command: Callable[[str], Any], is_stale: bool
) -> None:
    world.organizations[ORGANIZATIONS[0]] = OrganizationFact("active")
    world.add_module("ovens", "Ovens")
    world.publish("bakery", TemplateModule("ovens", True))
    (outcome,) = await carry_out(command(ORGANIZATIONS[0]))
    assert outcome.status == "applied"
    (bakery,) = (await usage.industries()).items
    assert bakery.on_current == is_stale
    assert ({"gen:industries:usage", "industries:usage"} <= set(world.stale)) == is_stale
