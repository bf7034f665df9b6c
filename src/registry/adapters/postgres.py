"""The table of modules, and its part of the write path's transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct
from msgspec.structs import asdict, replace
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSON

from registry.commands import ActivateModule, Command, DeactivateModule, DeleteModule, UpdateModule
from registry.contract import ConfigImpact
from registry.domain import DESCRIPTIVE, Module, RegistryFacts, Usage
from registry.ports import AssignedModules, ConfigViolations, TemplateModules
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema
from shared.lists.text_search import AT_ONCE, SORT_KEY, WORDS, search_column, sort_column
from shared.messages import Outcome, stream_name
from shared.ports import Change, Transaction
from shared.postgres.database import metadata
from shared.postgres.rows import Upsert, read_row
from shared.text.forms import search_text, sort_key

EXISTS = text("NOT is_deleted")

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
    Index("ix_module_registry_name", SORT_KEY, "module_id", postgresql_where=EXISTS),
    Index("ix_module_registry_updated_at", "updated_at", "module_id", postgresql_where=EXISTS),
    Index("ix_module_registry_words", text(WORDS), postgresql_using="gin", postgresql_with=AT_ONCE),
    schema="registry",
)

STATUS = "CASE WHEN is_deleted THEN 'deleted' WHEN is_active THEN 'active' ELSE 'inactive' END AS status"

STATES = f"""
SELECT module_id, {STATUS}, module_name, description, category, service_name, api_endpoint, version, metadata,
  default_config, config_schema, config_digest
FROM registry.module_registry WHERE module_id = ANY($1::text[])
"""

SAVE = Upsert(
    module_registry,
    ("module_id", *DESCRIPTIVE, "config_digest", "is_active", "is_deleted", "sequence", "search_text", "sort_key"),
)


class StoredModule(Struct, frozen=True):
    """A module as rows hold it, with the digest of its rules."""

    module: Module
    config_digest: str | None


class RegistryTables:
    def __init__(self, assigned: AssignedModules, templates: TemplateModules, violations: ConfigViolations) -> None:
        self._assigned = assigned
        self._templates = templates
        self._violations = violations

    async def lock_references(self, transaction: Transaction, commands: Sequence[Command]) -> None:
        """Lock nothing: a module depends on no other stream."""

    async def facts(
        self, transaction: Transaction, work: Sequence[tuple[Module, Command]], *, dry_run: bool = False
    ) -> RegistryFacts:
        """Read who uses the modules to delete: after the exclusive lock, so that none is assigned meanwhile."""
        ids = sorted({command.module_id for _, command in work if isinstance(command, DeleteModule)})
        return RegistryFacts(await self._usage(transaction, ids) if ids else {})

    async def _usage(self, transaction: Transaction, ids: Sequence[str]) -> dict[str, Usage]:
        organizations = await self._assigned.organizations(transaction, ids)
        templates = await self._templates.active_templates(transaction, ids)
        return {id_: Usage(organizations.get(id_, 0), templates.get(id_, ())) for id_ in ids}

    async def save(self, transaction: Transaction, changes: Sequence[Change], refused: Sequence[Command]) -> None:
        await SAVE.write(transaction, [row_of(change.aggregate_id, change.version, change.after) for change in changes])

    async def read_back(self, transaction: Transaction, aggregate_ids: Sequence[str]) -> Mapping[str, StoredModule]:
        rows = await transaction.fetch(STATES, aggregate_ids)
        return {
            row["module_id"]: StoredModule(read_row(Module, row, **documents(row)), row["config_digest"])
            for row in rows
        }

    def comparable(self, state: Module) -> StoredModule:
        return StoredModule(state, config_digest(state))

    async def impact(self, transaction: Transaction, command: Command) -> Usage | ConfigImpact | None:
        id_ = command.module_id
        match command:
            case DeleteModule() | DeactivateModule() | ActivateModule():
                return (await self._usage(transaction, [id_]))[id_]
            case UpdateModule() if changes_rules(command):
                module = (await self.read_back(transaction, [id_]))[id_].module
                given = {"default_config": command.default_config, "config_schema": command.config_schema}
                after = replace(module, **{name: value for name, value in given.items() if value is not UNSET})
                return await self._violating(id_, after.default_config, after.config_schema, transaction)
        return None

    async def with_impact(self, command: UpdateModule, outcome: Outcome) -> Outcome | None:
        """Return the outcome with the number of configs that violate new rules; None where there is nothing to add.

        It is counted after the commit, outside the write path's transaction.
        """
        if outcome.result is None or not changes_rules(command):
            return None
        result: dict[str, Any] = msgspec.json.decode(outcome.result)
        impact = await self._violating(command.module_id, result["default_config"], result["config_schema"])
        return replace(outcome, result=Raw(msgspec.json.encode(result | {"impact": impact})))

    async def _violating(
        self, module_id: str, default: Any, schema: Any, transaction: Transaction | None = None
    ) -> ConfigImpact | None:
        if schema is None:
            return None
        return await self._violations.count(module_id, ConfigRules(default, JsonSchema(schema)), transaction)


def row_of(module_id: str, sequence: int, module: Module) -> dict[str, Any]:
    return asdict(module) | {
        "module_id": module_id,
        "config_digest": config_digest(module),
        "is_active": module.status == "active",
        "is_deleted": module.status == "deleted",
        "sequence": sequence,
        "search_text": search_text(module.module_name, module_id),
        "sort_key": sort_key(module.module_name),
    }


def changes_rules(command: UpdateModule) -> bool:
    return command.default_config is not UNSET or command.config_schema is not UNSET


def config_digest(module: Module) -> str | None:
    """Return a digest that differs for any two pairs of default config and schema; None where any config fits."""
    if module.config_schema is None:
        return None
    rules = msgspec.json.encode([module.default_config, module.config_schema], order="deterministic")
    return hashlib.blake2b(rules, digest_size=16).hexdigest()


def depends_on(_: Module, facts: RegistryFacts, command: Command) -> Sequence[str]:
    """Return the templates that keep a module from being deleted; the organizations are too many to name."""
    used = facts.usage.get(command.module_id) if isinstance(command, DeleteModule) else None
    return [stream_name("industries", code) for code in used.templates] if used else ()


def documents(row: Any) -> dict[str, Any]:
    names = {"metadata", "default_config", "config_schema"} & set(row.keys())
    return {name: None if row[name] is None else decoded(row[name]) for name in names}


def decoded(document: str) -> dict[str, Any]:
    return msgspec.json.decode(document, type=dict[str, Any])
