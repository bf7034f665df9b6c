"""The rows of assignments: what is written, how cheaply, and how it is read."""

import random
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from dishka import AsyncContainer
from msgspec.structs import replace

from assignments.adapters.lists import PostgresAppliedTemplates, PostgresAssignedModules, PostgresAssigneeLists
from assignments.adapters.postgres import (
    REMOVE_ASSIGNMENTS,
    REMOVE_TEMPLATES,
    AssignmentTables,
    StoredAssignments,
)
from assignments.adapters.queries import OrganizationModules, PostgresAssignmentReader
from assignments.commands import (
    ApplyIndustryTemplate,
    AssignModule,
    BulkAssignModules,
    Command,
    RestoreAssignments,
    UnassignModule,
    UpdateModuleConfig,
)
from assignments.events import EVENTS
from assignments.ports import OrganizationSearch
from assignments.state import Assignments, evolve
from industries.contract import TemplateModule
from organizations.contract import OrganizationFact
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema
from shared.messages import Outcome
from shared.ports import Transaction
from shared.postgres.database import PostgresDatabase
from tests.assignments.conftest import Carry, World

MODULES = ["flour", "ovens", "rota", "till", "vases"]


WRITERS = """
SELECT module_id, xmin::text FROM assignments.assignments WHERE organization_id = $1
UNION ALL SELECT industry_code, xmin::text FROM assignments.applied_templates WHERE organization_id = $1
"""


def organization(number: int) -> str:
    return str(UUID(int=number))


ORG = organization(1)


@pytest.fixture(autouse=True)
def bakeries(world: World) -> None:
    for number in range(1, 6):
        world.organizations[organization(number)] = OrganizationFact("active", "bakery")
    for module_id in MODULES:
        world.add_module(module_id, module_id.title())
    world.publish(
        "bakery", TemplateModule("ovens", True), TemplateModule("flour", False), TemplateModule("rota", False)
    )
    world.publish("bakery", TemplateModule("till", True), TemplateModule("ovens", True), TemplateModule("flour", False))
    world.publish("florist", TemplateModule("till", True), TemplateModule("vases", False))


def any_command(dice: random.Random) -> Command:
    org, module_id = organization(dice.randint(1, 3)), dice.choice(MODULES)
    code = dice.choice(["bakery", "florist"])
    commands: list[Command] = [
        AssignModule(org, module_id, "ada"),
        AssignModule(org, module_id, "ada", {"size": dice.choice([1, True, 1.0])}),
        UnassignModule(org, module_id, force=dice.random() < 0.5),
        BulkAssignModules(org, dice.sample(MODULES, 2), "ada"),
        BulkAssignModules(org, ["till"], "ada", code),
        ApplyIndustryTemplate(org, code, mode=dice.choice(["add", "replace"])),
        ApplyIndustryTemplate(org, "bakery", version=1),
        UpdateModuleConfig(org, module_id, {"size": dice.choice([1, True, None])}),
    ]
    return dice.choice(commands)


async def rows_of(transaction: Transaction, organization_id: str, context: AsyncContainer) -> StoredAssignments:
    tables = await context.get(AssignmentTables)
    return (await tables.read_back(transaction, [organization_id]))[organization_id]


async def state_of(transaction: Transaction, organization_id: str) -> Assignments:
    state = await transaction.fetchval(
        "SELECT state FROM shared.streams WHERE context = 'assignments' AND id = $1", organization_id
    )
    return msgspec.json.decode(state, type=Assignments)


async def folded(transaction: Transaction, organization_id: str) -> Assignments:
    state = Assignments()
    for type_, payload in await transaction.fetch(
        "SELECT type, payload FROM shared.event_log WHERE aggregateid = $1 ORDER BY sequence", organization_id
    ):
        event: Any = msgspec.json.decode(payload, type=EVENTS[type_])
        state = evolve(state, event)
    return state


