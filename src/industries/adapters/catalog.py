"""What other contexts may know of templates, read in their transaction. Bound to their ports in the seams."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from industries.contract import IndustryFact, TemplateFact, TemplateObstacle, TemplateOfModule, TemplateStatus
from industries.events import TemplateModule
from industries.facts import state_of
from industries.ports import ModuleCatalog
from shared.concurrency import in_slices
from shared.ports import Transaction

SUMMARIES = """
SELECT t.industry_code, t.industry_name, t.is_active, t.is_deleted, t.version,
       array(SELECT m.module_id FROM industries.industry_module_templates m
             WHERE m.template_id = t.id AND m.version = t.version AND m.is_required ORDER BY m.display_order)
FROM industries.industry_templates t WHERE t.industry_code = ANY($1::text[])
"""

PRESENT_NAMES = """
SELECT industry_code, industry_name FROM industries.industry_templates
WHERE industry_code = ANY($1::text[]) AND NOT is_deleted
"""

MODULES_OF_VERSION = """
(SELECT coalesce(json_agg(json_build_object('module_id', m.module_id, 'is_required', m.is_required,
                                            'default_config', m.default_config) ORDER BY m.display_order), '[]')
 FROM industries.industry_module_templates m WHERE m.template_id = v.template_id AND m.version = v.version)
"""

PUBLISHED = f"""
SELECT t.industry_code, t.is_active, t.is_deleted, t.version, v.version, {MODULES_OF_VERSION}
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

CONFIG = msgspec.json.Decoder(dict[str, Any])
MODULE_LIST = msgspec.json.Decoder(tuple[TemplateModule, ...])


class PostgresTemplateCatalog:
    """Templates as other contexts see them."""

    def __init__(self, modules: ModuleCatalog) -> None:
        self._modules = modules

    async def industries(self, transaction: Transaction, industry_codes: Collection[str]) -> Mapping[str, IndustryFact]:
        """The templates now, judged by the registry, by code. Codes that never existed are left out."""
        rows = await transaction.fetch(SUMMARIES, list(industry_codes))
        blocking = await blocked_by(transaction, self._modules, {row[0]: row[5] for row in rows})
        return {
            code: IndustryFact(status_of(is_active, is_deleted), industry_name, version, blocking[code])
            for code, industry_name, is_active, is_deleted, version, _ in rows
        }

    async def names(self, transaction: Transaction, industry_codes: Collection[str]) -> Mapping[str, str]:
        """The present names by code. Codes without a living template are left out."""
        return dict(await transaction.fetch(PRESENT_NAMES, list(industry_codes)))

    async def templates(
        self, transaction: Transaction, versions: Mapping[str, Collection[int]]
    ) -> Mapping[str, TemplateFact]:
        """By code: the current version and those asked for, with their modules.

        Codes that never existed and versions that were never published are left out.
        """
        asked = sorted({(code, version) for code, wanted in versions.items() for version in wanted})
        rows = await transaction.fetch(
            PUBLISHED, sorted(versions), [code for code, _ in asked], [version for _, version in asked]
        )
        lists: dict[str, dict[int, Sequence[TemplateModule]]] = {row[0]: {} for row in rows}
        async for row in in_slices(rows):
            lists[row[0]][row[4]] = MODULE_LIST.decode(row[5])
        return {row[0]: TemplateFact(status_of(row[1], row[2]), row[3], lists[row[0]]) for row in rows}

    async def active_templates(
        self, transaction: Transaction, module_ids: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        """The active templates, codes sorted, whose current version has a module, by module id."""
        return dict(await transaction.fetch(ACTIVE_TEMPLATES, module_ids))

    async def current(self, transaction: Transaction) -> Mapping[str, int]:
        """The current version of every living template, by code."""
        return dict(await transaction.fetch(CURRENT_VERSIONS))

    async def with_module(self, transaction: Transaction, module_id: str) -> Sequence[TemplateOfModule]:
        """The living templates whose current version has a module, by code."""
        rows = await transaction.fetch(WITH_MODULE, module_id)
        return [
            TemplateOfModule(code, name, version, is_required, CONFIG.decode(config))
            for code, name, version, is_required, config in rows
        ]


async def blocked_by(
    transaction: Transaction, modules: ModuleCatalog, required: Mapping[str, Sequence[str]]
) -> Mapping[str, Mapping[str, TemplateObstacle]]:
    """Of the modules that each template requires, those that an organization without any cannot be given, and why."""
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


def status_of(is_active: bool, is_deleted: bool) -> TemplateStatus:
    """The status two columns tell."""
    return "deleted" if is_deleted else "active" if is_active else "inactive"
