"""Reads of modules: for the API, and in the transactions of other contexts, whose ports the seams bind to them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog

from registry.adapters.postgres import STATUS, decoded, documents
from registry.contract import ModuleFact, ModuleSummary
from registry.domain import ModuleResult
from shared.concurrency import in_slices
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema, UnusableSchema
from shared.lists.text_search import SORT_KEY
from shared.ports import Transaction
from shared.postgres.database import PostgresDatabase
from shared.postgres.rows import read_row

log = structlog.get_logger(__name__)

COLUMNS = """
module_id, module_name, description, category, service_name, api_endpoint, version, metadata, default_config,
config_schema, is_active, sequence, created_at, updated_at
"""

EXISTING = f"SELECT {COLUMNS} FROM registry.module_registry WHERE NOT is_deleted ORDER BY {SORT_KEY}, module_id"
ONE = f"SELECT {COLUMNS} FROM registry.module_registry WHERE NOT is_deleted AND module_id = $1"
EXISTING_IDS = "SELECT module_id FROM registry.module_registry WHERE NOT is_deleted"

FACTS = f"""
SELECT module_id, {STATUS}, config_digest FROM registry.module_registry WHERE module_id = ANY($1::text[])
"""

RULES = """
SELECT config_digest, default_config, config_schema FROM registry.module_registry
WHERE module_id = ANY($1::text[]) AND config_digest IS NOT NULL
"""

SUMMARIES = f"""
SELECT module_id, module_name, description, category, version, metadata, default_config, {STATUS}
FROM registry.module_registry WHERE module_id = ANY($1::text[])
"""

RULES_KEPT = 1000


class CompiledRules:
    """Compiled rules by digest, the most recently used ones."""

    def __init__(self, kept: int = RULES_KEPT) -> None:
        self._kept = kept
        self._rules: dict[str, ConfigRules | None] = {}

    async def by_digest(self, transaction: Transaction, digests: Mapping[str, str]) -> Mapping[str, ConfigRules | None]:
        """Return the rules of these modules, whose digests must be of the same moment."""
        rules = {digest: self._rules.pop(digest) for digest in set(digests.values()) if digest in self._rules}
        absent = [module_id for module_id, digest in digests.items() if digest not in rules]
        if absent:
            async for digest, default, schema in in_slices(await transaction.fetch(RULES, absent)):
                rules[digest] = compiled(digest, default, schema)
        self._rules.update(rules)
        for digest in list(self._rules)[: max(0, len(self._rules) - self._kept)]:
            del self._rules[digest]
        return rules


def compiled(digest: str, default: str, schema: str) -> ConfigRules | None:
    """Return None for a schema that was accepted once but cannot be used any more: it must not block writes."""
    try:
        return ConfigRules(decoded(default), JsonSchema(decoded(schema)))
    except UnusableSchema as unusable:
        log.error("config_schema_unusable", digest=digest, errors=msgspec.to_builtins(unusable.errors))  # noqa: TRY400
        return None


class PostgresModuleCatalog:
    def __init__(self) -> None:
        self._compiled = CompiledRules()

    async def modules(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleFact]:
        """Return them by id, without modules that were never registered."""
        rows = await transaction.fetch(FACTS, list(module_ids))
        digests = {id_: digest for id_, _, digest in rows if digest is not None}
        rules: Mapping[str, ConfigRules | None] = {}
        if digests:
            rules = await self._compiled.by_digest(transaction, digests)
        return {id_: ModuleFact(status, rules.get(digest)) for id_, status, digest in rows}

    async def summaries(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleSummary]:
        rows = await transaction.fetch(SUMMARIES, list(module_ids))
        return {row["module_id"]: read_row(ModuleSummary, row, **documents(row)) for row in rows}


class ModuleDetails(ModuleResult, frozen=True):
    """An existing module as the API shows it. `sequence` is its stream's, for If-Match."""

    sequence: int
    created_at: datetime
    updated_at: datetime


class PostgresModuleReader:
    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def existing(self) -> Sequence[ModuleDetails]:
        async with self._database.reading() as connection:
            return [details(row) for row in await connection.fetch(EXISTING)]

    async def existing_ids(self) -> Sequence[str]:
        async with self._database.reading() as connection:
            return [row[0] for row in await connection.fetch(EXISTING_IDS)]

    async def module(self, module_id: str) -> ModuleDetails | None:
        async with self._database.reading() as connection:
            row = await connection.fetchrow(ONE, module_id)
        return None if row is None else details(row)


def details(row: Any) -> ModuleDetails:
    return read_row(ModuleDetails, row, **documents(row))