def as_json(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")


async def test_rows_state_and_log_tell_the_same_whatever_was_asked(
    carry_out: Carry, database: PostgresDatabase, context: AsyncContainer
) -> None:
    dice = random.Random(7)  # noqa: S311 - the same commands at each run
    statuses = [
        outcome.status
        for _ in range(25)
        for outcome in await carry_out(*[any_command(dice) for _ in range(dice.randint(1, 12))])
    ]
    assert {"applied", "unchanged", "rejected"} == set(statuses)
    tables = await context.get(AssignmentTables)
    async with database.snapshot() as transaction:
        for id_ in map(organization, (1, 2, 3)):
            state = await state_of(transaction, id_)
            assert as_json(await rows_of(transaction, id_, context)) == as_json(tables.comparable(state))
            assert as_json(await folded(transaction, id_)) == as_json(state)


async def test_a_row_that_does_not_change_is_not_written(
    carry_out: Carry, world: World, database: PostgresDatabase
) -> None:
    await carry_out(ApplyIndustryTemplate(ORG, "bakery"), ApplyIndustryTemplate(ORG, "florist"))

    async def writers() -> dict[str, str]:
        async with database.snapshot() as transaction:
            return dict(await transaction.fetch(WRITERS, ORG))

    before = await writers()
    world.publish("florist", TemplateModule("vases", False))
    await carry_out(UpdateModuleConfig(ORG, "ovens", {"heat": 250}), ApplyIndustryTemplate(ORG, "florist"))
    after = await writers()
    assert {id_ for id_ in after if after[id_] != before[id_]} == {"ovens", "till", "vases", "florist"}


async def test_a_value_that_is_equal_in_python_but_not_in_json_is_written(
    carry_out: Carry, database: PostgresDatabase, context: AsyncContainer
) -> None:
    await carry_out(AssignModule(ORG, "ovens", "ada", {"fan": 1}))
    await carry_out(UpdateModuleConfig(ORG, "ovens", {"fan": True}))
    async with database.snapshot() as transaction:
        shown = await rows_of(transaction, ORG, context)
    assert shown.modules["ovens"].config["fan"] is True


@pytest.mark.parametrize("statement", [REMOVE_ASSIGNMENTS, REMOVE_TEMPLATES])
async def test_a_removal_planned_on_an_empty_table_never_scans_a_large_one(
    statement: str, database: PostgresDatabase
) -> None:
    async with database.writing() as transaction:
        await transaction.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await transaction.execute(f"PREPARE removal(text[], text[]) AS {statement}")
        plan = await transaction.fetch("EXPLAIN EXECUTE removal('{a}', '{b}')")
        await transaction.execute("DEALLOCATE removal")
    assert not [line for (line,) in plan if "Seq Scan" in line]


async def test_the_rows_keep_the_order_in_which_templates_were_applied(
    carry_out: Carry, database: PostgresDatabase, context: AsyncContainer
) -> None:
    await carry_out(ApplyIndustryTemplate(ORG, "bakery", version=1), ApplyIndustryTemplate(ORG, "florist"))
    await carry_out(ApplyIndustryTemplate(ORG, "bakery"))
    async with database.snapshot() as transaction:
        shown = await rows_of(transaction, ORG, context)
    assert [(code, version) for code, version, _ in shown.templates] == [("florist", 1), ("bakery", 2)]


async def test_organizations_are_counted_by_module_and_by_template(
    carry_out: Carry, database: PostgresDatabase, context: AsyncContainer
) -> None:
    first, second = organization(1), organization(2)
    await carry_out(ApplyIndustryTemplate(first, "florist"), AssignModule(second, "till", "ada"))
    by_module = await context.get(PostgresAssignedModules)
    by_template = await context.get(PostgresAppliedTemplates)
    async with database.snapshot() as transaction:
        assert await by_module.organizations(transaction, ["till", "vases", "rota"]) == {
            "till": 2,
            "vases": 1,
            "rota": 0,
        }
        assert await by_template.organizations(transaction, ["florist", "bakery"]) == {"florist": 1, "bakery": 0}
        assert await by_template.by_version(transaction, "florist", [1, 2]) == {1: 1}
        assert await by_template.by_version(transaction, "florist", [2]) == {}


def ruled(module_id: str, schema: dict[str, Any], world: World) -> None:
    world.rules[module_id] = ConfigRules(world.modules[module_id].default_config, JsonSchema(schema))


def code_of(outcome: Outcome) -> str | None:
    return None if outcome.refusal is None else outcome.refusal.code


async def test_a_config_is_judged_with_what_templates_gave_before_and_give_within_the_batch(
    carry_out: Carry, world: World
) -> None:
    world.publish(
        "bakery", TemplateModule("till", True, {"currency": "EUR", "lanes": 1}), TemplateModule("ovens", False)
    )
    world.publish("florist", TemplateModule("till", True, {"lanes": 9}))
    await carry_out(ApplyIndustryTemplate(ORG, "bakery"), ApplyIndustryTemplate(organization(2), "bakery"))
    ruled("till", {"required": ["currency"], "properties": {"lanes": {"maximum": 5}}}, world)
    outcomes = await carry_out(
        UpdateModuleConfig(ORG, "till", {"lanes": 6}),
        UpdateModuleConfig(ORG, "till", {"lanes": 5}),
        ApplyIndustryTemplate(ORG, "florist"),
        UpdateModuleConfig(ORG, "till", {"lanes": None}),
        ApplyIndustryTemplate(organization(2), "florist"),
        AssignModule(organization(3), "till", "ada"),
        BulkAssignModules(organization(3), ["till"], "ada", "bakery"),
        AssignModule(organization(4), "till", "ada", {"currency": "USD"}),
    )
    assert [code_of(outcome) for outcome in outcomes] == [
        "config_invalid",
        None,
        None,
        "config_invalid",
        "config_invalid",
        "config_invalid",
        None,
        None,
    ]


async def test_what_a_template_takes_from_a_module_it_does_not_name_is_judged_too(
    carry_out: Carry, world: World
) -> None:
    world.publish("bakery", TemplateModule("till", True, {"currency": "EUR"}))
    world.publish("florist", TemplateModule("vases", False))
    ruled("till", {"required": ["currency"]}, world)
    outcomes = await carry_out(
        ApplyIndustryTemplate(ORG, "bakery"),
        AssignModule(ORG, "till", "ada"),
        ApplyIndustryTemplate(ORG, "florist", mode="replace"),
    )
    outcomes += await carry_out(ApplyIndustryTemplate(ORG, "florist", mode="replace"))
    assert [code_of(outcome) for outcome in outcomes] == [None, None, "config_invalid", "config_invalid"]


async def test_a_schema_that_came_later_keeps_nobody_from_taking_away_what_is_there(
    carry_out: Carry, world: World
) -> None:
    await carry_out(AssignModule(ORG, "till", "ada", {"lanes": 9}))
    ruled("till", {"properties": {"lanes": {"maximum": 5}}}, world)
    assert [code_of(outcome) for outcome in await carry_out(UnassignModule(ORG, "till"))] == [None]
    (again,) = await carry_out(AssignModule(ORG, "till", "ada"))
    assert msgspec.json.decode(again.result)["discarded_configs"] == ["till"]


async def test_an_unassignment_is_taken_back_as_the_log_tells_it(
    carry_out: Carry, database: PostgresDatabase, world: World
) -> None:
    ruled("flour", {"properties": {"kind": {"type": "string"}}}, world)
    await carry_out(
        ApplyIndustryTemplate(ORG, "bakery", version=1),
        AssignModule(ORG, "flour", "ada"),
        UpdateModuleConfig(ORG, "flour", {"kind": "rye"}),
    )
    async with database.snapshot() as transaction:
        before = await state_of(transaction, ORG)
    (taken,) = await carry_out(UnassignModule(ORG, "flour"))
    restore = RestoreAssignments(ORG, taken.operation_id)
    strangers = await carry_out(
        RestoreAssignments(ORG, taken.event_ids[0]), RestoreAssignments(organization(2), taken.operation_id)
    )
    assert [code_of(outcome) for outcome in strangers] == ["unknown_unassignment"] * 2
    first, second = await carry_out(restore, restore)
    assert (first.status, second.status) == ("applied", "unchanged")
    async with database.snapshot() as transaction:
        assert as_json(await state_of(transaction, ORG)) == as_json(before)
        assert as_json(await folded(transaction, ORG)) == as_json(before)
    (taken,) = await carry_out(UnassignModule(ORG, "flour"))
    await carry_out(ApplyIndustryTemplate(ORG, "bakery"), UnassignModule(ORG, "flour"))
    (moved,) = await carry_out(RestoreAssignments(ORG, taken.operation_id))
    assert code_of(moved) == "template_moved"


async def test_a_part_of_a_template_is_looked_up_in_the_version_that_is_applied(
    carry_out: Carry, database: PostgresDatabase
) -> None:
    await carry_out(ApplyIndustryTemplate(ORG, "bakery", version=1), UnassignModule(ORG, "rota"))
    (outcome,) = await carry_out(BulkAssignModules(ORG, ["rota"], "ada", "bakery"))
    assert outcome.status == "applied"
    async with database.snapshot() as transaction:
        state = await state_of(transaction, ORG)
    assert [source.version for source in state.modules["rota"].sources] == [1]
    assert state.templates == {"bakery": 1}


async def test_templates_are_asked_a_second_time_where_a_schema_makes_them_matter_alone(
    carry_out: Carry, world: World
) -> None:
    await carry_out(ApplyIndustryTemplate(ORG, "bakery"))
    world.asked.clear()
    await carry_out(UpdateModuleConfig(ORG, "till", {"lanes": 1}))
    assert world.asked == []
    ruled("till", {}, world)
    await carry_out(UpdateModuleConfig(ORG, "till", {"lanes": 2}))
    assert world.asked == [{"bakery": {2}}]


async def read(context: AsyncContainer, organization_id: str = ORG) -> OrganizationModules:
    modules = await (await context.get(PostgresAssignmentReader)).modules(organization_id)
    assert modules is not None
    return modules


async def test_a_config_is_the_modules_under_the_templates_as_applied_under_the_organizations(
    carry_out: Carry, world: World, context: AsyncContainer
) -> None:
    world.add_module("till", "Till", drawer={"coins": 1, "notes": 1, "key": 1}, beep=1, tax=1)
    world.publish("bakery", TemplateModule("till", True, {"drawer": {"coins": 2, "notes": 2}, "tax": 2}))
    world.publish("florist", TemplateModule("till", False, {"drawer": {"coins": 3}, "tax": 3}))
    await carry_out(ApplyIndustryTemplate(ORG, "bakery", version=2), ApplyIndustryTemplate(ORG, "florist"))
    await carry_out(ApplyIndustryTemplate(ORG, "bakery"), UpdateModuleConfig(ORG, "till", {"beep": 4}))
    (till,) = [item for item in (await read(context)).items if item.module_id == "till"]
    assert till.config == {"drawer": {"coins": 2, "notes": 2, "key": 1}, "beep": 4, "tax": 2}
    assert till.own_config == {"beep": 4}
    assert (till.is_required, till.required_by) == (True, ["bakery"])


async def test_a_module_tells_its_layers_and_which_of_them_each_value_is_from(
    carry_out: Carry, world: World, context: AsyncContainer
) -> None:
    world.add_module("till", "Till", drawer={"coins": 1, "notes": 1}, beep=1, tax=1, empty={})
    world.publish("bakery", TemplateModule("till", True, {"drawer": {"coins": 2}, "tax": 2}))
    world.publish("florist", TemplateModule("till", False, {"drawer": {"coins": 3}, "list": [1]}))
    outcomes = await carry_out(
        ApplyIndustryTemplate(ORG, "bakery"),
        ApplyIndustryTemplate(ORG, "florist"),
        UpdateModuleConfig(ORG, "till", {"beep": {"a/b": 4}}),
    )
    ruled("till", {"properties": {"tax": {"maximum": 1}, "list": {"maxItems": 0}}}, world)
    reader = await context.get(PostgresAssignmentReader)
    till = await reader.module(ORG, "till")
    assert till is not None
    assert [(layer.kind, layer.industry_code, layer.template_version) for layer in till.layers] == [
        ("module", None, None),
        ("template", "bakery", 3),
        ("template", "florist", 2),
        ("organization", None, None),
    ]
    assert till.origins == {
        "/drawer/coins": 2,
        "/drawer/notes": 0,
        "/beep/a~1b": 3,
        "/tax": 1,
        "/empty": 0,
        "/list": 2,
    }
    assert sorted(error.pointer for error in till.config_errors) == ["/list", "/tax"]
    assert till.config_schema == world.rules["till"].schema.document
    assert (till.sequence, till.layers[0].module_version) == (outcomes[-1].sequence, "1.0")
    (listed,) = [item for item in (await read(context)).items if item.module_id == "till"]
    assert {name: getattr(till, name) for name in listed.__struct_fields__} == msgspec.structs.asdict(listed)
    assert await reader.module(ORG, "rota") is None
    assert await reader.module(organization(99), "till") is None


async def test_each_module_says_whether_it_is_effective_and_why_it_is_there(
    carry_out: Carry, world: World, context: AsyncContainer
) -> None:
    outcomes = await carry_out(ApplyIndustryTemplate(ORG, "bakery"), AssignModule(ORG, "vases", "ada"))
    world.modules["flour"] = replace(world.modules["flour"], status="inactive")
    world.templates["bakery"] = replace(world.templates["bakery"], status="deleted")
    modules = await read(context)
    assert modules.sequence == outcomes[-1].sequence
    assert [item.module_name for item in modules.items] == ["Flour", "Ovens", "Till", "Vases"]
    assert [item.ineffective_because for item in modules.items] == ["module_inactive", None, None, None]
    assert not any(item.required_by for item in modules.items)
    assert [source.by for source in modules.items[-1].sources] == ["ada"]
    world.organizations[ORG] = OrganizationFact("suspended")
    assert {item.ineffective_because for item in (await read(context)).items} == {"organization_suspended"}


async def test_an_organization_without_modules_is_not_an_unknown_one(context: AsyncContainer) -> None:
    assert await read(context) == OrganizationModules(ORG, 0, [])
    assert await (await context.get(PostgresAssignmentReader)).modules(organization(99)) is None


async def test_pages_of_who_has_what_are_complete_and_in_order(carry_out: Carry, context: AsyncContainer) -> None:
    ids = [organization(number) for number in range(1, 6)]
    await carry_out(*[ApplyIndustryTemplate(id_, "bakery", version=2 if id_ < ids[2] else 1) for id_ in ids])
    reader = await context.get(PostgresAssigneeLists)
    first = await reader.with_module("ovens", OrganizationSearch(limit=3))
    assert first is not None
    rest = await reader.with_module("ovens", OrganizationSearch(limit=3, cursor=first.next_cursor))
    assert rest is not None
    assert [item.organization_id for item in (*first.items, *rest.items)] == ids
    assert first.count == 5
    older = await reader.with_template("bakery", None, (0, ""), 4)
    assert older is not None
    newer = await reader.with_template("bakery", None, (older[-1].version, older[-1].organization_id), 4)
    assert newer is not None
    assert [(item.version, item.organization_id) for item in (*older, *newer)] == [
        *[(1, id_) for id_ in ids[2:]],
        *[(2, id_) for id_ in ids[:2]],
    ]
    assert await reader.with_module("anvils", OrganizationSearch(limit=3)) is None
    assert await reader.with_template("smithy", None, (0, ""), 3) is None


async def test_the_service_writes_under_its_own_role(database: PostgresDatabase) -> None:
    async with database.writing() as transaction:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await transaction.execute("TRUNCATE assignments.assignments")
