"""What other contexts may know of modules, read in their transaction. Bound to their ports in the seams."""

from collections.abc import Collection, Mapping

import msgspec
import structlog

from registry.adapters.postgres import decoded, status_of
from registry.contract import ModuleFact, ModuleSummary
from shared.concurrency import in_slices
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema, UnusableSchema
from shared.ports import Transaction

log = structlog.get_logger(__name__)

FACTS = """
SELECT module_id, is_active, is_deleted, config_digest FROM registry.module_registry WHERE module_id = ANY($1::text[])
"""

RULES = """
SELECT config_digest, default_config, config_schema FROM registry.module_registry
WHERE module_id = ANY($1::text[]) AND config_digest IS NOT NULL
"""

SUMMARIES = """
SELECT module_id, module_name, description, category, version, metadata, default_config, is_active, is_deleted
FROM registry.module_registry WHERE module_id = ANY($1::text[])
"""

RULES_KEPT = 1000


class CompiledRules:
    """Rules by their digest, the latest used, so that a batch reads and compiles only those this process never had."""

    def __init__(self, kept: int = RULES_KEPT) -> None:
        self._kept = kept
        self._rules: dict[str, ConfigRules | None] = {}

    async def by_digest(self, transaction: Transaction, digests: Mapping[str, str]) -> Mapping[str, ConfigRules | None]:
        """The rules of these modules, whose digests these are: of one moment, or the read finds others."""
        found = {digest: self._rules.pop(digest) for digest in set(digests.values()) if digest in self._rules}
        absent = [module_id for module_id, digest in digests.items() if digest not in found]
        if absent:
            async for digest, default, schema in in_slices(await transaction.fetch(RULES, absent)):
                found[digest] = compiled(digest, default, schema)
        self._rules.update(found)
        for digest in list(self._rules)[: max(0, len(self._rules) - self._kept)]:
            del self._rules[digest]
        return found


def compiled(digest: str, default: str, schema: str) -> ConfigRules | None:
    """A row of `RULES`. None when a schema that was taken once cannot be used any more: no write waits for that."""
    try:
        return ConfigRules(decoded(default), JsonSchema(decoded(schema)))
    except UnusableSchema as unusable:
        log.error("config_schema_unusable", digest=digest, errors=msgspec.to_builtins(unusable.errors))  # noqa: TRY400
        return None


class PostgresModuleCatalog:
    """Modules as other contexts see them."""

    def __init__(self) -> None:
        self._compiled = CompiledRules()

    async def modules(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleFact]:
        """By id; modules that were never registered are left out."""
        rows = await transaction.fetch(FACTS, list(module_ids))
        digests = {id_: digest for id_, _, _, digest in rows if digest is not None}
        rules: Mapping[str, ConfigRules | None] = {}
        if digests:
            rules = await self._compiled.by_digest(transaction, digests)
        return {
            id_: ModuleFact(status_of(is_active, is_deleted), rules.get(digest))
            for id_, is_active, is_deleted, digest in rows
        }

    async def summaries(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleSummary]:
        """What is shown of each module, by id, deleted ones too."""
        rows = await transaction.fetch(SUMMARIES, list(module_ids))
        return {
            id_: ModuleSummary(
                name, description, category, version, decoded(meta), decoded(config), status_of(is_active, is_deleted)
            )
            for id_, name, description, category, version, meta, config, is_active, is_deleted in rows
        }
