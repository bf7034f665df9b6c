from collections.abc import Mapping
from math import isnan
from typing import Any, cast
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from dishka import AsyncContainer
from prometheus_client import REGISTRY

from app.status.gauges import Parts, PostgresQueues, Queues, lag_of
from shared.postgres.database import PostgresDatabase

EVENT = """
WITH logged AS (
  INSERT INTO shared.event_log (id, aggregatetype, aggregateid, type, sequence, payload, user_id, operation_id,
                                occurred_at)
  VALUES ($1, 'registry', $2, 'tenant.module.updated', 1, '{}', 'somebody', $1, now() - $3 * interval '1 second')
  RETURNING seq
)
INSERT INTO shared.event_relay (seq, key, invalidates) SELECT seq, $2, '' FROM logged
"""
OPERATION = """
INSERT INTO shared.operations (id, context, aggregate_id, user_id, command, status, fingerprint, created_at)
VALUES ($1, 'registry', 'a', 'somebody', 'RegisterModule', $2, '', now() - $3 * interval '1 second')
"""
LETTER = (
    "INSERT INTO shared.dead_letters (id, kind, source, key, body, error, status) VALUES ($1, $2, '', $3, '', '', $4)"
)


async def test_what_waits_is_counted_and_the_oldest_that_is_not_blocked_has_an_age(
    database: PostgresDatabase, scratch_url: str
) -> None:
    owner = await asyncpg.connect(scratch_url)
    for key, age in (("blocked", 900), ("free", 60), ("free_too", 5)):
        await owner.execute(EVENT, uuid4(), key, age)
    for status, age in (("pending", 30), ("pending", 10), ("applied", 500)):
        await owner.execute(OPERATION, uuid4(), status, age)
    for kind, key, status in (("relay", "blocked", "open"), ("command", "a", "open"), ("command", "b", "dropped")):
        await owner.execute(LETTER, uuid4(), kind, key, status)
    await owner.close()

    waiting = await PostgresQueues(database).waiting()
    assert (waiting.events, waiting.pending) == (3, 2)
    assert 60 <= waiting.oldest_event_seconds < 600
    assert 30 <= waiting.oldest_pending_seconds < 400
    assert waiting.letters == {"command": 1, "event": 0, "relay": 1}


async def test_nothing_that_waits_has_no_age(database: PostgresDatabase) -> None:
    waiting = await PostgresQueues(database).waiting()
    assert (waiting.events, waiting.oldest_event_seconds, waiting.pending, waiting.oldest_pending_seconds) == (
        0,
        0,
        0,
        0,
    )


async def test_pending_operations_are_found_without_reading_the_others(scratch_url: str) -> None:
    connection = await asyncpg.connect(scratch_url)
    await connection.execute("SET enable_seqscan = off")
    plan = await connection.fetch("EXPLAIN SELECT min(created_at) FROM shared.operations WHERE status = 'pending'")
    await connection.close()
    assert "ix_operations_" in "".join(row[0] for row in plan)
    assert not any("Seq Scan" in row[0] for row in plan)


def value(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(name, labels)
    assert found is not None, name
    return found


async def test_without_the_database_nothing_is_told_of_its_queues(container: AsyncContainer) -> None:
    queues = await container.get(Queues)
    await queues.sample()
    assert value("modplane_part_up", part="postgres") == 1
    assert value("modplane_part_up", part="kafka") == 0
    assert value("modplane_relay_depth_events") == 0
    await (await container.get(PostgresDatabase)).close()
    await queues.sample()
    assert value("modplane_part_up", part="postgres") == 0
    assert isnan(value("modplane_relay_depth_events"))


async def test_sessions_in_use_are_told_as_they_are_now(container: AsyncContainer) -> None:
    database, parts = await container.get(PostgresDatabase), await container.get(Parts)
    async with database.reading():
        parts.sample()
        assert value("modplane_database_connections", pool="readers", state="in_use") == 1
    parts.sample()
    assert value("modplane_database_connections", pool="readers", state="in_use") == 0
    assert value("modplane_database_connections", pool="readers", state="idle") == 1
    assert value("modplane_database_connections_limit", pool="writers") == 12


class Consumer:
    """A consumer's places: how far each is, what is committed of it, and where it ends."""

    def __init__(self, places: Mapping[tuple[str, int], tuple[int, int | None, int | None]]) -> None:
        self._places = {TopicPartition(*place): told for place, told in places.items()}

    def assignment(self) -> set[TopicPartition]:
        return set(self._places)

    async def position(self, place: TopicPartition) -> int:
        return self._places[place][0]

    async def committed(self, place: TopicPartition) -> int | None:
        return self._places[place][1]

    def highwater(self, place: TopicPartition) -> int | None:
        return self._places[place][2]


@pytest.mark.parametrize(
    ("places", "lag"),
    [
        ({("a", 0): (9, 5, 10), ("a", 1): (3, 3, 3), ("b", 0): (7, 6, 8)}, {"a": 5, "b": 2}),
        ({("a", 0): (4, None, 10)}, {"a": 6}),
        ({("a", 0): (0, None, None)}, {"a": 0}),
        ({}, {}),
    ],
)
async def test_lag_is_what_is_not_committed_of_the_partitions_a_consumer_has(
    places: dict[tuple[str, int], Any], lag: dict[str, int]
) -> None:
    assert await lag_of(cast("AIOKafkaConsumer", Consumer(places))) == lag
