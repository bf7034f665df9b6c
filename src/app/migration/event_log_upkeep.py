"""Upkeep of the event log that a revision cannot do within its transaction: indexes beside writers, restored logs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import structlog
from sqlalchemy import Index
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from shared.postgres.address import read_address
from shared.postgres.tables import event_log

log = structlog.get_logger(__name__)

UPKEEP_LOCK = 0x4D504D
LOCK_PAUSE_SECONDS = 0.2

VALID = """
SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = 'shared.event_log'::regclass
"""

AHEAD = """
SELECT xid::text::bigint FROM shared.event_log
WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()) ORDER BY xid DESC, seq DESC LIMIT 1
"""

SPEND = """
DO $$ BEGIN WHILE pg_current_xact_id() <= '{}'::xid8 LOOP COMMIT; END LOOP; END $$
"""


async def finish_event_log(url: str) -> None:
    """Build missing and invalid indexes, and overtake the transaction ids of a restored log.

    Idempotent; of several processes one works and the others wait for it. The service may run meanwhile.
    """
    connection = await read_address(url).connect()
    try:
        async with upkeep_lock(connection):
            await build_indexes(connection)
            await overtake_restored_events(connection)
    finally:
        await connection.close()


@asynccontextmanager
async def upkeep_lock(connection: "asyncpg.Connection[Any]") -> AsyncIterator[None]:
    # Polled: building an index waits for all transactions, and a blocked lock statement would be one of them.
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", UPKEEP_LOCK):  # noqa: ASYNC110 - no signal
        await asyncio.sleep(LOCK_PAUSE_SECONDS)
    yield


async def build_indexes(connection: "asyncpg.Connection[Any]") -> None:
    """Build declared indexes that are missing, or that an interrupted build left invalid."""
    valid = dict(await connection.fetch(VALID))
    for index in sorted(event_log.indexes, key=lambda index: str(index.name)):
        if valid.get(str(index.name)):
            continue
        log.info("building_index", index=index.name)
        await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS shared.{index.name}")
        await connection.execute(create_concurrently(index))


def create_concurrently(index: Index) -> str:
    statement = str(CreateIndex(index).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    return statement.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)


async def overtake_restored_events(connection: "asyncpg.Connection[Any]") -> None:
    """Spend transaction ids until none in the log is ahead of this server; some hundred thousand a second.

    A log restored from a dump has ids of another server, and its readers show no event whose id is yet to come.
    """
    ahead = await connection.fetchval(AHEAD)
    if ahead is not None:
        log.info("overtaking_restored_events", transaction=ahead)
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(SPEND.format(ahead))
