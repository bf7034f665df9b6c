"""How far modules and templates are used: adoption by day, counted from events, and totals over all organizations."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Date, Table, Text

from assignments.ports import CurrentVersions, ModuleSummaries
from shared.concurrency import in_slices
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
ADOPTION_DAYS = 90
USAGE_DAYS = 30

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

COUNTED = """
SELECT coalesce(sum(assigned - unassigned), 0)::bigint FROM assignments.module_adoption WHERE module_id = $1
"""

BY_DAY = """
SELECT day, assigned, unassigned FROM assignments.module_adoption
WHERE module_id = $1 AND day > (now() AT TIME ZONE 'UTC')::date - $2::integer ORDER BY day
"""

TODAY = "SELECT (now() AT TIME ZONE 'UTC')::date"

BY_MODULE = """
SELECT module_id, sum(assigned - unassigned)::bigint,
       array_agg(day - $1) FILTER (WHERE day >= $1), array_agg(assigned) FILTER (WHERE day >= $1),
       array_agg(unassigned) FILTER (WHERE day >= $1)
FROM assignments.module_adoption GROUP BY module_id ORDER BY module_id
"""

BY_VERSION = """
SELECT industry_code, version, count(*) FROM assignments.applied_templates GROUP BY industry_code, version
"""


class AdoptionChange(Struct, frozen=True):
    event_id: UUID
    day: date
    assigned: Sequence[str]
    unassigned: Sequence[str]


class AdoptionDay(Struct, frozen=True):
    """How many organizations gained a module on a day (UTC), and how many lost it."""

    day: date
    assigned: int
    unassigned: int


class ModuleAdoption(Struct, frozen=True):
    """`organizations` have the module. `days` are those of the last 90 on which something changed, oldest first."""

    module_id: str
    organizations: int
    days: Sequence[AdoptionDay]


class ModuleUsage(Struct, frozen=True):
    """How many organizations have a module, and how many gained and lost it on each day; the last day is today."""

    module_id: str
    organizations: int
    assigned: Sequence[int]
    unassigned: Sequence[int]


class ModulesUsage(Struct, frozen=True):
    """By module id, without those never assigned. Days are the thirty that begin with `since` (UTC)."""

    since: date
    items: Sequence[ModuleUsage]


class IndustryUsage(Struct, frozen=True):
    """How many organizations have a template applied: in its current version, and in an older one."""

    industry_code: str
    version: int
    on_current: int
    on_older: int


class IndustriesUsage(Struct, frozen=True):
    """All existing templates, codes sorted."""

    items: Sequence[IndustryUsage]


class PostgresAdoption:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, changes: Sequence[AdoptionChange]) -> None:
        """Count each event once, however often it is delivered: event ids and counts are written in one transaction."""
        async with self._database.writing() as transaction:
            received = await transaction.fetch(RECEIVE, CONSUMER, [one.event_id for one in changes])
            fresh = {row[0] for row in received}
            rows = by_module_and_day([one for one in changes if one.event_id in fresh])
            if rows:
                await transaction.execute(COUNT, *zip(*rows, strict=True))


def by_module_and_day(changes: Sequence[AdoptionChange]) -> Sequence[tuple[str, date, int, int]]:
    """Return the sums, sorted: every process locks the rows in this order."""
    sums: dict[tuple[str, date], list[int]] = {}
    for one in {one.event_id: one for one in changes}.values():
        for place, module_ids in enumerate((one.assigned, one.unassigned)):
            for module_id in module_ids:
                sums.setdefault((module_id, one.day), [0, 0])[place] += 1
    return [(module_id, day, added, removed) for (module_id, day), (added, removed) in sorted(sums.items())]


class PostgresUsageReader:
    def __init__(self, database: Database, summaries: ModuleSummaries, versions: CurrentVersions) -> None:
        self._database = database
        self._summaries = summaries
        self._versions = versions

    async def adoption(self, module_id: str) -> ModuleAdoption | None:
        async with self._database.snapshot() as transaction:
            if not await module_exists(self._summaries, transaction, module_id):
                return None
            organizations = await transaction.fetchval(COUNTED, module_id)
            days = [AdoptionDay(*row) for row in await transaction.fetch(BY_DAY, module_id, ADOPTION_DAYS)]
        return ModuleAdoption(module_id, organizations, days)

    async def modules(self) -> ModulesUsage:
        """Read all counts, which lag behind the assignments by a moment."""
        async with self._database.snapshot() as transaction:
            since = (await transaction.fetchval(TODAY)) - timedelta(days=USAGE_DAYS - 1)
            rows = await transaction.fetch(BY_MODULE, since)
        return ModulesUsage(since, [module_usage(*row) async for row in in_slices(rows)])

    async def industries(self) -> IndustriesUsage:
        """Count all applied templates; exact, unlike `modules`."""
        async with self._database.snapshot() as transaction:
            current = await self._versions.current(transaction)
            rows = await transaction.fetch(BY_VERSION)
        counts = {code: [0, 0] for code in current}
        for code, version, organizations in rows:
            if code in current:
                counts[code][version != current[code]] += organizations
        return IndustriesUsage([IndustryUsage(code, current[code], *counts[code]) for code in sorted(current)])


async def module_exists(summaries: ModuleSummaries, transaction: Transaction, module_id: str) -> bool:
    summary = (await summaries.summaries(transaction, [module_id])).get(module_id)
    return summary is not None and summary.status != "deleted"


def module_usage(module_id: str, organizations: int, places: Any, assigned: Any, unassigned: Any) -> ModuleUsage:
    """Convert a row of `BY_MODULE`: days without events are 0, days in the future are left out."""
    added, removed = [0] * USAGE_DAYS, [0] * USAGE_DAYS
    for place, got, lost in zip(places or (), assigned or (), unassigned or (), strict=True):
        if place < USAGE_DAYS:
            added[place], removed[place] = got, lost
    return ModuleUsage(module_id, organizations, added, removed)
