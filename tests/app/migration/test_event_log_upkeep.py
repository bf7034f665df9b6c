"""A log too large to be indexed, or read, within a revision; and one that was restored from another server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from app.migration.event_log_upkeep import MARK, finish_event_log
from app.migration.migrate import alembic_config, migrate_database
from devstack.stack import Stack
from tests.support.databases import new_database

AUDIT = "2026_11_24_1000"
BEFORE = str(ScriptDirectory.from_config(alembic_config()).get_revision(AUDIT).down_revision)
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
NAMED = "SELECT name, s.seq FROM shared.event_names, unnest(seqs) AS s(seq)"
SHOULD_BE_NAMED = """
SELECT n.name, seq FROM shared.event_log, shared.names_in(payload) AS n(name) WHERE module_id IS NULL
"""
MARKS = "SELECT count(*) FROM shared.marks WHERE name LIKE $1 || '%'"
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
    await migrate_database(url, BEFORE)
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def indexes(connection: Any) -> dict[str, bool]:
    return dict(await connection.fetch(INDEXES))


async def test_a_small_log_is_finished_by_its_revision(connection: Any, url: str) -> None:
    await connection.execute(APPEND, "old", 100)
    await migrate_database(url)
    assert len(await indexes(connection)) == 7
    assert await connection.fetchval(MARKS, MARK) == 0
    named = await connection.fetch(NAMED)
    assert len(named) == len(set(named)) == 20
    assert set(named) == set(await connection.fetch(SHOULD_BE_NAMED))


async def test_a_large_log_is_finished_afterwards_beside_writers(
    connection: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await connection.execute(APPEND, "old", EVENTS)
    await migrate_database(url)
    assert await indexes(connection) == {}
    await connection.execute(APPEND, "new", 100)
    monkeypatch.setattr("app.migration.event_log_upkeep.PAGE", 3000)
    await asyncio.gather(finish_event_log(url), finish_event_log(url))
    built = await indexes(connection)
    assert (len(built), set(built.values())) == (7, {True})
    named = await connection.fetch(NAMED)
    assert len(named) == len(set(named)) == 2 * (EVENTS // 10 + 10)
    assert set(named) == set(await connection.fetch(SHOULD_BE_NAMED))


async def test_what_was_broken_off_is_done_again(connection: Any, url: str) -> None:
    await migrate_database(url)
    await connection.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shared.ix_event_log_type'::regclass"
    )
    await finish_event_log(url)
    assert set((await indexes(connection)).values()) == {True}


async def test_a_restored_log_is_shown_though_its_transactions_are_ahead(connection: Any, url: str) -> None:
    await migrate_database(url)
    await connection.execute(RESTORED)
    assert await connection.fetchval(SHOWN) == 0
    await finish_event_log(url)
    assert await connection.fetchval(SHOWN) == 1
