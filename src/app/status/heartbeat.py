"""Report this replica's state to the database every few seconds."""

import asyncio
from datetime import datetime
from importlib.metadata import version

import structlog

from app.settings import Settings
from app.status.replicas import CacheCounts, Observed, PostgresReplicas, Replica, Report
from shared.cache.redis import RedisCache
from shared.commands.bus import OutcomeWaiter
from shared.errors import Unavailable
from shared.kafka.broker import KafkaConnection
from shared.ports import Clock
from shared.postgres.database import PostgresDatabase
from shared.postgres.outages import DatabaseTakesNoWrites
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

BEAT_SECONDS = 5.0
RETRY_SECONDS = 1.0
KAFKA_SECONDS = 2.0


class Observation:
    def __init__(self) -> None:
        self.observed: Observed | None = None

    def note(self, *, answers: bool, now: datetime) -> Observed:
        """Keep the moment for as long as the answer stays the same."""
        if self.observed is None or self.observed.answers != answers:
            self.observed = Observed(answers, now)
        return self.observed


class Heartbeat:
    """Reports the parts every few seconds. `postgres` stays in memory: its outage cannot be reported there."""

    def __init__(  # noqa: PLR0913 - everything it observes
        self,
        settings: Settings,
        replicas: PostgresReplicas,
        store: RedisCache,
        connection: KafkaConnection,
        waiter: OutcomeWaiter,
        clock: Clock,
        database: PostgresDatabase,
    ) -> None:
        self._settings = settings
        self._replicas = replicas
        self._store = store
        self._connection = connection
        self._waiter = waiter
        self._clock = clock
        self._database = database
        self._started_at = clock.now()
        self._version = version("modplane")
        self._kafka, self._redis = Observation(), Observation()
        self.postgres = Observation()

    async def keep_beating(self) -> None:
        """Report until cancelled, then remove the replica's row."""
        try:
            while True:
                is_well = await self.beat()
                await asyncio.sleep(BEAT_SECONDS if is_well else RETRY_SECONDS)
        finally:
            await self._leave()

    async def beat(self) -> bool:
        """Report once. Return whether every part answers: until then the next report comes sooner."""
        kafka = await self._connection.answers(KAFKA_SECONDS)
        now = self._clock.now()
        replica = Replica(
            name=self._settings.replica_id,
            role=self._settings.role,
            version=self._version,
            started_at=self._started_at,
            report=Report(
                kafka=self._kafka.note(answers=kafka, now=now),
                redis=self._redis.note(answers=self._store.trusted, now=now),
                cache=cache_counts(),
                waiting_requests=len(self._waiter),
            ),
        )
        if self._database.writes.problem:
            await self._database.probe_writes()
        try:
            await self._replicas.report(replica)
        except Unavailable as error:
            log.debug("heartbeat_not_written", error=error.detail)
            self.postgres.note(answers=isinstance(error, DatabaseTakesNoWrites), now=now)
            return False
        self.postgres.note(answers=True, now=now)
        return kafka and self._store.trusted and not self._database.writes.problem

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(1):
                await self._replicas.leave(self._settings.replica_id, self._started_at)
        except (Unavailable, TimeoutError):
            log.debug("heartbeat_not_removed")


def cache_counts() -> CacheCounts:
    counted = {
        sample.labels["result"]: int(sample.value)
        for metric in metrics.CACHE_READS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
    return CacheCounts(counted.get("hit", 0), counted.get("miss", 0), counted.get("bypass", 0))
