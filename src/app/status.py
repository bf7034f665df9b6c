"""How the system is, for its operator: the parts, what waits, what was set aside."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from app.answering import Answer, Say
from app.operating import database_tools
from app.settings import Settings
from registry.adapters.postgres import PostgresModuleReader
from registry.module_type import ModuleType
from shared.adapters.kafka import KafkaConnection
from shared.adapters.postgres import PostgresDatabase
from shared.adapters.redis import RedisStore

KAFKA_SECONDS = 2.0

WAITING = """
SELECT (SELECT count(*) FROM shared.event_relay),
       (SELECT coalesce(extract(epoch FROM now() - min(l.occurred_at)), 0)::int
        FROM shared.event_relay JOIN shared.event_log l USING (seq)),
       (SELECT count(*) FROM shared.operations WHERE status = 'pending'),
       (SELECT holder FROM shared.relay_lease WHERE renewed_at > now() - interval '10 seconds')
"""

SET_ASIDE = "SELECT kind, count(*) FROM shared.dead_letters WHERE status = 'open' GROUP BY kind ORDER BY kind"


async def tell_status(settings: Settings, say: Say) -> Answer:
    """Says a line a fact. Raises `Unavailable` without the database, for nothing can be told then."""
    async with database_tools(settings) as container:
        database, store = await container.get(PostgresDatabase), await container.get(RedisStore)
        lines = [
            *await stored(database),
            f"redis: {'ok' if await store.answers() else 'away: reads come from PostgreSQL'}",
            f"kafka: {await kafka(await container.get(KafkaConnection))}",
            *drift([module.module_id for module in await (await container.get(PostgresModuleReader)).living()]),
        ]
    for line in lines:
        say(line)
    return Answer(dict(line.split(": ", 1) for line in lines))


async def stored(database: PostgresDatabase) -> Sequence[str]:
    """What the database tells: the relay's queue and leader, waiting operations, dead letters."""
    async with database.reading() as connection:
        depth, age, pending, leader = await connection.fetchrow(WAITING)
        aside: Sequence[Any] = await connection.fetch(SET_ASIDE)
    letters = ", ".join(f"{count} {kind}" for kind, count in aside) or "none"
    return [
        "postgres: ok",
        f"relay: {depth} events waiting, the oldest for {age} s, led by {leader or 'nobody'}",
        f"operations: {pending} pending",
        f"dead letters: {letters}",
    ]


async def kafka(connection: KafkaConnection) -> str:
    """Whether the broker answers."""
    return "ok" if await reachable(connection.broker) else "away: commands are decided without it, events wait"


async def reachable(broker: KafkaBroker) -> bool:
    """Whether a client that has not started can reach the broker within two seconds."""
    try:
        async with asyncio.timeout(KAFKA_SECONDS):
            await broker.connect()
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        with suppress(Exception):
            await broker.stop()
    return True


def drift(registered: Sequence[str]) -> Sequence[str]:
    """How far the enum `ModuleType` is from the living registry, which alone counts."""
    known = {member.value for member in ModuleType}
    missing, gone = sorted(set(registered) - known), sorted(known - set(registered))
    return [f"module type enum: {len(missing)} registered modules are not in it, {len(gone)} of it are not registered"]
