"""Who has a module or a template, for the lists of other contexts."""

from collections.abc import Sequence
from typing import Any

from shared.ports import Transaction

WITH_MODULE = "SELECT organization_id FROM assignments.assignments WHERE module_id = $1 LIMIT $2"

HAVING_MODULE = """
SELECT organization_id FROM assignments.assignments WHERE module_id = $1 AND organization_id = ANY($2::text[])
"""

WITH_TEMPLATE = "SELECT organization_id FROM assignments.applied_templates WHERE industry_code = $1 LIMIT $2"

WITH_VERSION = """
SELECT organization_id FROM assignments.applied_templates WHERE industry_code = $1 AND version = $3 LIMIT $2
"""

HAVING_TEMPLATE = """
SELECT organization_id FROM assignments.applied_templates
WHERE industry_code = $1 AND organization_id = ANY($2::text[]) AND ($3::integer IS NULL OR version = $3)
"""


class PostgresHolders:
    """Looks them up by index, as long as the transaction scans no table by choice."""

    async def with_module(self, transaction: Transaction, limit: int, *, module_id: str) -> Sequence[str]:
        """`limit` of them at most, in no order."""
        return ids(await transaction.fetch(WITH_MODULE, module_id, limit))

    async def having_module(
        self, transaction: Transaction, organization_ids: Sequence[str], *, module_id: str
    ) -> frozenset[str]:
        """Those of the organizations that have the module."""
        return frozenset(ids(await transaction.fetch(HAVING_MODULE, module_id, organization_ids)))

    async def with_template(
        self, transaction: Transaction, limit: int, *, industry_code: str, version: int | None
    ) -> Sequence[str]:
        """`limit` of them at most, in no order."""
        if version is None:
            return ids(await transaction.fetch(WITH_TEMPLATE, industry_code, limit))
        return ids(await transaction.fetch(WITH_VERSION, industry_code, limit, version))

    async def having_template(
        self, transaction: Transaction, organization_ids: Sequence[str], *, industry_code: str, version: int | None
    ) -> frozenset[str]:
        """Those of the organizations that have the template."""
        return frozenset(ids(await transaction.fetch(HAVING_TEMPLATE, industry_code, organization_ids, version)))


def ids(rows: Sequence[Any]) -> list[str]:
    """The only column."""
    return [row[0] for row in rows]
