"""The templates' rows read back, in a form that their states have too."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from industries.domain import Industry, name_key
from industries.events import TemplateModule
from shared.ports import Transaction

ROWS = """
SELECT t.industry_code, t.name_key,
  array(SELECT v.version FROM industries.industry_template_versions v WHERE v.template_id = t.id ORDER BY v.version),
  CASE WHEN t.is_deleted THEN 'deleted' WHEN t.is_active THEN 'active' ELSE 'inactive' END,
  t.industry_name, t.description, t.version,
  (SELECT coalesce(json_agg(json_build_object('module_id', m.module_id, 'is_required', m.is_required,
                                              'default_config', m.default_config) ORDER BY m.display_order), '[]')
   FROM industries.industry_module_templates m WHERE m.template_id = t.id AND m.version = t.version)
FROM industries.industry_templates t WHERE t.industry_code = ANY($1::text[])
"""

MODULE_LIST = msgspec.json.Decoder(tuple[TemplateModule, ...])


class IndustryShown(Struct, frozen=True):
    """What rows and state both tell: beside the template, its name's key and the versions ever published."""

    industry: Industry
    name_key: str
    published: Sequence[int]


async def restored_industries(transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, IndustryShown]:
    """What the rows tell, by code."""
    return {
        code: IndustryShown(Industry(status, name, description, version, MODULE_LIST.decode(modules)), key, published)
        for code, key, published, status, name, description, version, modules in await transaction.fetch(
            ROWS, industry_codes
        )
    }


def shown_industry(state: Industry) -> IndustryShown:
    """What the state tells: every version from the first to the current one was published."""
    return IndustryShown(state, name_key(state.industry_name), list(range(1, state.version + 1)))
