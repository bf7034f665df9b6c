"""How modules are taken up, day by day, and who has what: read tables of their own, and pages for super admins."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Date, Table, Text

from assignments.adapters.postgres import SOURCES
from assignments.events import Source
from assignments.ports import (
    ModuleSummaries,
    OrganizationLabels,
    OrganizationSearch,
    OrganizationsWithModule,
    TemplateCatalog,
)
from organizations.contract import OrganizationStatus
from shared.ports import Database, Transaction
from shared.postgres.database import metadata

module_adoption = Table(
    "module_adoption",
    metadata,
    Column("module_id", Text(collation="C"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("assigned", BigInteger, nullable=False),
    Column("unassigned", BigInteger, nullable=False),
    schema="assignments",
)

CONSUMER = "assignments.adoption"
DAYS = 90
EXACT_UP_TO = 1000
LAST_VERSION = 2**31 - 1

RECEIVE = """
INSERT INTO shared.inbox (consumer, event_id)
SELECT $1, event_id FROM unnest($2::uuid[]) AS event_id ORDER BY event_id
ON CONFLICT DO NOTHING RETURNING event_id
"""

COUNT = """
INSERT INTO assignments.module_adoption AS a (module_id, day, assigned, unassigned)
SELECT * FROM unnest($1::text[], $2::date[], $3::bigint[], $4::bigint[])
ON CONFLICT (module_id, day) DO UPDATE SET assigned = a.assigned + excluded.assigned,
  unassigned = a.unassigned + excluded.unassigned
"""

TAKEN_UP = """
SELECT coalesce(sum(assigned - unassigned), 0)::bigint FROM assignments.module_adoption WHERE module_id = $1
"""

BY_DAY = """
SELECT day, assigned, unassigned FROM assignments.module_adoption
WHERE module_id = $1 AND day > (now() AT TIME ZONE 'UTC')::date - $2::integer ORDER BY day
"""

COUNTED = f"""
SELECT count(*) FROM (SELECT FROM assignments.assignments WHERE module_id = $1 LIMIT {EXACT_UP_TO} + 1) AS held
"""

SOURCES_OF = """
SELECT organization_id, sources FROM assignments.assignments
WHERE module_id = $1 AND organization_id = ANY($2::text[])
"""

WITH_TEMPLATE = """
SELECT version, organization_id FROM assignments.applied_templates
WHERE industry_code = $1 AND (version, organization_id) > ($2, $3) AND version BETWEEN $5 AND $6
ORDER BY version, organization_id LIMIT $4
"""


class Movement(Struct, frozen=True):
    """What one event says of adoption: the modules that came and went on its day."""

    event_id: UUID
    day: date
    assigned: Sequence[str]
    unassigned: Sequence[str]


class AdoptionDay(Struct, frozen=True):
    """How many organizations got a module on a day (UTC), and how many lost it."""

    day: date
    assigned: int
    unassigned: int


class ModuleAdoption(Struct, frozen=True):
    """`organizations` have the module. `days` are those of the last 90 on which something changed, oldest first."""

    module_id: str
    organizations: int
    days: Sequence[AdoptionDay]


class ModuleOrganization(Struct, frozen=True):
    """An organization that has a module, and why."""

    organization_id: str
    name: str
    status: OrganizationStatus
    sources: Sequence[Source]


class ModuleOrganizations(Struct, frozen=True):
    """A page. `count` is of all who have the module; beyond a thousand it follows the events, a moment behind."""

    items: Sequence[ModuleOrganization]
    count: int
    next_cursor: str | None


class IndustryOrganization(Struct, frozen=True):
    """An organization that has a template applied, in this version."""

    organization_id: str
    name: str
    version: int


class PostgresAdoption:
    """Counts what events say, each event once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, movements: Sequence[Movement]) -> None:
        """Adds those that were never counted before, in one transaction with the memory of them."""
        async with self._database.writing() as transaction:
            received = await transaction.fetch(RECEIVE, CONSUMER, [one.event_id for one in movements])
            fresh = {row[0] for row in received}
            rows = by_module_and_day([one for one in movements if one.event_id in fresh])
            if rows:
                await transaction.execute(COUNT, *zip(*rows, strict=True))


