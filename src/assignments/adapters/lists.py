"""Which organizations have a module or a template: lists for super admins, lookups and counts for other contexts."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from assignments.adapters.postgres import SOURCES
from assignments.adapters.usage import COUNTED, module_exists
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

EXACT_UP_TO = 1000
LAST_VERSION = 2**31 - 1

EXACT_COUNT = f"""
SELECT count(*) FROM (SELECT FROM assignments.assignments WHERE module_id = $1 LIMIT {EXACT_UP_TO} + 1) AS assigned
"""

WITH_MODULE = "SELECT organization_id FROM assignments.assignments WHERE module_id = $1 LIMIT $2"

HAVING_MODULE = """
SELECT organization_id FROM assignments.assignments WHERE module_id = $1 AND organization_id = ANY($2::text[])
"""

SOURCES_OF = """
SELECT organization_id, sources FROM assignments.assignments
WHERE module_id = $1 AND organization_id = ANY($2::text[])
"""

WITH_TEMPLATE = """
SELECT organization_id FROM assignments.applied_templates
WHERE industry_code = $1 AND version BETWEEN $3 AND $4 LIMIT $2
"""

HAVING_TEMPLATE = """
SELECT organization_id FROM assignments.applied_templates
WHERE industry_code = $1 AND organization_id = ANY($2::text[]) AND version BETWEEN $3 AND $4
"""

BY_VERSION = """
SELECT version, organization_id FROM assignments.applied_templates
WHERE industry_code = $1 AND (version, organization_id) > ($2, $3) AND version BETWEEN $5 AND $6
ORDER BY version, organization_id LIMIT $4
"""

MODULE_COUNTS = """
SELECT wanted.id, (SELECT count(*) FROM assignments.assignments WHERE module_id = wanted.id)
FROM unnest($1::text[]) AS wanted(id)
"""

TEMPLATE_COUNTS = """
SELECT wanted.code, (SELECT count(*) FROM assignments.applied_templates WHERE industry_code = wanted.code)
FROM unnest($1::text[]) AS wanted(code)
"""

VERSION_COUNTS = """
SELECT version, count(*) FROM assignments.applied_templates
WHERE industry_code = $1 AND version = ANY($2::integer[]) GROUP BY version
"""


class ModuleOrganization(Struct, frozen=True):
    """An organization that has a module, and why."""

    organization_id: str
    name: str
    status: OrganizationStatus
    sources: Sequence[Source]


class ModuleOrganizationPage(Struct, frozen=True):
    """Organizations that have a module. `next_cursor` is null on the last page only.

    A page may have fewer items than `limit`, even none. `count` is of all organizations that have the module, whatever
    the filter; above a thousand it may lag a moment behind the items.
    """

    items: Sequence[ModuleOrganization]
    count: int
    next_cursor: str | None


class IndustryOrganization(Struct, frozen=True):
    """An organization that has a template applied, in this version."""

    organization_id: str
    name: str
    version: int


class PostgresAssigneeLists:
    def __init__(
        self,
        database: Database,
        modules: ModuleSummaries,
        templates: TemplateCatalog,
        labels: OrganizationLabels,
        organizations: OrganizationsWithModule,
    ) -> None:
        self._database = database
        self._modules = modules
        self._templates = templates
        self._labels = labels
        self._organizations = organizations

    async def with_module(self, module_id: str, search: OrganizationSearch) -> ModuleOrganizationPage | None:
        """Return None when the module is unknown or deleted. Raise `BadCursor`."""
        async with self._database.snapshot() as transaction:
            if not await module_exists(self._modules, transaction, module_id):
                return None
            count = await transaction.fetchval(EXACT_COUNT, module_id)
            if count > EXACT_UP_TO:
                count = max(count, await transaction.fetchval(COUNTED, module_id))
        page, next_cursor = await self._organizations.page(module_id, search)
        async with self._database.snapshot() as transaction:
            rows = await transaction.fetch(SOURCES_OF, module_id, [one.organization_id for one in page])
        sources = dict(map(tuple, rows))
        items = [
            ModuleOrganization(one.organization_id, one.name, one.status, SOURCES.decode(sources[one.organization_id]))
            for one in page
            if one.organization_id in sources  # not if the module was removed in between
        ]
        return ModuleOrganizationPage(items, count, next_cursor)

    async def with_template(
        self, industry_code: str, version: str | None, after: tuple[int, str], limit: int
    ) -> Sequence[IndustryOrganization] | None:
        """Return at most `limit` after this version and id, older versions first; None when the code never existed."""
        async with self._database.snapshot() as transaction:
            template = (await self._templates.templates(transaction, {industry_code: ()})).get(industry_code)
            if template is None:
                return None
            current = template.version
            older_than = current if version == "older" else None
            exact = None if version in {None, "older"} else current if version == "current" else int(version or 0)
            rows = await transaction.fetch(BY_VERSION, industry_code, *after, limit, *version_range(exact, older_than))
            labels = await self._labels.labels(transaction, [id_ for _, id_ in rows])
        return [IndustryOrganization(id_, labels[id_].name, version) for version, id_ in rows]


class PostgresAssignees:
    """Requires a transaction with sequential scans switched off."""

    async def with_module(self, transaction: Transaction, limit: int, *, module_id: str) -> Sequence[str]:
        return ids(await transaction.fetch(WITH_MODULE, module_id, limit))

    async def having_module(
        self, transaction: Transaction, organization_ids: Sequence[str], *, module_id: str
    ) -> frozenset[str]:
        return frozenset(ids(await transaction.fetch(HAVING_MODULE, module_id, organization_ids)))

    async def with_template(
        self,
        transaction: Transaction,
        limit: int,
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> Sequence[str]:
        versions = version_range(version, older_than)
        return ids(await transaction.fetch(WITH_TEMPLATE, industry_code, limit, *versions))

    async def having_template(
        self,
        transaction: Transaction,
        organization_ids: Sequence[str],
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> frozenset[str]:
        versions = version_range(version, older_than)
        return frozenset(ids(await transaction.fetch(HAVING_TEMPLATE, industry_code, organization_ids, *versions)))


class PostgresAssignedModules:
    async def organizations(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, int]:
        return dict(await transaction.fetch(MODULE_COUNTS, list(module_ids)))


class PostgresAppliedTemplates:
    async def organizations(self, transaction: Transaction, industry_codes: Collection[str]) -> Mapping[str, int]:
        return dict(await transaction.fetch(TEMPLATE_COUNTS, list(industry_codes)))

    async def by_version(
        self, transaction: Transaction, industry_code: str, versions: Collection[int]
    ) -> Mapping[int, int]:
        return dict(await transaction.fetch(VERSION_COUNTS, industry_code, list(versions)))


def version_range(version: int | None, older_than: int | None) -> tuple[int, int]:
    """Return the lowest and the highest version; the range is empty when the highest is below the lowest."""
    lowest, highest = (1, LAST_VERSION) if version is None else (version, version)
    return lowest, highest if older_than is None else min(highest, older_than - 1)


def ids(rows: Sequence[Any]) -> list[str]:
    return [row[0] for row in rows]
