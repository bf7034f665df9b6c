"""Many organizations at once, as signups make them, without the cost of hashing so many passwords."""

from typing import Any
from uuid import uuid4

REGISTER = """
WITH made AS (SELECT gen_random_uuid()::text AS id, n FROM generate_series(1, $1::integer) AS n), heads AS (
  INSERT INTO shared.streams (context, id, version, state)
  SELECT 'organizations', id, 1, json_build_object('status', 'active', 'name', $2 || ' ' || n, 'industry_code', null,
    'industry_name', null, 'template_version', null, 'owner_id', null) FROM made
)
INSERT INTO organizations.organizations (organization_id, name, status, sequence, created_at, updated_at, search_text,
  sort_key)
SELECT id, $2 || ' ' || n, 'active', 1, now(), now(), $2 || ' ' || n, $2 || ' ' || n FROM made RETURNING organization_id
"""


async def insert_organizations(connection: Any, count: int) -> tuple[str, list[str]]:
    """Organizations with a name that begins as no other's does, and their ids."""
    name = f"bulk{uuid4().hex[:10]}"
    return name, [row[0] for row in await connection.fetch(REGISTER, count, name)]
