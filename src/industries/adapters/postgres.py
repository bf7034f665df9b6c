"""The templates' rows: the tables, their part of the write path's transaction, what other contexts may know."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

from industries.adapters.named import named_modules, named_names
from industries.adapters.restoring import IndustryShown, restored_industries, shown_industry
from industries.commands import Command, DeleteIndustry
from industries.domain import (
    Industry,
    IndustryFacts,
    ModuleStatus,
    blocked_by,
    name_key,
    published_versions,
)
from industries.events import TemplateModule
from industries.ports import AppliedTemplates, ModuleCatalog
from shared.adapters.postgres import metadata
from shared.ports import Change, Transaction
from shared.processor import in_slices

TEMPLATES = uuid5(NAMESPACE_URL, "urn:modplane:industry-templates")
NOW = text("now()")

industry_templates = Table(
    "industry_templates",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("industry_code", Text, nullable=False, unique=True),
    Column("industry_name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("uq_industry_templates_name_key", "name_key", unique=True, postgresql_where=text("NOT is_deleted")),
    schema="industries",
)

industry_template_versions = Table(
    "industry_template_versions",
    metadata,
    Column("template_id", Uuid, ForeignKey(industry_templates.c.id), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("published_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    schema="industries",
)

industry_module_templates = Table(
    "industry_module_templates",
    metadata,
    Column("template_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("module_id", Text, primary_key=True),
    Column("is_required", Boolean, nullable=False),
    Column("default_config", JSON, nullable=False),
    Column("display_order", Integer, nullable=False),
    ForeignKeyConstraint(
        ["template_id", "version"],
        [industry_template_versions.c.template_id, industry_template_versions.c.version],
    ),
    Index("ix_industry_module_templates_module_id", "module_id"),
    schema="industries",
)

SAVE_TEMPLATES = """
INSERT INTO industries.industry_templates AS t (id, industry_code, industry_name, name_key, description, is_active,
  is_deleted, version, sequence)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::boolean[],
                     $8::integer[], $9::bigint[])
ON CONFLICT (id) DO UPDATE SET industry_name = excluded.industry_name, name_key = excluded.name_key,
  description = excluded.description, is_active = excluded.is_active, is_deleted = excluded.is_deleted,
  version = excluded.version, sequence = excluded.sequence, updated_at = now()
"""

SAVE_VERSIONS = """
INSERT INTO industries.industry_template_versions (template_id, version)
SELECT * FROM unnest($1::uuid[], $2::integer[])
"""

SAVE_MODULES = """
INSERT INTO industries.industry_module_templates (template_id, version, module_id, is_required, default_config,
  display_order)
SELECT n.template_id, n.version, n.module_id, n.is_required, n.default_config::json, n.display_order
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::boolean[], $5::text[], $6::integer[])
  AS n(template_id, version, module_id, is_required, default_config, display_order)
"""

NAMES = """
SELECT name_key, industry_code FROM industries.industry_templates WHERE NOT is_deleted AND name_key = ANY($1::text[])
"""

SUMMARIES = """
SELECT t.industry_code, t.industry_name, t.is_active, t.is_deleted, t.version,
       array(SELECT m.module_id FROM industries.industry_module_templates m
             WHERE m.template_id = t.id AND m.version = t.version AND m.is_required ORDER BY m.display_order)
FROM industries.industry_templates t WHERE t.industry_code = ANY($1::text[])
"""

MODULES_OF_VERSION = """
(SELECT coalesce(json_agg(json_build_object('module_id', m.module_id, 'is_required', m.is_required,
                                            'default_config', m.default_config) ORDER BY m.display_order), '[]')
 FROM industries.industry_module_templates m WHERE m.template_id = v.template_id AND m.version = v.version)
"""

PUBLISHED = f"""
SELECT t.industry_code, t.industry_name, t.is_active, t.is_deleted, t.version, v.version, {MODULES_OF_VERSION}
FROM industries.industry_templates t
JOIN industries.industry_template_versions v ON v.template_id = t.id
WHERE t.industry_code = ANY($1::text[])
  AND (v.version = t.version OR (t.industry_code, v.version) IN (SELECT * FROM unnest($2::text[], $3::integer[])))
