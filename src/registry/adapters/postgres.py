"""The registry's rows: the table, its part of the write path's transaction, its readers."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSON

from registry.commands import ActivateModule, Command, DeactivateModule, DeleteModule
from registry.domain import Module, RegistryFacts, Usage
from registry.ports import AssignedModules, TemplateModules
from shared.lists.text_search import AT_ONCE, SORT_KEY, WORDS, search_column, sort_column
from shared.messages import stream_name
from shared.ports import Change, Transaction
from shared.postgres.database import PostgresDatabase, metadata
from shared.text.forms import search_text, sort_key

LIVES = text("NOT is_deleted")

module_registry = Table(
    "module_registry",
    metadata,
    Column("module_id", Text, primary_key=True),
    Column("module_name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("service_name", Text, nullable=False),
    Column("api_endpoint", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("default_config", JSON, nullable=False),
    Column("config_schema", JSON),
    Column("config_digest", Text),
    Column("is_active", Boolean, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    search_column(),
    sort_column(),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index("ix_module_registry_name", SORT_KEY, "module_id", postgresql_where=LIVES),
    Index("ix_module_registry_updated_at", "updated_at", "module_id", postgresql_where=LIVES),
    Index("ix_module_registry_words", text(WORDS), postgresql_using="gin", postgresql_with=AT_ONCE),
    schema="registry",
)

SAVE = """
INSERT INTO registry.module_registry AS m (module_id, module_name, description, category, service_name, api_endpoint,
  version, metadata, default_config, config_schema, config_digest, is_active, is_deleted, sequence, search_text,
  sort_key)
SELECT n.module_id, n.module_name, n.description, n.category, n.service_name, n.api_endpoint, n.version,
  n.metadata::json, n.default_config::json, n.config_schema::json, n.config_digest, n.is_active, n.is_deleted,
  n.sequence, n.search_text, n.sort_key
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::text[], $12::boolean[], $13::boolean[], $14::bigint[],
            $15::text[], $16::text[])
  AS n(module_id, module_name, description, category, service_name, api_endpoint, version, metadata, default_config,
       config_schema, config_digest, is_active, is_deleted, sequence, search_text, sort_key)
ON CONFLICT (module_id) DO UPDATE SET module_name = excluded.module_name, description = excluded.description,
  category = excluded.category, service_name = excluded.service_name, api_endpoint = excluded.api_endpoint,
  version = excluded.version, metadata = excluded.metadata, default_config = excluded.default_config,
  config_schema = excluded.config_schema, config_digest = excluded.config_digest, is_active = excluded.is_active,
  is_deleted = excluded.is_deleted, sequence = excluded.sequence, search_text = excluded.search_text,
  sort_key = excluded.sort_key, updated_at = now()
"""

STATES = """
SELECT module_id, is_active, is_deleted, module_name, description, category, service_name, api_endpoint, version,
  metadata, default_config, config_schema, config_digest
FROM registry.module_registry WHERE module_id = ANY($1::text[])
"""

COLUMNS = """
module_id, module_name, description, category, service_name, api_endpoint, version, metadata, default_config,
config_schema, is_active, sequence, created_at, updated_at
"""

LIVING = f"SELECT {COLUMNS} FROM registry.module_registry WHERE NOT is_deleted ORDER BY {SORT_KEY}, module_id"
ONE = f"SELECT {COLUMNS} FROM registry.module_registry WHERE NOT is_deleted AND module_id = $1"
LIVING_IDS = "SELECT module_id FROM registry.module_registry WHERE NOT is_deleted"

ModuleStatus = Literal["active", "inactive", "deleted"]


class ModuleDetails(Struct, frozen=True):
    """A living module as the API shows it. `sequence` is its stream's, for If-Match."""

    module_id: str
    module_name: str
    description: str
    category: str
    service_name: str
    api_endpoint: str
    version: str
    metadata: dict[str, Any]
    default_config: dict[str, Any]
    config_schema: dict[str, Any] | None
    is_active: bool
    sequence: int
    created_at: datetime
    updated_at: datetime


class ModuleShown(Struct, frozen=True):
    """What rows and state both tell: beside the module, the digest by which others know its rules."""

    module: Module
    config_digest: str | None


