"""Which templates contain a module: what it means to delete or deactivate it."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from industries.adapters.catalog import CONFIG
from industries.ports import ModuleCatalog
from shared.ports import Database

CONTAINING = """
FROM industries.industry_module_templates m
JOIN industries.industry_templates t ON t.id = m.template_id AND t.version = m.version
WHERE m.module_id = $1 AND NOT t.is_deleted
"""

COUNTED = f"SELECT count(*), count(*) FILTER (WHERE m.is_required) {CONTAINING}"

PAGE = f"""
SELECT t.industry_code, t.industry_name, t.is_active, t.version, m.is_required, m.default_config {CONTAINING}
  AND (NOT m.is_required, t.industry_code COLLATE "C") > ($2, $3)
ORDER BY NOT m.is_required, t.industry_code COLLATE "C" LIMIT $4
"""

Place = tuple[bool, str]
"""Whether it is optional there, and the template's code: where a page ended."""


class ModuleIndustry(Struct, frozen=True):
    """A living template whose current version contains a module, and what it gives it."""

    industry_code: str
    industry_name: str
    is_active: bool
    version: int
    is_required: bool
    default_config: dict[str, Any]


class ContainingTemplates(Struct, frozen=True):
    """Some of them, those that require the module first; and how many there are of all and of these."""

    items: Sequence[ModuleIndustry]
    count: int
    required_count: int


class TemplatesOfModules:
    """Straight from the tables."""

    def __init__(self, database: Database, modules: ModuleCatalog) -> None:
        self._database = database
        self._modules = modules

    async def containing(self, module_id: str, after: Place, limit: int) -> ContainingTemplates | None:
        """At most `limit` beyond this place; None when there is no such living module."""
        async with self._database.snapshot() as transaction:
            summary = (await self._modules.summaries(transaction, [module_id])).get(module_id)
            if summary is None or summary.status == "deleted":
                return None
            count, required = await transaction.fetchrow(COUNTED, module_id)
            rows = await transaction.fetch(PAGE, module_id, *after, limit)
        items = [
            ModuleIndustry(code, name, is_active, version, is_required, CONFIG.decode(config))
            for code, name, is_active, version, is_required, config in rows
        ]
        return ContainingTemplates(items, count, required)


def place_of(template: ModuleIndustry) -> Place:
    """Where a page ends that ends with this one."""
    return (not template.is_required, template.industry_code)