"""

ACTIVE_TEMPLATES = """
SELECT m.module_id, array_agg(t.industry_code ORDER BY t.industry_code COLLATE "C")
FROM industries.industry_module_templates m
JOIN industries.industry_templates t ON t.id = m.template_id AND t.version = m.version
WHERE m.module_id = ANY($1::text[]) AND t.is_active AND NOT t.is_deleted
GROUP BY m.module_id
"""

MODULE_LIST = msgspec.json.Decoder(tuple[TemplateModule, ...])


class TemplateSummary(Struct, frozen=True):
    """A template now; deleted ones too. `blocked_by` are its required modules that are missing or inactive."""

    status: ModuleStatus
    industry_name: str
    version: int
    blocked_by: Sequence[str]


class PublishedTemplate(Struct, frozen=True):
    """A template; deleted ones too. `version` is the current one; `versions` has modules in display order."""

    status: ModuleStatus
    industry_name: str
    version: int
    versions: Mapping[int, Sequence[TemplateModule]]


class IndustryTables:
    """The templates' part of the write path's transaction."""

    def __init__(self, modules: ModuleCatalog, applied: AppliedTemplates) -> None:
        self._modules = modules
        self._applied = applied

    async def shared_heads(self, transaction: Transaction, commands: Sequence[Command]) -> None:
        """No foreign head matters to a template."""

    async def facts(
        self, transaction: Transaction, work: Sequence[tuple[Industry, Command]], *, dry_run: bool = False
    ) -> IndustryFacts:
        """The named modules, who holds the named names, and who has what is to be deleted."""
        commands = [command for _, command in work]
        deleted = sorted({command.industry_code for command in commands if isinstance(command, DeleteIndustry)})
        modules, names = named_modules(commands), named_names(commands)
        return IndustryFacts(
            modules=await self._modules.statuses(transaction, modules) if modules else {},
            names=dict(await transaction.fetch(NAMES, names)) if names else {},
            organizations=await self._applied.organizations(transaction, deleted) if deleted else {},
        )

    async def save(self, transaction: Transaction, changes: Sequence[Change], refused: Sequence[Command]) -> None:
        """Upserts the changed templates and adds what they published; a published version is never written again."""
        if not changes:
            return
        in_order = sorted(changes, key=lambda change: change.aggregate_id)
        await transaction.execute(SAVE_TEMPLATES, *transposed([template_row(change) for change in in_order]))
        published = [
            (template_id(change.aggregate_id), version, modules)
            for change in in_order
            for version, modules in published_versions(change.before, change.commands)
        ]
        if published:
            await transaction.execute(SAVE_VERSIONS, *transposed([version[:2] for version in published]))
        rows = [row async for version in in_slices(published) for row in module_rows(*version)]
        if rows:
            await transaction.execute(SAVE_MODULES, *transposed(rows))

    async def restored(self, transaction: Transaction, aggregate_ids: Sequence[str]) -> Mapping[str, IndustryShown]:
        """What the rows tell, by code."""
        return await restored_industries(transaction, aggregate_ids)

    def shown(self, state: Industry) -> IndustryShown:
        """What the state tells of the same."""
        return shown_industry(state)


class PostgresTemplateCatalog:
    """What other contexts may know of templates, read in their transaction. Bound to their ports in the seams."""

    def __init__(self, modules: ModuleCatalog) -> None:
        self._modules = modules

    async def summaries(
        self, transaction: Transaction, industry_codes: Collection[str]
    ) -> Mapping[str, TemplateSummary]:
        """The templates now, judged by the registry, by code. Codes that never existed are left out."""
        rows = await transaction.fetch(SUMMARIES, list(industry_codes))
        required = sorted({module_id for row in rows for module_id in row[5]})
        statuses = await self._modules.statuses(transaction, required) if required else {}
        return {
            code: TemplateSummary(
                status_of(is_active, is_deleted), industry_name, version, blocked_by(module_ids, statuses)
            )
            for code, industry_name, is_active, is_deleted, version, module_ids in rows
        }

    async def templates(
        self, transaction: Transaction, versions: Mapping[str, Collection[int]]
    ) -> Mapping[str, PublishedTemplate]:
        """By code: the current version and those asked for, with their modules.

        Codes that never existed and versions that were never published are left out.
        """
        asked = sorted({(code, version) for code, wanted in versions.items() for version in wanted})
        rows = await transaction.fetch(
            PUBLISHED, sorted(versions), [code for code, _ in asked], [version for _, version in asked]
        )
        lists: dict[str, dict[int, Sequence[TemplateModule]]] = {row[0]: {} for row in rows}
        async for row in in_slices(rows):
            lists[row[0]][row[5]] = MODULE_LIST.decode(row[6])
        return {row[0]: PublishedTemplate(status_of(row[2], row[3]), row[1], row[4], lists[row[0]]) for row in rows}

    async def active_templates(
        self, transaction: Transaction, module_ids: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        """The active templates, codes sorted, whose current version has a module, by module id."""
        return dict(await transaction.fetch(ACTIVE_TEMPLATES, module_ids))


def template_id(industry_code: str) -> UUID:
    """The row id of a code, always the same."""
    return uuid5(TEMPLATES, industry_code)


def template_row(change: Change) -> tuple[Any, ...]:
    """A changed template's row."""
    industry: Industry = change.after
    return (
        template_id(change.aggregate_id),
        change.aggregate_id,
        industry.industry_name,
        name_key(industry.industry_name),
        industry.description,
        industry.is_active,
        industry.status == "deleted",
        industry.version,
        change.version,
    )


def module_rows(id_: UUID, version: int, modules: Sequence[TemplateModule]) -> list[tuple[Any, ...]]:
    """The rows of a published list; its order counts from 1."""
    return [
        (id_, version, module.module_id, module.is_required, msgspec.json.encode(module.default_config).decode(), place)
        for place, module in enumerate(modules, 1)
    ]


def transposed(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows as the columns that `unnest` takes. There is at least one row."""
    return list(zip(*rows, strict=True))


def status_of(is_active: bool, is_deleted: bool) -> ModuleStatus:
    """The status two columns tell."""
    return "deleted" if is_deleted else "active" if is_active else "inactive"