class RegistryTables:
    """The registry's part of the write path's transaction."""

    def __init__(self, assigned: AssignedModules, templates: TemplateModules) -> None:
        self._assigned = assigned
        self._templates = templates

    async def lock_references(self, transaction: Transaction, commands: Sequence[Command]) -> None:
        """No foreign head matters to a module."""

    async def facts(
        self, transaction: Transaction, work: Sequence[tuple[Module, Command]], *, dry_run: bool = False
    ) -> RegistryFacts:
        """Who has the modules that are to be deleted. Read after the exclusive lock, so no assignment slips by."""
        ids = sorted({command.module_id for _, command in work if isinstance(command, DeleteModule)})
        return RegistryFacts(await self._usage(transaction, ids) if ids else {})

    async def impact(self, transaction: Transaction, command: Command) -> Usage | None:
        """Who has a module that would end, or be switched on or off."""
        if not isinstance(command, DeleteModule | DeactivateModule | ActivateModule):
            return None
        return (await self._usage(transaction, [command.module_id]))[command.module_id]

    async def _usage(self, transaction: Transaction, ids: Sequence[str]) -> dict[str, Usage]:
        organizations = await self._assigned.organizations(transaction, ids)
        templates = await self._templates.active_templates(transaction, ids)
        return {id_: Usage(organizations.get(id_, 0), templates.get(id_, ())) for id_ in ids}

    async def save(self, transaction: Transaction, changes: Sequence[Change], refused: Sequence[Command]) -> None:
        """Upserts the changed modules by one statement."""
        if changes:
            await transaction.execute(SAVE, *zip(*[columns(change) for change in changes], strict=True))

    async def read_back(self, transaction: Transaction, aggregate_ids: Sequence[str]) -> Mapping[str, ModuleShown]:
        """What the rows tell, by id."""
        rows = await transaction.fetch(STATES, aggregate_ids)
        return {row["module_id"]: ModuleShown(state_of(row), row["config_digest"]) for row in rows}

    def comparable(self, state: Module) -> ModuleShown:
        """What the state tells of the same."""
        return ModuleShown(state, config_digest(state))


def columns(change: Change) -> tuple[Any, ...]:
    """A changed module's row."""
    module: Module = change.after
    return (
        change.aggregate_id,
        module.module_name,
        module.description,
        module.category,
        module.service_name,
        module.api_endpoint,
        module.version,
        encoded(module.metadata),
        encoded(module.default_config),
        None if module.config_schema is None else encoded(module.config_schema),
        config_digest(module),
        module.status == "active",
        module.status == "deleted",
        change.version,
        search_text(module.module_name, change.aggregate_id),
        sort_key(module.module_name),
    )


def state_of(row: Any) -> Module:
    """The state that a row of `STATES` tells."""
    return Module(
        status=status_of(row["is_active"], row["is_deleted"]),
        module_name=row["module_name"],
        description=row["description"],
        category=row["category"],
        service_name=row["service_name"],
        api_endpoint=row["api_endpoint"],
        version=row["version"],
        metadata=decoded(row["metadata"]),
        default_config=decoded(row["default_config"]),
        config_schema=None if row["config_schema"] is None else decoded(row["config_schema"]),
    )


def config_digest(module: Module) -> str | None:
    """Tells apart any two pairs of default config and schema; None where any config will do."""
    if module.config_schema is None:
        return None
    rules = msgspec.json.encode([module.default_config, module.config_schema], order="deterministic")
    return hashlib.blake2b(rules, digest_size=16).hexdigest()


def encoded(document: Mapping[str, Any]) -> str:
    """A JSON document as the driver takes it."""
    return msgspec.json.encode(document).decode()


def status_of(is_active: bool, is_deleted: bool) -> ModuleStatus:
    """The status two columns tell."""
    return "deleted" if is_deleted else "active" if is_active else "inactive"


def depends_on(_: Module, facts: RegistryFacts, command: Command) -> Sequence[str]:
    """The templates that keep a module from being deleted; the organizations that do are too many to name."""
    used = facts.usage.get(command.module_id) if isinstance(command, DeleteModule) else None
    return [stream_name("industries", code) for code in used.templates] if used else ()


class PostgresModuleReader:
    """Living modules, straight from the table."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def living(self) -> Sequence[ModuleDetails]:
        """All of them, by name."""
        async with self._database.reading() as connection:
            return [details(row) for row in await connection.fetch(LIVING)]

    async def living_ids(self) -> Sequence[str]:
        """The ids of all of them."""
        async with self._database.reading() as connection:
            return [row[0] for row in await connection.fetch(LIVING_IDS)]

    async def module(self, module_id: str) -> ModuleDetails | None:
        """One of them; None when it is absent or deleted."""
        async with self._database.reading() as connection:
            row = await connection.fetchrow(ONE, module_id)
        return None if row is None else details(row)


def details(row: Any) -> ModuleDetails:
    """A row of `COLUMNS`."""
    schema = row["config_schema"]
    return ModuleDetails(
        module_id=row["module_id"],
        module_name=row["module_name"],
        description=row["description"],
        category=row["category"],
        service_name=row["service_name"],
        api_endpoint=row["api_endpoint"],
        version=row["version"],
        metadata=decoded(row["metadata"]),
        default_config=decoded(row["default_config"]),
        config_schema=None if schema is None else decoded(schema),
        is_active=row["is_active"],
        sequence=row["sequence"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def decoded(document: str) -> dict[str, Any]:
    """A JSON document as the driver gives it."""
    return msgspec.json.decode(document, type=dict[str, Any])
