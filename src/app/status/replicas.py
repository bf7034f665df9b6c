"""What each replica last said of itself, so that any of them, and the command line, can tell how all of them are."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from shared.postgres.database import PostgresDatabase

FORGOTTEN_AFTER = timedelta(hours=1)

TELL = """
INSERT INTO shared.replicas AS r (name, role, version, started_at, seen_at, report)
VALUES ($1, $2, $3, $4, now(), $5::json)
ON CONFLICT (name) DO UPDATE SET role = excluded.role, version = excluded.version, started_at = excluded.started_at,
  seen_at = excluded.seen_at, report = excluded.report
"""

FORGET = "DELETE FROM shared.replicas WHERE seen_at < now() - $1::interval"

LEAVE = "DELETE FROM shared.replicas WHERE name = $1 AND started_at = $2"

SEEN = """
SELECT name, role, version, started_at, report, seen_at, extract(epoch FROM now() - seen_at)::float8
FROM shared.replicas ORDER BY name
"""

LEADER = "SELECT holder FROM shared.relay_lease WHERE renewed_at > now() - interval '10 seconds'"


class Observed(Struct, frozen=True):
    """Whether a part answers a replica, and since when it does or does not, as far as the replica saw it begin."""

    answers: bool
    since: datetime


class CacheCounts(Struct, frozen=True):
    """Cached reads of a process since it started: found, not found, and those that went past the cache."""

    hits: int = 0
    misses: int = 0
    bypasses: int = 0


class Report(Struct, frozen=True):
    """What a replica says of itself. Fields a newer version added are ignored."""

    kafka: Observed
    redis: Observed
    cache: CacheCounts
    waiting_requests: int


class Replica(Struct, frozen=True):
    """A replica, and what it says."""

    name: str
    role: Literal["api", "worker", "all"]
    version: str
    started_at: datetime
    report: Report


class SeenReplica(Replica, frozen=True):
    """A replica as it was last heard of, by the database's clock, which all of them share."""

    seen_at: datetime
    silent_seconds: float


class PostgresReplicas:
    """One row a replica, renewed every few seconds."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def tell(self, replica: Replica) -> None:
        """Renews the replica's row, and forgets those unheard of for an hour. Raises `Unavailable`."""
        async with self._database.writing() as transaction:
            await transaction.execute(
                TELL,
                replica.name,
                replica.role,
                replica.version,
                replica.started_at,
                msgspec.json.encode(replica.report).decode(),
            )
            await transaction.execute(FORGET, FORGOTTEN_AFTER)

    async def leave(self, name: str, started_at: datetime) -> None:
        """Takes the row away, unless the replica's next process has it already."""
        async with self._database.writing() as transaction:
            await transaction.execute(LEAVE, name, started_at)

    async def seen(self) -> tuple[Sequence[SeenReplica], str | None]:
        """All that were heard of within an hour, by name, and the name of the one that leads the relay."""
        async with self._database.reading() as connection:
            rows: Sequence[Any] = await connection.fetch(SEEN)
            leader: str | None = await connection.fetchval(LEADER)
        return [
            SeenReplica(name, role, version, started_at, msgspec.json.decode(report, type=Report), seen_at, silent)
            for name, role, version, started_at, report, seen_at, silent in rows
        ], leader
