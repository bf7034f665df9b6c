"""An empty database of its own for every test, and a look at what is in one."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from devstack import Stack
from shared.postgres.address import read_address
from tests.support.databases import new_database

OURS = "n.nspname !~ '^(pg_|information_schema$|public$)'"

TABLES = f"""
SELECT format('%s.%s %s null:%s collation:%s default:%s identity:%s', a.attrelid::regclass, a.attname,
              format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, co.collname, pg_get_expr(d.adbin, d.adrelid),
              a.attidentity) AS line
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_collation co ON co.oid = a.attcollation
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' AND {OURS}
UNION ALL
SELECT format('%s %s %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE c.contype IN ('p', 'u', 'f', 'c') AND {OURS}
UNION ALL
SELECT pg_get_indexdef(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'i' AND {OURS}
ORDER BY line
"""

REST = f"""
SELECT format('schema %s %s', n.nspname, n.nspacl) AS line FROM pg_namespace n WHERE {OURS}
UNION ALL
SELECT format('%s %s %s %s', c.relkind, c.oid::regclass, c.reloptions, c.relacl)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}
UNION ALL
SELECT format('%s %s', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t WHERE NOT t.tgisinternal
UNION ALL
SELECT format('%s %s', p.proacl, pg_get_functiondef(p.oid))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS}
ORDER BY line
"""


@pytest.fixture
async def empty_url(parts: Stack) -> AsyncIterator[str]:
    async with new_database(parts.plan().postgres_url) as url:
        yield url


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine("postgresql+asyncpg://", async_creator=read_address(empty_url).connect)
    yield engine
    await engine.dispose()


def tables(connection: Connection) -> list[str]:
    """Every column, constraint and index, a line each."""
    return list(connection.execute(text(TABLES)).scalars())


def catalog(connection: Connection) -> list[str]:
    """Everything in the schemas that are not PostgreSQL's own, with rights and storage options, a line each."""
    return [*connection.execute(text(REST)).scalars(), *tables(connection)]
