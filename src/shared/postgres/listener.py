"""One LISTEN session a process: decisions of other processes, and resets of the cache."""

from collections.abc import Callable
from typing import Any, Never

import structlog

from shared.concurrency import Wakeup, retry_forever
from shared.errors import Unavailable
from shared.postgres.database import PostgresDatabase
from shared.postgres.outages import typed_outages

CHANNEL = "modplane"
log = structlog.get_logger(__name__)

CHECK_SECONDS = 10.0
PAUSE_SECONDS = 1.0
ENDED = "ended"
EVERYTHING = "*"


class PostgresListener:
    """Call `on_commit` for every notice, `on_decided` and `on_reset` for those of other processes.

    `on_ended` gets the ids of credentials that ended, or `EVERYTHING`. After an outage all are called, for whatever may
    have been missed.
    """

    def __init__(
        self,
        database: PostgresDatabase,
        replica_id: str,
        *,
        on_commit: Callable[[], None],
        on_decided: Callable[[], None],
        on_reset: Callable[[], None],
        on_ended: Callable[[str], None],
    ) -> None:
        self._database = database
        self._replica_id = replica_id
        self._on_commit = on_commit
        self._on_decided = on_decided
        self._on_reset = on_reset
        self._on_ended = on_ended
        self._missed = False

    async def run(self) -> None:
        """Listen, and listen again after each outage. Never returns."""
        await retry_forever(self._listen, Unavailable, PAUSE_SECONDS, self._lost)

    def _lost(self, error: Unavailable) -> None:
        log.warning("listener_lost", error=error.detail)
        self._missed = True

    async def _listen(self) -> Never:
        connection = await self._database.connect()
        check = Wakeup(CHECK_SECONDS)
        connection.add_termination_listener(lambda _: check.wake())
        try:
            with typed_outages():
                await connection.add_listener(CHANNEL, self._heard)
                self._make_good()
                while True:
                    await check.wait()
                    await connection.execute("SELECT 1")
        finally:
            connection.terminate()

    def _make_good(self) -> None:
        # Call back only after LISTEN: a notice sent before it would be lost.
        if self._missed:
            self._missed = False
            self._on_commit()
            self._on_reset()
            self._on_decided()
            self._on_ended(EVERYTHING)

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        self._on_commit()
        notice, _, about = str(payload).partition(" ")
        if notice == ENDED:
            self._on_ended(about)
            return
        if about == self._replica_id:
            return
        if notice == "reset":
            self._on_reset()
        else:
            self._on_decided()


class PostgresResetAnnouncer:
    def __init__(self, database: PostgresDatabase, replica_id: str) -> None:
        self._database = database
        self._replica_id = replica_id

    async def announce_reset(self) -> None:
        """Announce at best effort: while the database is away, nothing new is written that could make caches stale."""
        try:
            async with self._database.writing() as transaction:
                await transaction.execute("SELECT pg_notify($1, $2)", CHANNEL, f"reset {self._replica_id}")
        except Unavailable:
            log.warning("reset_not_announced")
