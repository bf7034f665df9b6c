"""Gauges that are sampled rather than counted: parts, queues, consumer lag, and the delay of the event loop."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from time import perf_counter

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import Struct

from shared.cache.redis import RedisCache
from shared.commands.bus import OutcomeWaiter
from shared.errors import Unavailable
from shared.kafka.broker import KafkaConnection
from shared.postgres.database import PostgresDatabase
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

SAMPLE_SECONDS = 10.0
LAG_SECONDS = 5.0
TICK_SECONDS = 0.25

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
    """Counts end at 100,000. Ages are 0 when nothing waits."""

    events: int
    oldest_event_seconds: float
    pending: int
    oldest_pending_seconds: float
    letters: Mapping[str, int]


class PostgresQueues:
    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def waiting(self) -> Waiting:
        """Count through indexes over the waiting rows alone. Raises `Unavailable`."""
        async with self._database.reading() as connection:
            events, event_age, pending, pending_age = await connection.fetchrow(WAITING, COUNTED)
            rows = await connection.fetch(OPEN_LETTERS, COUNTED)
        letters = dict.fromkeys(KINDS, 0) | dict(rows)
        return Waiting(events, event_age or 0.0, pending, pending_age or 0.0, letters)


@dataclass
class Parts:
    """Gauges of this process's own parts. Cheap: sampling sends nothing anywhere."""

    database: PostgresDatabase
    store: RedisCache
    waiter: OutcomeWaiter

    def sample(self) -> None:
        metrics.PART_UP.labels(part="redis").set(self.store.trusted)
        metrics.WAITING.set(len(self.waiter))
        for pool, (size, idle, limit) in self.database.sessions().items():
            metrics.CONNECTIONS.labels(pool=pool, state="in_use").set(size - idle)
            metrics.CONNECTIONS.labels(pool=pool, state="idle").set(idle)
            metrics.CONNECTIONS_LIMIT.labels(pool=pool).set(limit)


class Queues:
    def __init__(self, queues: PostgresQueues, connection: KafkaConnection) -> None:
        self._queues = queues
        self._connection = connection

    async def sample_forever(self) -> None:
        while True:
            await self.sample()
            await asyncio.sleep(SAMPLE_SECONDS)

    async def sample(self) -> None:
        """Set every gauge. One that cannot be read becomes NaN, because its last value would look current."""
        await self._sample_database()
        await self._sample_kafka()

    async def _sample_database(self) -> None:
        try:
            waiting = await self._queues.waiting()
        except Unavailable as error:
            log.debug("queues_not_read", error=error.detail)
            metrics.PART_UP.labels(part="postgres").set(0)
            for gauge in (metrics.RELAY_DEPTH, metrics.RELAY_AGE, metrics.PENDING, metrics.PENDING_AGE):
                gauge.set(nan)
            return
        metrics.PART_UP.labels(part="postgres").set(1)
        metrics.RELAY_DEPTH.set(waiting.events)
        metrics.RELAY_AGE.set(waiting.oldest_event_seconds)
        metrics.PENDING.set(waiting.pending)
        metrics.PENDING_AGE.set(waiting.oldest_pending_seconds)
        for kind, count in waiting.letters.items():
            metrics.OPEN_LETTERS.labels(kind=kind).set(count)

    async def _sample_kafka(self) -> None:
        lags: dict[tuple[str, str], int] = {}
        metrics.PART_UP.labels(part="kafka").set(await self._connection.answers(LAG_SECONDS))
        try:
            async with asyncio.timeout(LAG_SECONDS):
                for subscriber in self._connection.broker.subscribers:
                    consumer = getattr(subscriber, "consumer", None)
                    if isinstance(consumer, AIOKafkaConsumer):
                        group = str(getattr(subscriber, "group_id", ""))
                        lags |= {(group, topic): lag for topic, lag in (await lag_of(consumer)).items()}
        except (KafkaError, OSError, TimeoutError) as error:
            log.debug("lag_not_read", error=repr(error)[:200])
        metrics.CONSUMER_LAG.clear()
        for (group, topic), lag in lags.items():
            metrics.CONSUMER_LAG.labels(group=group, topic=topic).set(lag)


async def lag_of(consumer: AIOKafkaConsumer) -> Mapping[str, int]:
    """Return the records after the last committed offset by topic, of the partitions assigned to the consumer now.

    A partition without a committed offset counts from the consumer's position.
    """
    lags: dict[str, int] = defaultdict(int)
    places: list[TopicPartition] = list(consumer.assignment())
    committed = await asyncio.gather(*(consumer.committed(place) for place in places))
    for place, offset in zip(places, committed, strict=True):
        end = consumer.highwater(place)
        if place in consumer.assignment() and end is not None:
            begin = offset if offset is not None else await consumer.position(place)
            lags[place.topic] += max(0, end - begin)
        else:
            lags[place.topic] += 0
    return lags


async def measure_loop_delay() -> None:
    """Sleep in a loop, and record how much later than requested each ended. Never returns."""
    while True:
        started = perf_counter()
        await asyncio.sleep(TICK_SECONDS)
        metrics.LOOP_DELAY.observe(max(0.0, perf_counter() - started - TICK_SECONDS))
