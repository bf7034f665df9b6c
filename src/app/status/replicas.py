"""Each replica's last report, kept in the database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct

from shared.postgres.database import PostgresDatabase

FORGOTTEN_AFTER = timedelta(hours=1)

UPSERT = """
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
    """Whether a part answers a replica. `since`: when the replica first saw it so."""

    answers: bool
    since: datetime


class CacheCounts(Struct, frozen=True):
    hits: int = 0
    misses: int = 0
    bypasses: int = 0


class Report(Struct, frozen=True):
    """Fields that a newer version added are ignored."""

    kafka: Observed
    redis: Observed
    cache: CacheCounts
    waiting_requests: int


class Replica(Struct, frozen=True):
    name: str
    role: Literal["api", "worker", "all"]
    version: str
    started_at: datetime
    report: Report


class SeenReplica(Replica, frozen=True):
    """Times are by the database's clock, which all replicas share."""

    seen_at: datetime
    silent_seconds: float


class PostgresReplicas:
    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def report(self, replica: Replica) -> None:
        """Write the replica's row, and delete those not renewed for an hour. Raises `Unavailable`."""
        async with self._database.writing() as transaction:
            await transaction.execute(
                UPSERT,
                replica.name,
                replica.role,
                replica.version,
                replica.started_at,
                msgspec.json.encode(replica.report).decode(),
            )
            await transaction.execute(FORGET, FORGOTTEN_AFTER)

    async def leave(self, name: str, started_at: datetime) -> None:
        """Delete the row, unless the replica's next process has written it already."""
        async with self._database.writing() as transaction:
            await transaction.execute(LEAVE, name, started_at)

    async def seen(self) -> tuple[Sequence[SeenReplica], str | None]:
        """Return the replicas of the last hour by name, and the name of the relay's leader."""
        async with self._database.reading() as connection:
            rows: Sequence[Any] = await connection.fetch(SEEN)
            leader: str | None = await connection.fetchval(LEADER)
        return [
            SeenReplica(name, role, version, started_at, msgspec.json.decode(report, type=Report), seen_at, silent)
            for name, role, version, started_at, report, seen_at, silent in rows
        ], leader
