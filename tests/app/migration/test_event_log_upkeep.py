"""Indexes that are missing or invalid, and a log that was restored from another server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.migration.event_log_upkeep import finish_event_log
from app.migration.migrate import migrate_database
from devstack import Stack
from tests.support.databases import new_database

EVENTS = 20_001

APPEND = """
INSERT INTO shared.event_log (id, aggregatetype, aggregateid, type, sequence, payload, module_id, user_id, operation_id,
                              occurred_at)
SELECT gen_random_uuid(), 'toy', $1, 'toy.added', n, CASE WHEN n % 10 = 0 THEN '{"module_ids": ["crm", "hr"]}'::json
       ELSE '{"module_id": "pos"}' END, CASE WHEN n % 10 > 0 THEN 'pos' END, 'ada', gen_random_uuid(), now()
FROM generate_series(1, $2::integer) n
"""
INDEXES = """
SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = 'shared.event_log'::regclass AND c.relname LIKE 'ix%'
"""
RESTORED = """
INSERT INTO shared.event_log (xid, id, aggregatetype, aggregateid, type, sequence, payload, user_id, operation_id,
                              occurred_at)
SELECT (pg_current_xact_id()::text::bigint + 3000)::text::xid8, gen_random_uuid(), 'toy', 'restored', 'toy.added', 1,
       '{}', 'ada', gen_random_uuid(), now()
"""
SHOWN = "SELECT count(*) FROM shared.event_log WHERE xid < pg_snapshot_xmin(pg_current_snapshot())"


@pytest.fixture
async def url(parts: Stack) -> AsyncIterator[str]:
    async with new_database(parts.plan().postgres_url) as url:
        yield url


@pytest.fixture
async def connection(url: str) -> AsyncIterator[Any]:
    await migrate_database(url)
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def indexes(connection: Any) -> dict[str, bool]:
    return dict(await connection.fetch(INDEXES))


async def test_missing_indexes_are_built_beside_writers(connection: Any, url: str) -> None:
    declared = await indexes(connection)
    for name in declared:
        await connection.execute(f"DROP INDEX shared.{name}")
    await connection.execute(APPEND, "old", EVENTS)
    writer = await asyncpg.connect(url)
    await asyncio.gather(finish_event_log(url), finish_event_log(url), writer.execute(APPEND, "new", 100))
    await writer.close()
    assert (len(declared), await indexes(connection)) == (7, dict.fromkeys(declared, True))


async def test_what_was_broken_off_is_done_again(connection: Any, url: str) -> None:
    await connection.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shared.ix_event_log_type'::regclass"
    )
    await finish_event_log(url)
    assert set((await indexes(connection)).values()) == {True}


async def test_a_restored_log_is_shown_though_its_transactions_are_ahead(connection: Any, url: str) -> None:
    await connection.execute(RESTORED)
    assert await connection.fetchval(SHOWN) == 0
    await finish_event_log(url)
    assert await connection.fetchval(SHOWN) == 1
