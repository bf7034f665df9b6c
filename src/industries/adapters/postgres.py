"""The templates' rows: the tables, their part of the write path's transaction, what other contexts may know."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
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
from industries.domain import Industry, IndustryFacts, name_key, published_versions
from industries.events import TemplateModule
from industries.ports import AppliedTemplates, ModuleCatalog
from shared.concurrency import in_slices
from shared.lists.text_search import AT_ONCE, SORT_KEY, WORDS, search_column, sort_column
from shared.ports import Change, Transaction
from shared.postgres.database import metadata
from shared.text.forms import search_text, sort_key

TEMPLATES = uuid5(NAMESPACE_URL, "urn:modplane:industry-templates")
NOW = text("now()")

LIVES = text("NOT is_deleted")

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
    search_column(),
    sort_column(),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("uq_industry_templates_name_key", "name_key", unique=True, postgresql_where=LIVES),
    Index("ix_industry_templates_name", SORT_KEY, "industry_code", postgresql_where=LIVES),
    Index("ix_industry_templates_updated_at", "updated_at", "industry_code", postgresql_where=LIVES),
    Index("ix_industry_templates_words", text(WORDS), postgresql_using="gin", postgresql_with=AT_ONCE),
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
  is_deleted, version, sequence, search_text, sort_key)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::boolean[],
                     $8::integer[], $9::bigint[], $10::text[], $11::text[])
ON CONFLICT (id) DO UPDATE SET industry_name = excluded.industry_name, name_key = excluded.name_key,
  description = excluded.description, is_active = excluded.is_active, is_deleted = excluded.is_deleted,
  version = excluded.version, sequence = excluded.sequence, search_text = excluded.search_text,
  sort_key = excluded.sort_key, updated_at = now()
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


class IndustryTables:
    """The templates' part of the write path's transaction."""

    def __init__(self, modules: ModuleCatalog, applied: AppliedTemplates) -> None:
        self._modules = modules
        self._applied = applied

    async def lock_references(self, transaction: Transaction, commands: Sequence[Command]) -> None:
        """No foreign head matters to a template."""

    async def facts(
        self, transaction: Transaction, work: Sequence[tuple[Industry, Command]], *, dry_run: bool = False
    ) -> IndustryFacts:
        """The named modules with their rules, who holds the named names, and who has what is to be deleted."""
        commands = [command for _, command in work]
        deleted = sorted({command.industry_code for command in commands if isinstance(command, DeleteIndustry)})
        modules, names = named_modules(commands), named_names(commands)
        standings = await self._modules.standings(transaction, modules) if modules else {}
        return IndustryFacts(
            modules={id_: standing.status for id_, standing in standings.items()},
            rules={id_: standing.rules for id_, standing in standings.items() if standing.rules is not None},
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

    async def read_back(self, transaction: Transaction, aggregate_ids: Sequence[str]) -> Mapping[str, IndustryShown]:
        """What the rows tell, by code."""
        return await restored_industries(transaction, aggregate_ids)

    def comparable(self, state: Industry) -> IndustryShown:
        """What the state tells of the same."""
        return shown_industry(state)


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
        search_text(industry.industry_name, change.aggregate_id),
        sort_key(industry.industry_name),
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
