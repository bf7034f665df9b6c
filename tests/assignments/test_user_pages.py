"""What pages of users cost, told by the buffers that EXPLAIN counts."""

import asyncpg
from dishka import AsyncContainer

from assignments.adapters.lists import PostgresAssigneeLists
from assignments.ports import OrganizationSearch
from organizations.contract import OrganizationFact
from shared.postgres.database import PostgresDatabase
from tests.assignments.conftest import Neighbours, World
from tests.support.query_cost import MeasuredDatabase

USERS, LIMIT, MOST = 50_000, 50, 700
OLDER = 600
"""Those that have the first version, of which hardly anybody is left; all others have the second."""

FILL = """
WITH had AS (
  INSERT INTO assignments.assignments (organization_id, module_id, config, sources)
  SELECT format('org-%s', lpad(n::text, 6, '0')), 'ovens', '{}', '[]' FROM generate_series(1, $1::integer) AS n
)
INSERT INTO assignments.applied_templates (organization_id, industry_code, version, place)
SELECT format('org-%s', lpad(n::text, 6, '0')), 'bakery', CASE WHEN n <= $2 THEN 1 ELSE 2 END, 1
FROM generate_series(1, $1) AS n
"""


async def test_a_page_of_users_costs_the_same_wherever_it_is(
    world: World, context: AsyncContainer, database: PostgresDatabase, scratch_url: str
) -> None:
    owner = await asyncpg.connect(scratch_url)
    await owner.execute(FILL, USERS, OLDER)
    await owner.close()
    world.add_module("ovens", "Ovens")
    for _ in range(2):
        world.publish("bakery")
    ids = [f"org-{number:06}" for number in (*range(1, LIMIT + 1), *range(USERS - LIMIT, USERS))]
    world.organizations = dict.fromkeys(ids, OrganizationFact("active", None))
    measured, neighbours = MeasuredDatabase(database), await context.get(Neighbours)
    reader = PostgresAssigneeLists(measured, neighbours, neighbours, neighbours, neighbours)

    found = await reader.with_module("ovens", OrganizationSearch(limit=2 * LIMIT, sort="created_at"))
    assert found is not None
    assert [item.organization_id for item in found.items] == ids
    assert measured.buffers() < MOST
    world.organizations = {f"org-{number:06}": OrganizationFact("active", None) for number in range(1, USERS + 1)}
    for version, after, first in (
        (None, (0, ""), 1),
        ("older", (1, "org-000500"), 501),
        ("current", (0, ""), OLDER + 1),
        ("2", (2, "org-049900"), 49_901),
    ):
        page = await reader.with_template("bakery", version, after, LIMIT)
        assert page is not None
        assert page[0].organization_id == f"org-{first:06}"
        assert len(page) == LIMIT
        assert measured.buffers() < MOST / 10
