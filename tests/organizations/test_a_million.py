"""At a million organizations every page of the list is a bounded look, and the thousandth costs what the first does.

Told by the buffers that EXPLAIN counts, with statistics of the time when there were a thousand, all of one industry,
and with those of now.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, get_args

import asyncpg
import msgspec
import pytest

from app.migration.migrate import migrate_database
from devstack import Stack
from organizations.adapters.lists import OrganizationFilter, OrganizationPage, PostgresOrganizationList, Sort
from shared.lists.keyset import FEW, STEPS, place_of
from shared.lists.lister import ListParams
from shared.lists.text_search import SORT_KEY
from shared.ports import Transaction
from shared.postgres.database import PostgresDatabase
from tests.fakes import CURSORS
from tests.support.databases import new_database
from tests.support.query_cost import MeasuredDatabase

MILLION = 1_000_000
LIMIT = 50
TABLE = "organizations.organizations"

# Of two thousand names in no order: "Dr …" at one place of it, "Acme …" at another, "… Clinic" everywhere.
FILL = f"""
INSERT INTO {TABLE} (organization_id, name, industry_code, status, sequence, created_at, search_text,
  sort_key)
SELECT id, name, industry_code, status, sequence, created_at, lower(name), lower(name) FROM (
SELECT format('%s', n) AS id,
  CASE WHEN n % 50 = 0 THEN 'Dr ' WHEN n % 5 = 0 THEN 'Acme ' ELSE '' END || substr(md5((n % 2000)::text), 1, 5)
    || CASE WHEN n % 200000 = 0 THEN ' Rare' WHEN n % 151 = 1 THEN ' Clinic' ELSE '' END AS name,
  CASE WHEN n > 1000 THEN 'i' || n % 8 ELSE 'i0' END AS industry_code,
  CASE WHEN n % 1000 = 7 THEN 'suspended' ELSE 'active' END AS status, 1 AS sequence,
  timestamptz '2026-01-01' + n * interval '1 second' AS created_at
FROM generate_series($1::integer, $2) AS n) AS made
"""

INDEXES = f"""
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = '{TABLE}'::regclass AND NOT indisprimary
"""
# It takes its time, and is to `created_at` what the other index with an industry is to the name.
NOT_MADE_AGAIN = "organizations.ix_organizations_industry_created_at"


class Others:
    """Nobody's industry has a name, and half of all organizations have every module."""

    def __init__(self) -> None:
        self.asked = 0

    async def names(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, str]:
        return {}

    async def with_module(self, transaction: Transaction, limit: int, *, module_id: str) -> Sequence[str]:
        return [str(2 * n) for n in range(1, limit + 1)]

    async def having_module(
        self, transaction: Transaction, organization_ids: Sequence[str], *, module_id: str
    ) -> frozenset[str]:
        self.asked += len(organization_ids)
        return frozenset(id_ for id_ in organization_ids if int(id_) % 2 == 0)

    async def with_template(
        self,
        transaction: Transaction,
        limit: int,
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> Sequence[str]:
        return ["200000", "400000"]

    async def having_template(
        self,
        transaction: Transaction,
        organization_ids: Sequence[str],
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> frozenset[str]:
        raise AssertionError(version)


class Million:
    """A million organizations, and how to ask for them."""

    def __init__(self, database: PostgresDatabase, owner: "asyncpg.Connection[Any]") -> None:
        self.owner = owner
        self.measured, self.others = MeasuredDatabase(database), Others()
        self.list = PostgresOrganizationList(self.measured, CURSORS, self.others, self.others)

    async def page(
        self, params: ListParams[OrganizationFilter], *, with_total: bool = False
    ) -> tuple[OrganizationPage, int]:
        """A page, and the buffers it took."""
        page = await self.list.page(params, with_total=with_total)
        return page, self.measured.buffers()

    async def cursor(self, number: int, sort: Sort, wanted: OrganizationFilter, condition: str = "true") -> str:
        """That of the page with this number."""
        key = SORT_KEY if sort.endswith("name") else "created_at"
        direction = "DESC" if sort.startswith("-") else "ASC"
        row = await self.owner.fetchrow(
            f"SELECT {key} AS place_key, organization_id AS place_id FROM {TABLE} WHERE {condition} "
            f"ORDER BY {key} {direction}, organization_id {direction} OFFSET {(number - 1) * LIMIT - 1} LIMIT 1"
        )
        return (await CURSORS.of("organizations", sort, wanted)).after(place_of(row, 0, is_common=False))


@pytest.fixture(scope="module")
async def filled(parts: Stack) -> AsyncIterator[Million]:
    async with new_database(parts.plan().postgres_url) as url:
        await migrate_database(url)
        owner = await asyncpg.connect(url)
        indexes = await owner.fetch(INDEXES)
        await owner.execute(f"ALTER TABLE {TABLE} SET UNLOGGED, SET (autovacuum_enabled = false)")
        await owner.execute(f"DROP INDEX {', '.join(name for name, _ in indexes)}")
        await owner.execute("SET maintenance_work_mem = '512MB'")
        await owner.execute(FILL, 1, 1000)
        await owner.execute(f"ANALYZE {TABLE}")
        await owner.execute(FILL, 1001, MILLION)
        for definition in (definition for name, definition in indexes if name != NOT_MADE_AGAIN):
            await owner.execute(definition)
        database = PostgresDatabase(url)
        await database.open()
        yield Million(database, owner)
        await database.close()
        await owner.close()


@pytest.fixture(scope="module", params=["analyzed when it was small", "analyzed"])
async def million(filled: Million, request: pytest.FixtureRequest) -> Million:
    if request.param == "analyzed":
        await filled.owner.execute(f"ANALYZE {TABLE}")
    return filled


ALL, ACTIVE, INDUSTRY = (
    OrganizationFilter(),
    OrganizationFilter(status="active"),
    OrganizationFilter(industry_code="i3"),
)


@pytest.mark.parametrize(
    ("sort", "wanted", "condition"),
    [
        *((sort, ALL, "true") for sort in get_args(Sort)),
        ("name", ACTIVE, "status = 'active'"),
        ("-created_at", ACTIVE, "status = 'active'"),
        ("name", INDUSTRY, "industry_code = 'i3'"),
        ("-name", INDUSTRY, "industry_code = 'i3'"),
    ],
)
async def test_the_thousandth_page_costs_what_the_first_does(
    million: Million, sort: Sort, wanted: OrganizationFilter, condition: str
) -> None:
    first, cost = await million.page(ListParams(wanted, LIMIT, None, sort))
    cursor = await million.cursor(1000, sort, wanted, condition)
    later, cost_later = await million.page(ListParams(wanted, LIMIT, cursor, sort))
    assert len(first.items) == len(later.items) == LIMIT
    assert cost < 3 * LIMIT
    assert abs(cost_later - cost) <= LIMIT // 2


async def test_a_filter_few_fulfil_costs_as_little(million: Million) -> None:
    wanted = OrganizationFilter(status="suspended")
    for sort in ("name", "-created_at"):
        page, cost = await million.page(ListParams(wanted, LIMIT, None, sort))
        assert len(page.items) == LIMIT
        assert cost < 3 * LIMIT


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ({"q": "a"}, LIMIT),
        ({"q": "acme"}, LIMIT),
        ({"q": "dr"}, LIMIT),
        ({"q": "clinic"}, None),
        ({"q": "rare"}, 5),
        ({"q": "dr rare"}, 5),
        ({"q": "acme rare"}, 0),
        ({"q": "nobody"}, 0),
        ({"q": "dr", "status": "suspended"}, 0),
        ({"q": "clinic", "status": "suspended"}, None),
        ({"status": "suspended", "industry_code": "i7"}, LIMIT),
        ({"q": "acme", "industry_code": "i3"}, LIMIT),
        ({"module_id": "ovens"}, LIMIT),
        ({"q": "dr", "module_id": "ovens"}, LIMIT),
        ({"q": "rare", "module_id": "ovens"}, 5),
        ({"q": "rare", "template_code": "i3"}, 2),
    ],
)
@pytest.mark.parametrize("sort", ["name", "-created_at"])
async def test_no_search_looks_at_more_than_its_bound(
    million: Million, sort: Sort, wanted: dict[str, Any], number: int | None
) -> None:
    query = ListParams(msgspec.convert(wanted, OrganizationFilter), LIMIT, None, sort)
    million.others.asked = 0
    page, cost = await million.page(query)
    assert cost < 1.5 * (FEW + STEPS)
    assert million.others.asked <= STEPS
    if number is not None and (sort == "name" or number < LIMIT):
        assert len(page.items) == number
        assert (page.next_cursor is None) == (number < LIMIT)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (ALL, (STEPS, False)),
        (OrganizationFilter(q="rare"), (5, True)),
        (OrganizationFilter(status="suspended"), (1000, True)),
    ],
)
async def test_a_total_looks_no_further_than_a_page(
    million: Million, wanted: OrganizationFilter, told: tuple[int, bool]
) -> None:
    page, cost = await million.page(ListParams(wanted, 1), with_total=True)
    assert page.total is not None
    assert (page.total.count, page.total.is_exact) == told
    assert cost < 1.5 * (FEW + STEPS)
