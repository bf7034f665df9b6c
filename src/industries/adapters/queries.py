"""Reads of templates: for the API, and in the transactions of other contexts, whose ports the seams bind to them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from industries.adapters.postgres import CONFIG, MODULE_LIST, STATUS, module_list
from industries.contract import IndustryFact, TemplateFact, TemplateObstacle, TemplateOfModule
from industries.events import TemplateModule
from industries.facts import config_errors_of, state_of
from industries.ports import AppliedTemplates, ModuleCatalog
from industries.views import BlockingModule, IndustryDetails, IndustryModule, IndustryModules, IndustryVersion
from registry.contract import ModuleFact, ModuleSummary
from shared.concurrency import in_slices
from shared.lists.text_search import SORT_KEY
from shared.ports import Database, Transaction
from shared.postgres.rows import read_row

DETAILS = """
SELECT t.industry_code, t.industry_name, t.description, t.is_active, t.version, t.sequence, t.created_at, t.updated_at,
       count(m.module_id) AS module_count,
       coalesce(array_agg(m.module_id ORDER BY m.display_order) FILTER (WHERE m.is_required), '{}') AS required
FROM industries.industry_templates t
LEFT JOIN industries.industry_module_templates m ON m.template_id = t.id AND m.version = t.version
"""

EXISTING = f"{DETAILS} WHERE NOT t.is_deleted GROUP BY t.id ORDER BY t.{SORT_KEY}, t.industry_code"
ACTIVE = f"{DETAILS} WHERE NOT t.is_deleted AND t.is_active GROUP BY t.id ORDER BY t.{SORT_KEY}, t.industry_code"
SOME = f"{DETAILS} WHERE NOT t.is_deleted AND t.industry_code = ANY($1::text[]) GROUP BY t.id"
ONE = f"{DETAILS} WHERE NOT t.is_deleted AND t.industry_code = $1 GROUP BY t.id"

CONTENTS = f"""
SELECT t.industry_code, t.industry_name, t.is_active, t.version, t.sequence,
  {module_list("v.template_id", "v.version")} AS modules
FROM industries.industry_templates t
JOIN industries.industry_template_versions v ON v.template_id = t.id AND v.version = t.version
WHERE NOT t.is_deleted AND t.industry_code = $1
"""

CURRENT = "SELECT version FROM industries.industry_templates WHERE NOT is_deleted AND industry_code = $1"

VERSIONS = f"""
SELECT v.version, v.published_at, {module_list("v.template_id", "v.version")} AS modules
FROM industries.industry_templates t
JOIN industries.industry_template_versions v ON v.template_id = t.id
WHERE t.industry_code = $1 AND v.version < $2 ORDER BY v.version DESC LIMIT $3
"""

SUMMARIES = f"""
SELECT t.industry_code, t.industry_name, {STATUS}, t.version,
       array(SELECT m.module_id FROM industries.industry_module_templates m
             WHERE m.template_id = t.id AND m.version = t.version AND m.is_required ORDER BY m.display_order)
FROM industries.industry_templates t WHERE t.industry_code = ANY($1::text[])
"""

PRESENT_NAMES = """
SELECT industry_code, industry_name FROM industries.industry_templates
WHERE industry_code = ANY($1::text[]) AND NOT is_deleted
"""

PUBLISHED = f"""
SELECT t.industry_code, {STATUS}, t.version, v.version, {module_list("v.template_id", "v.version")}
FROM industries.industry_templates t
JOIN industries.industry_template_versions v ON v.template_id = t.id
WHERE t.industry_code = ANY($1::text[])
  AND (v.version = t.version OR (t.industry_code, v.version) IN (SELECT * FROM unnest($2::text[], $3::integer[])))
