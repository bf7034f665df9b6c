"""The metadata of all tables, and pools whose sessions a frozen process cannot block for long."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import MetaData

from shared.errors import Unavailable
from shared.postgres.address import read_address
from shared.postgres.outages import SERVICE_ROLE, DatabaseTakesNoWrites, DatabaseUnavailable, Writes, typed_outages

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

UNIQUE_VIOLATION = "23505"

SESSION_SETTINGS = {
    "role": SERVICE_ROLE,
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "10s",
    "application_name": "modplane",
}

# Every statement of the write path looks rows up by key. A plan that was cached while a table was small would read all
# of it for ever after, so these sessions are not offered such plans.
WRITER_SETTINGS = SESSION_SETTINGS | {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}

# The event log is read along its indexes, a page at a time, whatever the statistics say of how much there would be to
# sort. Its readers have sessions of their own, so that they keep no other read waiting.
LOG_SETTINGS = SESSION_SETTINGS | {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}

READ_SECONDS = 10.0
BATCH_SECONDS = 35.0

# Random, so that it is not compressed: as much room as a batch of commands may need.
PROBE_BYTES = 256 * 1024
PROBE = """
INSERT INTO shared.dead_letters (id, kind, source, key, body, error)
VALUES (gen_random_uuid(), 'event', 'probe', 'probe', $1, 'Is there room? This row is never committed.')
"""


class _NeverCommitted(Exception):  # noqa: N818 - ends the transaction of a probe
    pass


async def leave_as_it_is(_: Any) -> None:
    """Skip the reset: no session is ever changed beyond its transaction, so it would be a wasted round trip."""


class PostgresDatabase:
    """Three lazily connected pools, so that slow reads cannot keep the write path from a session."""

    def __init__(self, url: str, *, writers: int = 12, readers: int = 8, log_readers: int = 4) -> None:
        self._address = read_address(url)
        self._sizes = (writers, readers, log_readers)
        self._log_readers: asyncpg.Pool[Any] | None = None
        self._writers: asyncpg.Pool[Any] | None = None
        self._readers: asyncpg.Pool[Any] | None = None
        self.writes = Writes()

    async def open(self) -> None:
        """Prepare the pools and connect to nothing, so an absent database does not keep the service from starting."""
        self._writers = await self._pool(self._sizes[0], WRITER_SETTINGS)
        self._readers = await self._pool(self._sizes[1], SESSION_SETTINGS)
        self._log_readers = await self._pool(self._sizes[2], LOG_SETTINGS)

    async def _pool(self, size: int, settings: dict[str, str]) -> "asyncpg.Pool[Any]":
        return await asyncpg.create_pool(
            connect=self._address.connect,
            min_size=0,
            max_size=size,
            timeout=5,
            max_inactive_connection_lifetime=300,
            reset=leave_as_it_is,
            server_settings=settings,
        )

    def sessions(self) -> Mapping[str, tuple[int, int, int]]:
        """Return by pool: sessions, those of them that are idle, and the most there may be."""
        pools = {"writers": self._writers, "readers": self._readers, "log": self._log_readers}
        return {
            name: (pool.get_size(), pool.get_idle_size(), pool.get_max_size())
            for name, pool in pools.items()
            if pool is not None
        }

    async def close(self) -> None:
        """End every session, the busy ones too."""
        for pool in (self._writers, self._readers, self._log_readers):
            if pool is not None:
                pool.terminate()

    async def check_schema(self) -> None:
        """Raise `DatabaseUnavailable` while the database is away or its schema is not there yet."""
        try:
            async with self.reading() as connection:
                await connection.execute("SELECT FROM shared.streams LIMIT 0")
        except asyncpg.PostgresError as error:
            raise DatabaseUnavailable("The schema is not there yet: run `modplane migrate`.") from error

    async def connect(self, *, as_service: bool = True) -> "asyncpg.Connection[Any]":
        """Open a session for listening or for a lease. Without the service role it may end other sessions."""
        settings = dict(SESSION_SETTINGS)
        if not as_service:
            del settings["role"]
        with typed_outages():
            return await self._address.connect(timeout=5, command_timeout=35, server_settings=settings)

    @asynccontextmanager
    async def writing(self, seconds: float = BATCH_SECONDS) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """Open a READ COMMITTED transaction: commits on leaving; rolls back on any exception, or after `seconds`."""
        try:
            async with self._session(self._writers, seconds) as connection, connection.transaction():
                yield connection
        except DatabaseTakesNoWrites as refused:
            self.writes.failed(refused.reason)
            raise

    async def probe_writes(self) -> None:
        """Find out by a write that needs room, and is undone, whether writes go through again."""
        try:
            async with self.writing(READ_SECONDS) as transaction:
                await transaction.execute(PROBE, os.urandom(PROBE_BYTES))
                raise _NeverCommitted  # noqa: TRY301 - rolls back
        except _NeverCommitted:
            self.writes.succeeded()
        except Unavailable:
            return  # still no writes, or unknown because the database is away

    @asynccontextmanager
    async def snapshot(self, seconds: float = READ_SECONDS) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """Open a read-only REPEATABLE READ transaction; cut off after `seconds`."""
        async with (
            self._session(self._readers, seconds) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """Give a session for one statement, outside any transaction."""
        async with self._session(self._readers, READ_SECONDS) as connection:
            yield connection

    @asynccontextmanager
    async def reading_the_log(self) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """Give a session for statements on the event log, outside any transaction."""
        async with self._session(self._log_readers, READ_SECONDS) as connection:
            yield connection

    @asynccontextmanager
    async def _session(
        self, pool: "asyncpg.Pool[Any] | None", seconds: float
    ) -> AsyncIterator["asyncpg.Connection[Any]"]:
        with typed_outages():
            async with self._open(pool).acquire(timeout=5) as connection:
                # Terminate instead of cancelling: a server that hangs would not answer a cancellation.
                deadline = asyncio.get_running_loop().call_later(seconds, connection.terminate)
                try:
                    yield connection
                finally:
                    deadline.cancel()

    def _open(self, pool: "asyncpg.Pool[Any] | None") -> "asyncpg.Pool[Any]":
        if pool is None:
            raise DatabaseUnavailable("The database pool is not open.")
        return pool
