"""Who has a module or a template, for the lists of other contexts."""

from collections.abc import Sequence
from typing import Any

from shared.ports import Transaction

WITH_MODULE = "SELECT organization_id FROM assignments.assignments WHERE module_id = $1 LIMIT $2"

HAVING_MODULE = """
SELECT organization_id FROM assignments.assignments WHERE module_id = $1 AND organization_id = ANY($2::text[])
"""

WITH_TEMPLATE = """
SELECT organization_id FROM assignments.applied_templates
WHERE industry_code = $1 AND version BETWEEN $3 AND $4 LIMIT $2
"""

HAVING_TEMPLATE = """
SELECT organization_id FROM assignments.applied_templates
WHERE industry_code = $1 AND organization_id = ANY($2::text[]) AND version BETWEEN $3 AND $4
"""

LAST_VERSION = 2**31 - 1


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
        self,
        transaction: Transaction,
        limit: int,
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> Sequence[str]:
        """`limit` of them at most, in no order."""
        span = span_of(version, older_than)
        return ids(await transaction.fetch(WITH_TEMPLATE, industry_code, limit, *span))

    async def having_template(
        self,
        transaction: Transaction,
        organization_ids: Sequence[str],
        *,
        industry_code: str,
        version: int | None,
        older_than: int | None = None,
    ) -> frozenset[str]:
        """Those of the organizations that have the template."""
        span = span_of(version, older_than)
        return frozenset(ids(await transaction.fetch(HAVING_TEMPLATE, industry_code, organization_ids, *span)))


def span_of(version: int | None, older_than: int | None) -> tuple[int, int]:
    """The lowest and the highest version that are meant; none when the highest is below the lowest."""
    lowest, highest = (1, LAST_VERSION) if version is None else (version, version)
    return lowest, highest if older_than is None else min(highest, older_than - 1)


def ids(rows: Sequence[Any]) -> list[str]:
    """The only column."""
    return [row[0] for row in rows]
