"""How much waits in the database: for the relay, for a decision, for an operator."""

from collections.abc import Mapping

from msgspec import Struct

from shared.postgres.database import PostgresDatabase

COUNTED = 100_000

WAITING = """
SELECT (SELECT count(*) FROM (SELECT FROM shared.event_relay LIMIT $1) AS bounded),
       (SELECT greatest(0, extract(epoch FROM now() - l.occurred_at))::float8
        FROM shared.event_relay r JOIN shared.event_log l USING (seq)
        WHERE NOT EXISTS (
          SELECT FROM shared.dead_letters d WHERE d.kind = 'relay' AND d.status = 'open' AND d.key = r.key)
        ORDER BY r.seq LIMIT 1),
       (SELECT count(*) FROM (SELECT FROM shared.operations WHERE status = 'pending' LIMIT $1) AS bounded),
       (SELECT greatest(0, extract(epoch FROM now() - min(created_at)))::float8
        FROM shared.operations WHERE status = 'pending')
"""

OPEN_LETTERS = """
SELECT kind, count(*) FROM (
  SELECT kind FROM shared.dead_letters WHERE status = 'open' LIMIT $1
) AS bounded GROUP BY kind
"""

KINDS = ("command", "event", "relay")


class Waiting(Struct, frozen=True):
    """Counts end at 100,000: beyond that it is many. Ages are 0 when nothing waits."""

    events: int
    oldest_event_seconds: float
    pending: int
    oldest_pending_seconds: float
    letters: Mapping[str, int]


class PostgresQueues:
    """A look at the queues, each by an index of what waits alone."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def waiting(self) -> Waiting:
        """Raises `Unavailable`."""
        async with self._database.reading() as connection:
            events, event_age, pending, pending_age = await connection.fetchrow(WAITING, COUNTED)
            rows = await connection.fetch(OPEN_LETTERS, COUNTED)
        letters = dict.fromkeys(KINDS, 0) | dict(rows)
        return Waiting(events, event_age or 0.0, pending, pending_age or 0.0, letters)
