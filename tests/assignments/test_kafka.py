"""What assignments do with events."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from dishka import AsyncContainer

from assignments.adapters.kafka import AssignmentSubscribers, adoption_change
from assignments.adapters.usage import AdoptionDay, PostgresUsageReader, by_module_and_day
from assignments.commands import ApplyIndustryTemplate
from assignments.events import ModuleAssignedEvent, ModuleChange, ModulesBulkAssignedEvent, ModuleUnassignedEvent
from organizations.events import OrganizationRegisteredEvent
from shared.messages import Event, EventEnvelope, derived_operation_id
from tests.assignments.conftest import World

ORG = str(UUID(int=1))
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def modules(world: World) -> None:
    for module_id in ("ovens", "till"):
        world.add_module(module_id, module_id.title())


@pytest.fixture
async def subscribers(context: AsyncContainer) -> AssignmentSubscribers:
    return await context.get(AssignmentSubscribers)


def envelope(event: Event, occurred_at: datetime = NOW) -> EventEnvelope:
    return EventEnvelope(
        event_id=uuid4(),
        type=event.topic,
        occurred_at=occurred_at,
        stream=f"assignments:{ORG}",
        sequence=1,
        organization_id=ORG,
        module_id=None,
        user_id="ada",
        operation_id=uuid4(),
        reason=None,
        payload=msgspec.Raw(msgspec.json.encode(event)),
    )


def change(module_id: str, kind: Any) -> ModuleChange:
    return ModuleChange(module_id, {"heat": 250}, (), kind)


def assigned(module_id: str, kind: str = "added") -> ModuleAssignedEvent:
    return ModuleAssignedEvent(ORG, module_id, [change(module_id, kind)])


async def adoption(context: AsyncContainer, module_id: str) -> tuple[int, Sequence[AdoptionDay]]:
    found = await (await context.get(PostgresUsageReader)).adoption(module_id)
    assert found is not None
    return found.organizations, found.days


async def test_what_comes_and_goes_is_counted_on_its_day(
    subscribers: AssignmentSubscribers, context: AsyncContainer, world: World
) -> None:
    yesterday = NOW - timedelta(days=1)
    await subscribers.handle_module_assigned(
        [envelope(assigned("ovens"), yesterday), envelope(assigned("ovens")), envelope(assigned("till", "sources"))]
    )
    bulk = [change("ovens", "added"), change("till", "added"), change("till", "config")]
    await subscribers.handle_bulk_assigned([envelope(ModulesBulkAssignedEvent(ORG, ["ovens", "till"], bulk))])
    gone = ModuleUnassignedEvent(ORG, "ovens", [change("ovens", "removed")])
    await subscribers.handle_module_unassigned([envelope(gone)])
    assert await adoption(context, "ovens") == (
        2,
        [AdoptionDay(yesterday.date(), 1, 0), AdoptionDay(NOW.date(), 2, 1)],
    )
    assert await adoption(context, "till") == (1, [AdoptionDay(NOW.date(), 1, 0)])
    assert {"gen:module:ovens:usage", "module:ovens:usage"} <= set(world.stale)


async def test_an_event_that_comes_again_is_not_counted_again_but_makes_its_module_stale_again(
    subscribers: AssignmentSubscribers, context: AsyncContainer, world: World
) -> None:
    event = envelope(assigned("ovens"))
    await subscribers.handle_module_assigned([event, event])
    world.stale.clear()
    await subscribers.handle_module_assigned([event])
    assert (await adoption(context, "ovens"))[0] == 1
    assert "gen:module:ovens:usage" in world.stale


async def test_consumers_that_count_the_same_modules_at_once_neither_block_nor_lose_anything(
    subscribers: AssignmentSubscribers, context: AsyncContainer
) -> None:
    one = [envelope(assigned(module_id)) for module_id in ("ovens", "till")]
    other = [envelope(assigned(module_id)) for module_id in ("till", "ovens")]
    third = [envelope(assigned(module_id)) for module_id in ("till", "ovens")]
    batches = [one, other, [*other, *one], third]
    await asyncio.gather(*[subscribers.handle_module_assigned(batch) for batch in batches])
    assert [(await adoption(context, module_id))[0] for module_id in ("ovens", "till")] == [3, 3]


def test_rows_are_counted_in_one_order_everywhere() -> None:
    days = [NOW, NOW - timedelta(days=1)]
    changes = [adoption_change(envelope(assigned(id_), day)) for id_ in ("till", "ovens") for day in days]
    rows = by_module_and_day(changes)
    assert len(rows) == 4
    assert rows == sorted(rows)


async def test_adoption_looks_back_ninety_days_and_counts_all_of_them(
    subscribers: AssignmentSubscribers, context: AsyncContainer
) -> None:
    long_ago = NOW - timedelta(days=400)
    await subscribers.handle_module_assigned([envelope(assigned("ovens"), long_ago), envelope(assigned("ovens"))])
    organizations, days = await adoption(context, "ovens")
    assert organizations == 2
    assert [day.day for day in days] == [NOW.date()]


async def test_the_day_is_that_of_utc() -> None:
    just_after_midnight = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    in_lima = just_after_midnight.astimezone(timezone(timedelta(hours=-5)))
    assert adoption_change(envelope(assigned("ovens"), in_lima)).day == date(2026, 11, 23)


def registered(industry_code: str | None) -> OrganizationRegisteredEvent:
    version = None if industry_code is None else 3
    return OrganizationRegisteredEvent(ORG, "Ada's", industry_code, industry_code, version, uuid4())


async def test_a_new_organization_gets_the_template_version_its_signup_pinned(
    subscribers: AssignmentSubscribers, world: World
) -> None:
    event = envelope(registered("bakery"))
    await subscribers.handle_organization_registered([event, envelope(registered(None))])
    ((context, sent, command),) = world.sent
    assert (context, sent.aggregate_id, sent.organization_id, sent.user_id) == ("assignments", ORG, ORG, "ada")
    assert sent.operation_id == derived_operation_id(event.operation_id, "ApplyIndustryTemplate")
    assert command == ApplyIndustryTemplate(ORG, "bakery", version=3, mode="add")
    assert msgspec.json.decode(sent.command, type=ApplyIndustryTemplate) == command
