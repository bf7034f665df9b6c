"""Which configs do not fit their module's schema, searched page by page in bounded memory and time."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from typing import Any

from msgspec import Struct

from assignments.adapters.postgres import CONFIG, SOURCES
from assignments.ports import ModuleCatalog, OrganizationLabels, TemplateCatalog, TemplatesWithModule
from assignments.state import Sources, template_sources, template_versions
from organizations.contract import OrganizationStatus
from registry.contract import ConfigImpact
from shared.concurrency import in_slices
from shared.errors import FieldError
from shared.json.documents import capped
from shared.json.layered_config import ConfigRules
from shared.ports import Database, Transaction

# The order of application matters, and is read, only where several sources may be templates.
ASSIGNED = """
SELECT organization_id, config, sources,
  CASE WHEN jsonb_array_length(sources) > 1 THEN
    ARRAY(SELECT t.industry_code FROM assignments.applied_templates t
          WHERE t.organization_id = a.organization_id ORDER BY t.place)
  ELSE '{}' END
FROM assignments.assignments a WHERE module_id = $1 AND organization_id > $2 ORDER BY organization_id LIMIT $3
"""

ROWS = 500
CACHED = 1000
CACHED_BYTES = 4000
MAX_ERRORS = 10
COUNT_SECONDS = 1.0
PAGE_SECONDS = 2.0
LINK = "/api/v1/module-registry/{module_id}/violations"

Errors = Sequence[FieldError]
Reading = Callable[[], AbstractAsyncContextManager[Transaction]]


class OrganizationViolation(Struct, frozen=True):
    """An organization whose config does not fit, and its first errors."""

    organization_id: str
    name: str
    status: OrganizationStatus
    errors: Errors


class TemplateViolation(Struct, frozen=True):
    """A template whose current version, by itself, gives the module a config that does not fit."""

    industry_code: str
    industry_name: str
    version: int
    is_required: bool
    errors: Errors


class Violations(Struct, frozen=True):
    """One page. `reached`: the id to continue after; None at the end."""

    organizations: Sequence[OrganizationViolation]
    templates: Sequence[TemplateViolation]
    reached: str | None


class ViolationScan:
    """One scan of the organizations that have a module. Results are cached: most configs are empty or equal."""

    def __init__(self, templates: TemplateCatalog, module_id: str, rules: ConfigRules) -> None:
        self._templates = templates
        self._module_id = module_id
        self._rules = rules
        self._configs: dict[tuple[str, int], dict[str, Any]] = {}
        self._results: dict[Any, Errors] = {}

    async def pages(
        self, reading: Reading, after: str, seconds: float
    ) -> AsyncGenerator[tuple[str | None, Sequence[tuple[str, Errors]]]]:
        """Yield the last id of each page (None: it is the last page) and the violators after `after`, by id.

        Each page is read in one snapshot. No page begins after `seconds`.
        """
        until = asyncio.get_running_loop().time() + seconds
        end: str | None = after
        while end is not None and (end == after or asyncio.get_running_loop().time() < until):
            async with reading() as transaction:
                rows = await transaction.fetch(ASSIGNED, self._module_id, end, ROWS)
                checked = [(row[0], await self._errors(transaction, row)) async for row in in_slices(rows)]
            end = rows[-1][0] if len(rows) == ROWS else None
            yield end, [(organization_id, errors) for organization_id, errors in checked if errors]

    async def _errors(self, transaction: Transaction, row: Any) -> Errors:
        _, config, sources, applied = row
        key = (config, sources, *applied)
        if key in self._results:
            return self._results[key]
        layers = await self._layers(transaction, SOURCES.decode(sources), applied)
        errors = capped(self._rules.errors([*layers, CONFIG.decode(config)]))[:MAX_ERRORS]
        if len(config) + len(sources) <= CACHED_BYTES:
            if len(self._results) >= CACHED:
                self._results.clear()
            self._results[key] = errors
        return errors

    async def _layers(
        self, transaction: Transaction, sources: Sources, applied: Sequence[str]
    ) -> Sequence[dict[str, Any]]:
        return [
            await self._template_config(transaction, code, version)
            for code, version in template_versions(template_sources(sources, applied))
        ]

    async def _template_config(self, transaction: Transaction, code: str, version: int) -> dict[str, Any]:
        if (code, version) not in self._configs:
            if len(self._configs) >= CACHED:
                self._configs.clear()
            found = await self._templates.templates(transaction, {code: [version]})
            entries = found[code].versions.get(version, ()) if code in found else ()
            given = {entry.module_id: entry.default_config for entry in entries}
            self._configs[code, version] = given.get(self._module_id, {})
        return self._configs[code, version]


class ConfigViolations:
    def __init__(
        self,
        database: Database,
        modules: ModuleCatalog,
        templates: TemplateCatalog,
        listing: TemplatesWithModule,
        organizations: OrganizationLabels,
    ) -> None:
        self._database = database
        self._modules = modules
        self._templates = templates
        self._listing = listing
        self._organizations = organizations

    async def count(self, module_id: str, rules: ConfigRules, transaction: Transaction | None = None) -> ConfigImpact:
        """Count for about a second, in snapshots of its own unless a transaction is given."""
        reading: Reading = self._database.snapshot if transaction is None else lambda: nullcontext(transaction)
        async with reading() as opened:
            templates = await self._violating_templates(opened, module_id, rules)
        count, reached = 0, None
        async for end, found in ViolationScan(self._templates, module_id, rules).pages(reading, "", COUNT_SECONDS):
            count, reached = count + len(found), end
        codes = [template.industry_code for template in templates]
        return ConfigImpact(count, reached is not None, codes, LINK.format(module_id=module_id))

    async def violations(self, module_id: str, after: str, limit: int) -> Violations | None:
        """Return at most `limit` after `after`, or what two seconds yield; None if the module is unknown or deleted."""
        async with self._database.snapshot() as transaction:
            module = (await self._modules.modules(transaction, [module_id])).get(module_id)
            if module is None or module.status == "deleted":
                return None
            if module.rules is None:
                return Violations([], [], None)
            templates = await self._violating_templates(transaction, module_id, module.rules)
        found, reached = await self._violators(module_id, module.rules, after, limit)
        async with self._database.snapshot() as transaction:
            labels = await self._organizations.labels(transaction, list(found))
        organizations = [
            OrganizationViolation(id_, labels[id_].name, labels[id_].status, errors) for id_, errors in found.items()
        ]
        return Violations(organizations, templates, reached)

    async def _violators(
        self, module_id: str, rules: ConfigRules, after: str, limit: int
    ) -> tuple[Mapping[str, Errors], str | None]:
        found: list[tuple[str, Errors]] = []
        reached: str | None = None
        pages = ViolationScan(self._templates, module_id, rules).pages(self._database.snapshot, after, PAGE_SECONDS)
        async with aclosing(pages):
            async for end, page in pages:
                found.extend(page)
                if len(found) > limit:
                    return dict(found[:limit]), found[limit - 1][0]
                reached = end
        return dict(found), reached

    async def _violating_templates(
        self, transaction: Transaction, module_id: str, rules: ConfigRules
    ) -> Sequence[TemplateViolation]:
        listed = await self._listing.with_module(transaction, module_id)
        checked = [(one, capped(rules.errors([one.default_config]))[:MAX_ERRORS]) async for one in in_slices(listed)]
        return [
            TemplateViolation(one.industry_code, one.industry_name, one.version, one.is_required, errors)
            for one, errors in checked
            if errors
        ]
