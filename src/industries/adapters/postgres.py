"""The tables of templates, and their part of the write path's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict
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

from industries.commands import Command, DeleteIndustry, UpdateIndustry
from industries.domain import Industry, TemplateImpact, published_versions
from industries.events import TemplateModule
from industries.facts import IndustryFacts, JudgedModule, judged, name_key
from industries.ports import AppliedTemplates, ModuleCatalog
from shared.concurrency import in_slices
from shared.lists.text_search import AT_ONCE, SORT_KEY, WORDS, search_column, sort_column
from shared.messages import stream_name
from shared.ports import Change, Transaction
from shared.postgres.database import metadata
from shared.postgres.rows import Insert, Upsert
from shared.text.forms import search_text, sort_key

TEMPLATES = uuid5(NAMESPACE_URL, "urn:modplane:industry-templates")
NOW = text("now()")

EXISTS = text("NOT is_deleted")

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
    Index("uq_industry_templates_name_key", "name_key", unique=True, postgresql_where=EXISTS),
    Index("ix_industry_templates_name", SORT_KEY, "industry_code", postgresql_where=EXISTS),
    Index("ix_industry_templates_updated_at", "updated_at", "industry_code", postgresql_where=EXISTS),
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

STATUS = "CASE WHEN t.is_deleted THEN 'deleted' WHEN t.is_active THEN 'active' ELSE 'inactive' END AS status"


def module_list(template_id: str, version: str) -> str:
    """Return the SQL of a version's modules as one JSON array, for columns of the query around it."""
    return f"""
(SELECT coalesce(json_agg(json_build_object('module_id', m.module_id, 'is_required', m.is_required,
                                            'default_config', m.default_config) ORDER BY m.display_order), '[]')
 FROM industries.industry_module_templates m WHERE m.template_id = {template_id} AND m.version = {version})
"""


ROWS = f"""
SELECT t.industry_code, t.name_key,
  array(SELECT v.version FROM industries.industry_template_versions v WHERE v.template_id = t.id ORDER BY v.version),
  {STATUS}, t.industry_name, t.description, t.version, {module_list("t.id", "t.version")}
FROM industries.industry_templates t WHERE t.industry_code = ANY($1::text[])
"""

NAMES = """
SELECT name_key, industry_code FROM industries.industry_templates WHERE NOT is_deleted AND name_key = ANY($1::text[])
"""


CONFIG = msgspec.json.Decoder(dict[str, Any])
MODULE_LIST = msgspec.json.Decoder(tuple[TemplateModule, ...])

FIELDS = ("industry_code", "industry_name", "name_key", "description", "is_active", "is_deleted", "version", "sequence")
SAVE_TEMPLATES = Upsert(industry_templates, ("id", *FIELDS, "search_text", "sort_key"))
ADD_VERSIONS = Insert(industry_template_versions, ("template_id", "version"))
ADD_MODULES = Insert(
    industry_module_templates,
    ("template_id", "version", "module_id", "is_required", "default_config", "display_order"),
)


class StoredIndustry(Struct, frozen=True):
    """A template as rows hold it, with its name's key and all published versions."""

    industry: Industry
    name_key: str
    published: Sequence[int]