def by_module_and_day(movements: Sequence[Movement]) -> Sequence[tuple[str, date, int, int]]:
    """The sums, in the order in which every process takes the rows' locks."""
    sums: dict[tuple[str, date], list[int]] = {}
    for one in {one.event_id: one for one in movements}.values():
        for place, module_ids in enumerate((one.assigned, one.unassigned)):
            for module_id in module_ids:
                sums.setdefault((module_id, one.day), [0, 0])[place] += 1
    return [(module_id, day, came, went) for (module_id, day), (came, went) in sorted(sums.items())]


class PostgresAdoptionReader:
    """Who has a module or a template, and since when."""

    def __init__(
        self,
        database: Database,
        modules: ModuleSummaries,
        templates: TemplateCatalog,
        organizations: OrganizationLabels,
        holders: OrganizationsWithModule,
    ) -> None:
        self._database = database
        self._modules = modules
        self._templates = templates
        self._organizations = organizations
        self._holders = holders

    async def adoption(self, module_id: str) -> ModuleAdoption | None:
        """None when there is no such living module."""
        async with self._database.snapshot() as transaction:
            if not await self._is_living(transaction, module_id):
                return None
            organizations = await transaction.fetchval(TAKEN_UP, module_id)
            days = [AdoptionDay(*row) for row in await transaction.fetch(BY_DAY, module_id, DAYS)]
        return ModuleAdoption(module_id, organizations, days)

    async def with_module(self, module_id: str, wanted: OrganizationSearch) -> ModuleOrganizations | None:
        """A page of the organizations that have it; None when there is no such living module. Raises `BadCursor`."""
        async with self._database.snapshot() as transaction:
            if not await self._is_living(transaction, module_id):
                return None
            count = await transaction.fetchval(COUNTED, module_id)
            if count > EXACT_UP_TO:
                count = max(count, await transaction.fetchval(TAKEN_UP, module_id))
        found, next_cursor = await self._holders.page(module_id, wanted)
        async with self._database.snapshot() as transaction:
            rows = await transaction.fetch(SOURCES_OF, module_id, [one.organization_id for one in found])
        sources = dict(map(tuple, rows))
        items = [
            ModuleOrganization(one.organization_id, one.name, one.status, SOURCES.decode(sources[one.organization_id]))
            for one in found
            if one.organization_id in sources  # not where the module went meanwhile
        ]
        return ModuleOrganizations(items, count, next_cursor)

    async def with_template(
        self, industry_code: str, version: str | None, after: tuple[int, str], limit: int
    ) -> Sequence[IndustryOrganization] | None:
        """At most `limit` beyond this version and id, older versions first; None when the code never existed.

        `version`: a number, `current` or `older`, as of now.
        """
        async with self._database.snapshot() as transaction:
            asked: Mapping[str, Sequence[int]] = {industry_code: ()}
            template = (await self._templates.templates(transaction, asked)).get(industry_code)
            if template is None:
                return None
            span = span_of(version, template.version)
            rows = await transaction.fetch(WITH_TEMPLATE, industry_code, *after, limit, *span)
            labels = await self._organizations.labels(transaction, [id_ for _, id_ in rows])
        return [IndustryOrganization(id_, labels[id_].name, version) for version, id_ in rows]

    async def _is_living(self, transaction: Transaction, module_id: str) -> bool:
        summary = (await self._modules.summaries(transaction, [module_id])).get(module_id)
        return summary is not None and summary.status != "deleted"


def span_of(version: str | None, current: int) -> tuple[int, int]:
    """The lowest and the highest version that are meant."""
    if version is None:
        return 1, LAST_VERSION
    if version == "older":
        return 1, current - 1
    number = current if version == "current" else int(version)
    return number, number
