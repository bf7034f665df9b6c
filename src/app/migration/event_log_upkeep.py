"""What revisions leave to do for an event log that is large, or was restored: without locks, page by page."""

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

LOCK = 0x4D504D
LOOK_SECONDS = 0.2
PAGE = 10_000
MARK = "names to note up to "

VALID = """
SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = 'shared.event_log'::regclass
"""

NOTE_PAGE = """
INSERT INTO shared.event_names (name, xid, seqs)
SELECT n.name, e.xid, array_agg(e.seq ORDER BY e.seq) FROM shared.event_log e, shared.names_in(e.payload) AS n(name)
WHERE e.module_id IS NULL AND e.seq > $1 AND e.seq <= $2 GROUP BY n.name, e.xid
"""

AHEAD = """
SELECT xid::text::bigint FROM shared.event_log
WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()) ORDER BY xid DESC, seq DESC LIMIT 1
"""

SPEND = """
DO $$ BEGIN WHILE pg_current_xact_id() <= '{}'::xid8 LOOP COMMIT; END LOOP; END $$
"""


async def finish_event_log(url: str) -> None:
    """Builds the indexes that are missing, notes what older events name, and takes a restored log in.

    Idempotent; of several processes one works and the others wait for it. The service may run meanwhile.
    """
    connection = await read_address(url).connect()
    try:
        async with alone(connection):
            await build_indexes(connection)
            await note_older_names(connection)
            await overtake_restored_events(connection)
    finally:
        await connection.close()


@asynccontextmanager
async def alone(connection: "asyncpg.Connection[Any]") -> AsyncIterator[None]:
    """While no other process does the same."""
    # Asked again and again: building an index waits for all transactions, that of a waiting statement too.
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):  # noqa: ASYNC110 - no signal
        await asyncio.sleep(LOOK_SECONDS)
    yield


async def build_indexes(connection: "asyncpg.Connection[Any]") -> None:
    """Those that are declared and not there, or that a building which was broken off left behind."""
    valid = dict(await connection.fetch(VALID))
    for index in sorted(event_log.indexes, key=lambda index: str(index.name)):
        if valid.get(str(index.name)):
            continue
        log.info("building_index", index=index.name)
        await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS shared.{index.name}")
        await connection.execute(concurrently(index))


def concurrently(index: Index) -> str:
    """The statement that builds the index beside writers."""
    statement = str(CreateIndex(index).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    return statement.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)


async def note_older_names(connection: "asyncpg.Connection[Any]") -> None:
    """From the newest of the older events to the first; where it was broken off, it goes on."""
    while mark := await connection.fetchval("SELECT name FROM shared.marks WHERE name LIKE $1 || '%'", MARK):
        upper = int(mark.removeprefix(MARK))
        lower = max(0, upper - PAGE)
        async with connection.transaction():
            await connection.execute(NOTE_PAGE, lower, upper)
            await connection.execute("DELETE FROM shared.marks WHERE name = $1", mark)
            if lower:
                await connection.execute("INSERT INTO shared.marks (name) VALUES ($1)", f"{MARK}{lower}")


async def overtake_restored_events(connection: "asyncpg.Connection[Any]") -> None:
    """A log restored from a dump tells of transactions this server has yet to count up to, and shows none of them.

    Spends transaction ids until it has; some hundred thousand a second.
    """
    ahead = await connection.fetchval(AHEAD)
    if ahead is not None:
        log.info("overtaking_restored_events", transaction=ahead)
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(SPEND.format(ahead))
