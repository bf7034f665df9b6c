"""The relay's session on PostgreSQL: a lease row, pages of the queue, blocked keys."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import msgspec

from shared.eventlog.query import EVENT_COLUMNS, event_fields
from shared.messages import EventEnvelope
from shared.outbox.relay import LeadershipLost, Queued
from shared.postgres.database import PostgresDatabase
from shared.postgres.outages import SERVICE_ROLE, typed_outages

LEASE = """
SELECT holder, backend_pid, backend_start, renewed_at < now() - interval '10 seconds' AS void
FROM shared.relay_lease WHERE id = 1 FOR UPDATE
"""

END_OLD_SESSION = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = $1 AND backend_start = $2 AND pid <> pg_backend_pid()
"""

TAKE_LEASE = """
INSERT INTO shared.relay_lease (id, holder, backend_pid, backend_start, renewed_at)
SELECT 1, $1, pid, backend_start, now() FROM pg_stat_activity WHERE pid = pg_backend_pid()
ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, backend_pid = excluded.backend_pid,
  backend_start = excluded.backend_start, renewed_at = excluded.renewed_at
"""

RENEW = """
UPDATE shared.relay_lease SET renewed_at = now() WHERE id = 1 AND backend_pid = pg_backend_pid() AND holder = $1
RETURNING 1
"""

RETURN_LEASE = "UPDATE shared.relay_lease SET renewed_at = '-infinity' WHERE id = 1 AND backend_pid = pg_backend_pid()"

COLUMNS = f"r.seq, r.key, r.invalidates, r.fresh, r.traceparent, {EVENT_COLUMNS}"

NEXT_PAGE = f"""
SELECT {COLUMNS} FROM shared.event_relay r JOIN shared.event_log l USING (seq)
WHERE NOT EXISTS (SELECT FROM shared.dead_letters d WHERE d.kind = 'relay' AND d.status = 'open' AND d.key = r.key)
ORDER BY r.seq LIMIT $1
"""

FRESH_PAGE = f"""
SELECT {COLUMNS} FROM shared.event_relay r JOIN shared.event_log l USING (seq)
WHERE r.fresh ORDER BY r.seq LIMIT $1
"""

# The first row of a key that goes is the one whose letter was retried: it stood before all others.
REMOVE = """
WITH gone AS (DELETE FROM shared.event_relay WHERE seq = ANY($1::bigint[]) RETURNING key)
UPDATE shared.dead_letters SET status = 'resolved'
WHERE kind = 'relay' AND status = 'retried' AND key IN (SELECT key FROM gone)
"""

BLOCK = """
INSERT INTO shared.dead_letters (id, kind, source, key, body, error, context, subject_id)
VALUES ($1, 'relay', $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET status = 'open', error = excluded.error
"""


class PostgresRelayElection:
    """Leadership as a lease row: renewed every two seconds, void after ten."""

    def __init__(self, database: PostgresDatabase, replica_id: str) -> None:
        self._database = database
        self._holder = replica_id

    async def lead(self) -> "PostgresRelayQueue | None":
        """End the former leader's session and return the new leader's; None while another process holds the lease."""
        connection = await self._database.connect(as_service=False)
        try:
            with typed_outages():
                taken = await self._take(connection)
        except BaseException:
            connection.terminate()
            raise
        if taken:
            return PostgresRelayQueue(connection, self._holder)
        await connection.close()
        return None

    async def _take(self, connection: "asyncpg.Connection[Any]") -> bool:
        async with connection.transaction():
            lease = await connection.fetchrow(LEASE)
            if lease is not None and not lease["void"] and lease["holder"] != self._holder:
                return False
            if lease is not None:
                await connection.execute(END_OLD_SESSION, lease["backend_pid"], lease["backend_start"])
            await connection.execute(TAKE_LEASE, self._holder)
        await connection.execute(f"SET ROLE {SERVICE_ROLE}")
        return True


class PostgresRelayQueue:
    """The queue as its leader sees it. One statement at a time: renewing and working share the session."""

    def __init__(self, connection: "asyncpg.Connection[Any]", holder: str) -> None:
        self._connection = connection
        self._holder = holder
        self._turn = asyncio.Lock()

    async def renew(self) -> None:
        if not await self._fetch(RENEW, self._holder):
            raise LeadershipLost("The relay lease is held by another process.")

    async def page(self, limit: int) -> Sequence[Queued]:
        return [queued(row) for row in await self._fetch(NEXT_PAGE, limit)]

    async def fresh(self, limit: int) -> Sequence[Queued]:
        return [queued(row) for row in await self._fetch(FRESH_PAGE, limit)]

    async def mark_invalidated(self, seqs: Sequence[int]) -> None:
        if seqs:
            await self._fetch("UPDATE shared.event_relay SET fresh = false WHERE seq = ANY($1::bigint[])", seqs)

    async def remove(self, seqs: Sequence[int]) -> None:
        if seqs:
            await self._fetch(REMOVE, seqs)

    async def block(self, row: Queued, error: str) -> UUID:
        """Block the row's key until its dead letter is retried or dropped; return the dead letter's id."""
        letter = uuid5(row.event.event_id, "relay")
        body = msgspec.json.encode(row.event)
        context = row.event.stream.partition(":")[0]
        await self._fetch(BLOCK, letter, row.event.type, row.key, body, error[:2000], context, row.event.event_id)
        return letter

    async def close(self) -> None:
        """Give the lease back, so that a successor need not wait for it to become void."""
        try:
            async with asyncio.timeout(2):
                await self._fetch(RETURN_LEASE)
                await self._connection.close()
        except Exception:  # noqa: BLE001 - the session may be gone already; the lease then becomes void by itself
            self._connection.terminate()

    async def _fetch(self, query: str, *args: Any) -> Sequence[Any]:
        with typed_outages():
            async with self._turn:
                rows: Sequence[Any] = await self._connection.fetch(query, *args)
        return rows


def queued(row: Any) -> Queued:
    seq, key, invalidates, fresh, traceparent, *columns = row
    event = EventEnvelope(**event_fields(columns))
    return Queued(seq, key, invalidates.split("\n") if invalidates else (), fresh, event, traceparent)
