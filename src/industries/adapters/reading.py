"""What people see of templates, straight from the tables and judged by the registry."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from industries.adapters.catalog import MODULE_LIST, MODULES_OF_VERSION, blocked_by
from industries.events import TemplateModule
from industries.facts import ModuleState, config_errors_of, state_of
from industries.ports import AppliedTemplates, ModuleCatalog
from registry.contract import ModuleFact, ModuleSummary
from shared.concurrency import in_slices
from shared.errors import FieldError
from shared.lists.text_search import SORT_KEY
from shared.ports import Database, Transaction

DETAILS = """
SELECT t.industry_code, t.industry_name, t.description, t.is_active, t.version, t.sequence, t.created_at, t.updated_at,
       count(m.module_id) AS modules,
       coalesce(array_agg(m.module_id ORDER BY m.display_order) FILTER (WHERE m.is_required), '{}') AS required
FROM industries.industry_templates t
LEFT JOIN industries.industry_module_templates m ON m.template_id = t.id AND m.version = t.version
"""

LIVING = f"{DETAILS} WHERE NOT t.is_deleted GROUP BY t.id ORDER BY t.{SORT_KEY}, t.industry_code"
ACTIVE = f"{DETAILS} WHERE NOT t.is_deleted AND t.is_active GROUP BY t.id ORDER BY t.{SORT_KEY}, t.industry_code"
SOME = f"{DETAILS} WHERE NOT t.is_deleted AND t.industry_code = ANY($1::text[]) GROUP BY t.id"
ONE = f"{DETAILS} WHERE NOT t.is_deleted AND t.industry_code = $1 GROUP BY t.id"

CONTENTS = f"""
SELECT t.industry_name, t.is_active, t.version, t.sequence, {MODULES_OF_VERSION} AS modules
FROM industries.industry_templates t
JOIN industries.industry_template_versions v ON v.template_id = t.id AND v.version = t.version
WHERE NOT t.is_deleted AND t.industry_code = $1
"""

CURRENT = "SELECT version FROM industries.industry_templates WHERE NOT is_deleted AND industry_code = $1"

VERSIONS = f"""
SELECT v.version, v.published_at, {MODULES_OF_VERSION} AS modules
FROM industries.industry_templates t
JOIN industries.industry_template_versions v ON v.template_id = t.id
WHERE t.industry_code = $1 AND v.version < $2 ORDER BY v.version DESC LIMIT $3
"""


class BlockingModule(Struct, frozen=True):
    """A required module that keeps a template from being applied, and why. Its name is null where it never was known.

    `config_invalid`: the config that the template alone gives it does not fit its schema.
    """

    module_id: str
    module_name: str | None
    state: Literal["inactive", "missing", "config_invalid"]


class IndustryDetails(Struct, frozen=True):
    """A living template as the API shows it.

    `module_count` and `required_count` are of the current version. An applicable template is active and has no required
    module that is missing, inactive or without a valid config; `blocked_by` names those, `blocking` says why.
    `sequence` is its stream's, for If-Match.
    """

    industry_code: str
    industry_name: str
    description: str
    is_active: bool
    version: int
    module_count: int
    required_count: int
    applicable: bool
    blocked_by: Sequence[str]
    blocking: Sequence[BlockingModule]
    sequence: int
    created_at: datetime
    updated_at: datetime


class IndustryModule(Struct, frozen=True):
    """A module of a template. Name, description and category are null where the registry never had it.

    `icon` and `color` are those of the module's metadata, null where it has none: the rest of it is not for everybody.
    `config_errors` tell what its schema finds wrong, or missing, in the config that the template alone gives it.
    """

    module_id: str
    module_name: str | None
    description: str | None
    category: str | None
    icon: str | None
    color: str | None
    is_required: bool
    default_config: dict[str, Any]
    display_order: int
    config_errors: Sequence[FieldError]
    state: ModuleState


class IndustryModules(Struct, frozen=True):
    """The modules of a template's current version, in display order. `sequence` is the template's."""

    industry_code: str
    industry_name: str
    is_active: bool
    version: int
    applicable: bool
    blocked_by: Sequence[str]
    blocking: Sequence[BlockingModule]
    sequence: int
    items: Sequence[IndustryModule]


class IndustryVersion(Struct, frozen=True):
    """A published list, in display order. `organizations` have the template applied in this version."""

    version: int
    published_at: datetime
    is_current: bool
    organizations: int
    modules: Sequence[TemplateModule]


class PostgresIndustryReader:
    """Living templates, inactive ones too where it is not said otherwise."""

    def __init__(self, database: Database, modules: ModuleCatalog, applied: AppliedTemplates) -> None:
        self._database = database
        self._modules = modules
        self._applied = applied

    async def living(self) -> Sequence[IndustryDetails]:
        """All of them, by name."""
        return await self._details(LIVING)

    async def active(self) -> Sequence[IndustryDetails]:
        """The active ones, by name."""
        return await self._details(ACTIVE)

    async def industry(self, industry_code: str) -> IndustryDetails | None:
        """One of them; None when it is absent or deleted."""
        return next(iter(await self._details(ONE, industry_code)), None)

    async def described(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, IndustryDetails]:
        """The living ones among them, by code."""
        found = await self._described(transaction, SOME, industry_codes)
        return {industry.industry_code: industry for industry in found}

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
        """The modules of one of them, as the registry knows them now."""
        async with self._database.snapshot() as transaction:
            row = await transaction.fetchrow(CONTENTS, industry_code)
            if row is None:
                return None
            listed = MODULE_LIST.decode(row["modules"])
            ids = [module.module_id for module in listed]
            known = await self._modules.summaries(transaction, ids)
            facts = await self._modules.modules(transaction, ids)
        items = [
            shown(module, known.get(module.module_id), facts.get(module.module_id), place)
            async for place, module in in_slices(enumerate(listed, 1))
        ]
        states = {item.module_id: item.state for item in items if item.is_required and item.state != "assignable"}
        blocking = blocking_modules(states, known)
        return IndustryModules(
            industry_code=industry_code,
            industry_name=row["industry_name"],
            is_active=row["is_active"],
            version=row["version"],
            applicable=row["is_active"] and not blocking,
            blocked_by=[module.module_id for module in blocking],
            blocking=blocking,
            sequence=row["sequence"],
            items=items,
        )

    async def versions(self, industry_code: str, before: int, limit: int) -> Sequence[IndustryVersion] | None:
        """Up to `limit` published lists with smaller numbers than `before`, newest first; None as in `industry`."""
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


def blocking_modules(states: Mapping[str, ModuleState], known: Mapping[str, ModuleSummary]) -> Sequence[BlockingModule]:
    """The modules that block a template, with their names."""
    return [
        BlockingModule(module_id, known[module_id].module_name if module_id in known else None, state)
        for module_id, state in states.items()
        if state != "assignable"
    ]


def details(row: Any, blocking: Sequence[BlockingModule]) -> IndustryDetails:
    """A row of `DETAILS`, with the required modules that keep it from being applied."""
    return IndustryDetails(
        industry_code=row["industry_code"],
        industry_name=row["industry_name"],
        description=row["description"],
        is_active=row["is_active"],
        version=row["version"],
        module_count=row["modules"],
        required_count=len(row["required"]),
        applicable=row["is_active"] and not blocking,
        blocked_by=[module.module_id for module in blocking],
        blocking=blocking,
        sequence=row["sequence"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def shown(module: TemplateModule, summary: ModuleSummary | None, fact: ModuleFact | None, place: int) -> IndustryModule:
    """A listed module, with what the registry knows of it."""
    name, description, category = (
        (summary.module_name, summary.description, summary.category) if summary else (None, None, None)
    )
    return IndustryModule(
        module_id=module.module_id,
        module_name=name,
        description=description,
        category=category,
        icon=text_in(summary, "icon"),
        color=text_in(summary, "color"),
        is_required=module.is_required,
        default_config=module.default_config,
        display_order=place,
        config_errors=config_errors_of(fact, module.default_config),
        state=state_of(fact, module.default_config),
    )


def text_in(summary: ModuleSummary | None, name: str) -> str | None:
    """A text of a module's metadata; None when it is absent or no text."""
    value = summary.metadata.get(name) if summary else None
    return value if isinstance(value, str) else None
