"""Who has a module or a template, as lists of other contexts ask."""

from assignments.adapters.lists import PostgresAssignees
from assignments.commands import ApplyIndustryTemplate, AssignModule
from industries.events import TemplateModule
from organizations.contract import OrganizationFact
from shared.lists.keyset import index_scans
from shared.postgres.database import PostgresDatabase
from tests.assignments.conftest import Carry, World

ONE, TWO, THREE = "org-1", "org-2", "org-3"


async def test_assignees_are_found_and_told_from_others(
    world: World, carry_out: Carry, database: PostgresDatabase
) -> None:
    for organization_id in (ONE, TWO, THREE):
        world.organizations[organization_id] = OrganizationFact("active", "bakery")
    for module_id in ("ovens", "till"):
        world.add_module(module_id, module_id.title())
    world.publish("bakery", TemplateModule("ovens", True))
    world.publish("bakery", TemplateModule("ovens", True))
    await carry_out(
        ApplyIndustryTemplate(ONE, "bakery", 1),
        ApplyIndustryTemplate(TWO, "bakery", 2),
        AssignModule(THREE, "till", "ada"),
    )
    assignees, everybody = PostgresAssignees(), [ONE, TWO, THREE, "nobody"]
    async with index_scans(database) as transaction:
        for module_id, expected in (("ovens", {ONE, TWO}), ("till", {THREE}), ("vases", set[str]())):
            assert set(await assignees.with_module(transaction, 9, module_id=module_id)) == expected
            assert await assignees.having_module(transaction, everybody, module_id=module_id) == expected
        assert len(await assignees.with_module(transaction, 1, module_id="ovens")) == 1
        assert await assignees.having_module(transaction, [TWO, THREE], module_id="ovens") == {TWO}
        for code, version, expected in (
            ("bakery", None, {ONE, TWO}),
            ("bakery", 1, {ONE}),
            ("bakery", 2, {TWO}),
            ("bakery", 3, set[str]()),
            ("smithy", None, set[str]()),
        ):
            some = await assignees.with_template(transaction, 9, industry_code=code, version=version)
            assert set(some) == expected
            having = await assignees.having_template(transaction, everybody, industry_code=code, version=version)
            assert having == expected
        assert len(await assignees.with_template(transaction, 1, industry_code="bakery", version=None)) == 1