"""

CURRENT_VERSIONS = "SELECT industry_code, version FROM industries.industry_templates WHERE NOT is_deleted"

ACTIVE_TEMPLATES = """
SELECT m.module_id, array_agg(t.industry_code ORDER BY t.industry_code COLLATE "C")
FROM industries.industry_module_templates m
JOIN industries.industry_templates t ON t.id = m.template_id AND t.version = m.version
WHERE m.module_id = ANY($1::text[]) AND t.is_active AND NOT t.is_deleted
GROUP BY m.module_id
"""

WITH_MODULE = """
SELECT t.industry_code, t.industry_name, t.version, m.is_required, m.default_config
FROM industries.industry_module_templates m
JOIN industries.industry_templates t ON t.id = m.template_id AND t.version = m.version
WHERE m.module_id = $1 AND NOT t.is_deleted ORDER BY t.industry_code COLLATE "C"
"""

REQUIRED_CONFIGS = """
SELECT t.industry_code, m.module_id, m.default_config
FROM industries.industry_module_templates m
JOIN industries.industry_templates t ON t.id = m.template_id AND t.version = m.version
WHERE t.industry_code = ANY($1::text[]) AND m.module_id = ANY($2::text[]) AND m.is_required
"""


class PostgresIndustryReader:
    """Existing templates, inactive ones too unless stated otherwise."""

    def __init__(self, database: Database, modules: ModuleCatalog, applied: AppliedTemplates) -> None:
        self._database = database
        self._modules = modules
        self._applied = applied

    async def existing(self) -> Sequence[IndustryDetails]:
        return await self._details(EXISTING)

    async def active(self) -> Sequence[IndustryDetails]:
        return await self._details(ACTIVE)

    async def industry(self, industry_code: str) -> IndustryDetails | None:
        return next(iter(await self._details(ONE, industry_code)), None)

    async def described(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, IndustryDetails]:
        described = await self._described(transaction, SOME, industry_codes)
        return {industry.industry_code: industry for industry in described}

    async def _details(self, query: str, *args: Any) -> Sequence[IndustryDetails]:
        async with self._database.snapshot() as transaction:
            return await self._described(transaction, query, *args)

    async def _described(self, transaction: Transaction, query: str, *args: Any) -> Sequence[IndustryDetails]:
        rows = await transaction.fetch(query, *args)
        required = {row["industry_code"]: row["required"] for row in rows}
        blocking = await blocked_by(transaction, self._modules, required)
        ids = sorted({module_id for states in blocking.values() for module_id in states})
        known = await self._modules.summaries(transaction, ids) if ids else {}
        return [details(row, blocking_modules(blocking[row["industry_code"]], known)) for row in rows]

    async def modules(self, industry_code: str) -> IndustryModules | None:
        async with self._database.snapshot() as transaction:
            row = await transaction.fetchrow(CONTENTS, industry_code)
            if row is None:
                return None
            listed = MODULE_LIST.decode(row["modules"])
            ids = [module.module_id for module in listed]
            known = await self._modules.summaries(transaction, ids)
            facts = await self._modules.modules(transaction, ids)
        items = [
            described_module(module, known.get(module.module_id), facts.get(module.module_id), place)
            async for place, module in in_slices(enumerate(listed, 1))
        ]
        states = {item.module_id: item.state for item in items if item.is_required and item.state != "assignable"}
        blocking = blocking_modules(states, known)
        return read_row(
            IndustryModules,
            row,
            applicable=row["is_active"] and not blocking,
            blocked_by=[module.module_id for module in blocking],
            blocking=blocking,
            items=items,
        )

    async def versions(self, industry_code: str, before: int, limit: int) -> Sequence[IndustryVersion] | None:
        """Return up to `limit` published lists before the number `before`, newest first; None as in `industry`."""
        async with self._database.snapshot() as transaction:
            current = await transaction.fetchval(CURRENT, industry_code)
            rows = await transaction.fetch(VERSIONS, industry_code, before, limit)
            having = await self._applied.by_version(transaction, industry_code, [row["version"] for row in rows])
        if current is None:
            return None
        return [
            IndustryVersion(
                version, published_at, version == current, having.get(version, 0), MODULE_LIST.decode(modules)
            )
            for version, published_at, modules in rows
        ]


def blocking_modules(
    states: Mapping[str, TemplateObstacle], known: Mapping[str, ModuleSummary]
) -> Sequence[BlockingModule]:
    names = {module_id: summary.module_name for module_id, summary in known.items()}
    return [BlockingModule(module_id, names.get(module_id), state) for module_id, state in states.items()]


def details(row: Any, blocking: Sequence[BlockingModule]) -> IndustryDetails:
    return read_row(
        IndustryDetails,
        row,
        required_count=len(row["required"]),
        applicable=row["is_active"] and not blocking,
        blocked_by=[module.module_id for module in blocking],
        blocking=blocking,
    )


def described_module(
    module: TemplateModule, summary: ModuleSummary | None, fact: ModuleFact | None, place: int
) -> IndustryModule:
    return IndustryModule(
        module_id=module.module_id,
        module_name=summary.module_name if summary else None,
        description=summary.description if summary else None,
        category=summary.category if summary else None,
        icon=text_in(summary, "icon"),
        color=text_in(summary, "color"),
        is_required=module.is_required,
        default_config=module.default_config,
        display_order=place,
        config_errors=config_errors_of(fact, module.default_config),
        state=state_of(fact, module.default_config),
    )


def text_in(summary: ModuleSummary | None, name: str) -> str | None:
    value = summary.metadata.get(name) if summary else None
    return value if isinstance(value, str) else None


class PostgresTemplateCatalog:
    def __init__(self, modules: ModuleCatalog) -> None:
        self._modules = modules

    async def industries(self, transaction: Transaction, industry_codes: Collection[str]) -> Mapping[str, IndustryFact]:
        """Return the templates by code, including deleted ones, each with the modules that block it."""
        rows = await transaction.fetch(SUMMARIES, list(industry_codes))
        blocking = await blocked_by(transaction, self._modules, {row[0]: row[4] for row in rows})
        return {
            code: IndustryFact(status, industry_name, version, blocking[code])
            for code, industry_name, status, version, _ in rows
        }

    async def names(self, transaction: Transaction, industry_codes: Collection[str]) -> Mapping[str, str]:
        """Return the names of existing templates by code."""
        return dict(await transaction.fetch(PRESENT_NAMES, list(industry_codes)))

    async def templates(
        self, transaction: Transaction, versions: Mapping[str, Collection[int]]
    ) -> Mapping[str, TemplateFact]:
        """Return, by code, the current and the requested versions, without those that never existed."""
        numbers = sorted({(code, version) for code, wanted in versions.items() for version in wanted})
        rows = await transaction.fetch(
            PUBLISHED, sorted(versions), [code for code, _ in numbers], [version for _, version in numbers]
        )
        lists: dict[str, dict[int, Sequence[TemplateModule]]] = {row[0]: {} for row in rows}
        async for row in in_slices(rows):
            lists[row[0]][row[3]] = MODULE_LIST.decode(row[4])
        return {code: TemplateFact(status, version, lists[code]) for code, status, version, *_ in rows}

    async def active_templates(
        self, transaction: Transaction, module_ids: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        return dict(await transaction.fetch(ACTIVE_TEMPLATES, module_ids))

    async def current(self, transaction: Transaction) -> Mapping[str, int]:
        return dict(await transaction.fetch(CURRENT_VERSIONS))

    async def with_module(self, transaction: Transaction, module_id: str) -> Sequence[TemplateOfModule]:
        rows = await transaction.fetch(WITH_MODULE, module_id)
        return [read_row(TemplateOfModule, row, default_config=CONFIG.decode(row["default_config"])) for row in rows]


async def blocked_by(
    transaction: Transaction, modules: ModuleCatalog, required: Mapping[str, Sequence[str]]
) -> Mapping[str, Mapping[str, TemplateObstacle]]:
    """Return the required modules that a new organization cannot get, and why, by template and module."""
    named = sorted({module_id for ids in required.values() for module_id in ids})
    known = await modules.modules(transaction, named) if named else {}
    ruled = [module_id for module_id, module in known.items() if module.rules is not None]
    rows = await transaction.fetch(REQUIRED_CONFIGS, list(required), ruled) if ruled else []
    configs = {(code, module_id): CONFIG.decode(config) for code, module_id, config in rows}
    blocking: dict[str, Mapping[str, TemplateObstacle]] = {}
    async for code in in_slices(required):
        states = {id_: state_of(known.get(id_), configs.get((code, id_), {})) for id_ in required[code]}
        blocking[code] = {module_id: state for module_id, state in states.items() if state != "assignable"}
    return blocking
