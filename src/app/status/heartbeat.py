"""Report this replica's state to the database every few seconds."""

import asyncio
from dataclasses import dataclass
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


@dataclass(repr=False)
class Heartbeat:
    """Reports the parts every few seconds. `postgres` stays in memory: its outage cannot be reported there."""

    settings: Settings
    replicas: PostgresReplicas
    store: RedisCache
    connection: KafkaConnection
    waiter: OutcomeWaiter
    clock: Clock
    database: PostgresDatabase

    def __post_init__(self) -> None:
        self._started_at = self.clock.now()
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
        kafka = await self.connection.answers(KAFKA_SECONDS)
        now = self.clock.now()
        replica = Replica(
            name=self.settings.replica_id,
            role=self.settings.role,
            version=self._version,
            started_at=self._started_at,
            report=Report(
                kafka=self._kafka.note(answers=kafka, now=now),
                redis=self._redis.note(answers=self.store.trusted, now=now),
                cache=cache_counts(),
                waiting_requests=len(self.waiter),
            ),
        )
        if self.database.writes.problem:
            await self.database.probe_writes()
        try:
            await self.replicas.report(replica)
        except Unavailable as error:
            log.debug("heartbeat_not_written", error=error.detail)
            self.postgres.note(answers=isinstance(error, DatabaseTakesNoWrites), now=now)
            return False
        self.postgres.note(answers=True, now=now)
        return kafka and self.store.trusted and not self.database.writes.problem

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(1):
                await self.replicas.leave(self.settings.replica_id, self._started_at)
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
