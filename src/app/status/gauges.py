"""What is looked at from time to time rather than counted: parts, queues, lag, and how late the event loop is."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from math import nan
from time import perf_counter

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from app.status.queues import PostgresQueues
from shared.cache.redis import RedisCache
from shared.commands.bus import OutcomeWaiter
from shared.errors import Unavailable
from shared.kafka.broker import KafkaConnection
from shared.postgres.database import PostgresDatabase
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

LOOK_SECONDS = 10.0
LAG_SECONDS = 5.0
TICK_SECONDS = 0.25


class Parts:
    """What this process works with, at the moment of asking. Cheap: nothing here is sent anywhere."""

    def __init__(self, database: PostgresDatabase, store: RedisCache, waiter: OutcomeWaiter) -> None:
        self._database = database
        self._store = store
        self._waiter = waiter

    def look(self) -> None:
        """Sets the gauges that are exact whenever they are read."""
        metrics.PART_UP.labels(part="redis").set(self._store.trusted)
        metrics.WAITING.set(len(self._waiter))
        for pool, (size, idle, limit) in self._database.sessions().items():
            metrics.CONNECTIONS.labels(pool=pool, state="in_use").set(size - idle)
            metrics.CONNECTIONS.labels(pool=pool, state="idle").set(idle)
            metrics.CONNECTIONS_LIMIT.labels(pool=pool).set(limit)


class Queues:
    """What waits in the database and in Kafka. Bounded: a look reads no more than there is to be told."""

    def __init__(self, queues: PostgresQueues, connection: KafkaConnection) -> None:
        self._queues = queues
        self._connection = connection

    async def keep_looking(self) -> None:
        """Runs for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Both, one after the other. What cannot be had is not a number: an old one would pass for the present."""
        await self._look_into_the_database()
        await self._look_into_kafka()

    async def _look_into_the_database(self) -> None:
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

    async def _look_into_kafka(self) -> None:
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
    """Records behind the last committed offset by topic, of the partitions the consumer has now.

    A partition nobody has committed anything of counts from where the consumer is.
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


async def watch_the_loop() -> None:
    """Runs for ever: sleeps, and notes how much longer that took than it should have."""
    while True:
        started = perf_counter()
        await asyncio.sleep(TICK_SECONDS)
        metrics.LOOP_DELAY.observe(max(0.0, perf_counter() - started - TICK_SECONDS))
