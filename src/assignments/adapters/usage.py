"""How far modules and templates are used, all of them in one answer: what lists show beside each."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from assignments.ports import CurrentVersions
from shared.concurrency import in_slices
from shared.ports import Database

DAYS = 30

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


class ModuleUsage(Struct, frozen=True):
    """How many organizations have a module; and how many got and lost it, a number a day, the last day today."""

    module_id: str
    organizations: int
    assigned: Sequence[int]
    unassigned: Sequence[int]


class ModulesUsage(Struct, frozen=True):
    """By module id. Who is left out was never assigned. The first of the days is `since` (UTC); there are thirty."""

    since: date
    items: Sequence[ModuleUsage]


class IndustryUsage(Struct, frozen=True):
    """How many organizations have a template applied: in its current version, and in an older one."""

    industry_code: str
    version: int
    on_current: int
    on_older: int


class IndustriesUsage(Struct, frozen=True):
    """All living templates, codes sorted."""

    items: Sequence[IndustryUsage]


class PostgresUsageReader:
    """Counts over all; meant to be cached."""

    def __init__(self, database: Database, versions: CurrentVersions) -> None:
        self._database = database
        self._versions = versions

    async def modules(self) -> ModulesUsage:
        """As far as events were counted: a moment behind the rows."""
        async with self._database.snapshot() as transaction:
            since = (await transaction.fetchval(TODAY)) - timedelta(days=DAYS - 1)
            rows = await transaction.fetch(BY_MODULE, since)
        return ModulesUsage(since, [usage_of(*row) async for row in in_slices(rows)])

    async def industries(self) -> IndustriesUsage:
        """As the rows are."""
        async with self._database.snapshot() as transaction:
            current = await self._versions.current(transaction)
            rows = await transaction.fetch(BY_VERSION)
        counts = {code: [0, 0] for code in current}
        for code, version, organizations in rows:
            if code in current:
                counts[code][version != current[code]] += organizations
        items = [IndustryUsage(code, current[code], *counts[code]) for code in sorted(current)]
        return IndustriesUsage(items)


def usage_of(module_id: str, organizations: int, places: Any, assigned: Any, unassigned: Any) -> ModuleUsage:
    """A row of `BY_MODULE`, with a zero for every day on which nothing happened. Days to come do not count."""
    came, went = [0] * DAYS, [0] * DAYS
    for place, got, lost in zip(places or (), assigned or (), unassigned or (), strict=True):
        if place < DAYS:
            came[place], went[place] = got, lost
    return ModuleUsage(module_id, organizations, came, went)