class IndustryTables:
    def __init__(self, modules: ModuleCatalog, applied: AppliedTemplates) -> None:
        self._modules = modules
        self._applied = applied

    async def lock_references(self, transaction: Transaction, commands: Sequence[Command]) -> None:
        """Lock nothing: a template depends on no other stream's head."""

    async def facts(
        self, transaction: Transaction, work: Sequence[tuple[Industry, Command]], *, dry_run: bool = False
    ) -> IndustryFacts:
        commands = [command for _, command in work]
        deleted = sorted({command.industry_code for command in commands if isinstance(command, DeleteIndustry)})
        modules, names = modules_in(commands), name_keys_in(commands)
        known = await self._modules.modules(transaction, modules) if modules else {}
        return IndustryFacts(
            modules={id_: module.status for id_, module in known.items()},
            rules={id_: module.rules for id_, module in known.items() if module.rules is not None},
            names=dict(await transaction.fetch(NAMES, names)) if names else {},
            organizations=await self._applied.organizations(transaction, deleted) if deleted else {},
        )

    async def save(self, transaction: Transaction, changes: Sequence[Change], refused: Sequence[Command]) -> None:
        """Write the changed templates and add what they published; a published version is never written again."""
        in_order = sorted(changes, key=lambda change: change.aggregate_id)
        await SAVE_TEMPLATES.write(transaction, [template_row(change) for change in in_order])
        published = [
            {"template_id": template_id(change.aggregate_id), "version": version, "modules": modules}
            for change in in_order
            for version, modules in published_versions(change.before, change.commands)
        ]
        await ADD_VERSIONS.write(transaction, published)
        rows = [row async for version in in_slices(published) for row in module_rows(**version)]
        await ADD_MODULES.write(transaction, rows)

    async def read_back(self, transaction: Transaction, aggregate_ids: Sequence[str]) -> Mapping[str, StoredIndustry]:
        rows = await transaction.fetch(ROWS, aggregate_ids)
        return {
            code: StoredIndustry(
                Industry(status, name, description, version, MODULE_LIST.decode(modules)), key, published
            )
            for code, key, published, status, name, description, version, modules in rows
        }

    def comparable(self, state: Industry) -> StoredIndustry:
        return StoredIndustry(state, name_key(state.industry_name), list(range(1, state.version + 1)))

    async def impact(self, transaction: Transaction, command: Command) -> TemplateImpact | None:
        """Return the effect of deleting, switching or changing the list of a template; None of other commands."""
        fields = (command.is_active, command.modules) if isinstance(command, UpdateIndustry) else ()
        if not isinstance(command, DeleteIndustry) and all(field is UNSET for field in fields):
            return None
        code = command.industry_code
        listed = command.modules if isinstance(command, UpdateIndustry) else UNSET
        return TemplateImpact(
            organizations=(await self._applied.organizations(transaction, [code])).get(code, 0),
            modules=None if isinstance(listed, UnsetType) else await self._judged(transaction, listed),
        )

    async def _judged(self, transaction: Transaction, listed: Sequence[TemplateModule]) -> Sequence[JudgedModule]:
        known = await self._modules.modules(transaction, [entry.module_id for entry in listed])
        return [judged(entry, known.get(entry.module_id)) async for entry in in_slices(listed)]


def template_id(industry_code: str) -> UUID:
    return uuid5(TEMPLATES, industry_code)


def template_row(change: Change) -> dict[str, Any]:
    industry: Industry = change.after
    return asdict(industry) | {
        "id": template_id(change.aggregate_id),
        "industry_code": change.aggregate_id,
        "name_key": name_key(industry.industry_name),
        "is_active": industry.is_active,
        "is_deleted": industry.status == "deleted",
        "sequence": change.version,
        "search_text": search_text(industry.industry_name, change.aggregate_id),
        "sort_key": sort_key(industry.industry_name),
    }


def module_rows(template_id: UUID, version: int, modules: Sequence[TemplateModule]) -> list[dict[str, Any]]:
    return [
        asdict(module) | {"template_id": template_id, "version": version, "display_order": place}
        for place, module in enumerate(modules, 1)
    ]


def modules_in(commands: Sequence[Command]) -> list[str]:
    lists = [getattr(command, "modules", UNSET) for command in commands]
    return sorted({module.module_id for modules in lists if modules is not UNSET for module in modules})


def name_keys_in(commands: Sequence[Command]) -> list[str]:
    names = [getattr(command, "industry_name", UNSET) for command in commands]
    return sorted({name_key(name) for name in names if name is not UNSET})


def depends_on(_: Industry, facts: IndustryFacts, command: Command) -> Sequence[str]:
    codes = {facts.names[key] for key in name_keys_in([command]) if key in facts.names} - {command.industry_code}
    modules = (stream_name("registry", module_id) for module_id in modules_in([command]))
    return [*modules, *(stream_name("industries", code) for code in sorted(codes))]
