"""Collect the system's status in bounded time, whichever parts are away."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from asyncpg import PostgresError

from app.contexts import ContextSubscribers
from app.seams.commands import Deciders
from app.settings import Settings
from app.status.gauges import PostgresQueues
from app.status.heartbeat import Heartbeat
from app.status.model import Answered, Facts, SystemStatus
from app.status.replicas import PostgresReplicas
from app.status.rules import assess
from registry.adapters.queries import PostgresModuleReader
from registry.module_type import ModuleType
from shared.cache.generations import CacheDown
from shared.cache.redis import RedisServer
from shared.commands.bus import KafkaUnreachable
from shared.errors import Unavailable
from shared.kafka.groups import Group, GroupsStatus, KafkaGroups
from shared.messages import command_group, command_topic, event_group
from shared.ports import Clock
from shared.postgres.database import PostgresDatabase

T = TypeVar("T")

LOOK_SECONDS = 1.5
FRESH_SECONDS = 1.0

VERSION = "SELECT split_part(current_setting('server_version'), ' ', 1)"


@dataclass(frozen=True)
class Readers:
    """Each method raises `Unavailable`."""

    database: PostgresDatabase
    queues: PostgresQueues
    replicas: PostgresReplicas
    modules: PostgresModuleReader

    async def version(self) -> str:
        async with self.database.reading() as connection:
            return str(await connection.fetchval(VERSION))


@dataclass(repr=False)
class StatusCollector:
    settings: Settings
    readers: Readers
    redis: RedisServer
    kafka: KafkaGroups
    deciders: Deciders
    subscribers: ContextSubscribers
    heartbeat: Heartbeat
    clock: Clock

    def __post_init__(self) -> None:
        self._turn = asyncio.Lock()
        self._last: tuple[float, SystemStatus] | None = None
        self._abandoned: set[asyncio.Task[Any]] = set()

    async def status(self) -> SystemStatus:
        """Return the status, at most a second old. Raises nothing: what is away is part of the answer."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._last is None or now - self._last[0] > FRESH_SECONDS:
                self._last = (now, assess(await self._facts()))
            return self._last[1]

    async def _facts(self) -> Facts:
        probe = asyncio.create_task(self._in_time(self._probe_writes))
        postgres, waiting, seen, registered, redis, kafka = await asyncio.gather(
            self._in_time(partial(timed, self.readers.version)),
            self._in_time(self.readers.queues.waiting),
            self._in_time(self.readers.replicas.seen),
            self._in_time(self.readers.modules.existing_ids),
            self._in_time(partial(timed, self.redis.version)),
            self._in_time(self._groups),
        )
        await probe
        return Facts(
            now=self.clock.now(),
            answered_by=self.settings.replica_id,
            postgres_observed=self.heartbeat.postgres.observed,
            writes_problem=self.readers.database.writes.problem,
            postgres=postgres,
            redis=redis,
            kafka=None if kafka is None else Answered(kafka.answer_ms, None),
            waiting=waiting,
            leader=None if seen is None else seen[1],
            groups=None if kafka is None else kafka.groups,
            replicas=None if seen is None else seen[0],
            registered=registered,
            enumerated=[member.value for member in ModuleType],
        )

    async def _probe_writes(self) -> None:
        # A process without a heartbeat, such as the command line, does not learn of failing writes otherwise.
        if self.heartbeat.postgres.observed is None:
            await self.readers.database.probe_writes()

    async def _groups(self) -> GroupsStatus:
        commands = [Group(command_group(decider.name), [command_topic(decider.name)]) for decider in self.deciders]
        subscribers = await self.subscribers.handlers()
        events = [Group(event_group(name), sorted(handlers)) for name, handlers in subscribers.items()]
        return await self.kafka.look([*commands, *events])

    async def _in_time(self, look: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """Return None when the part is away or too slow, or lacks a table because its schema is older than the code."""
        task = asyncio.create_task(look())
        # A task that is too slow is not awaited after its cancellation, which a server that hangs does not answer.
        await asyncio.wait({task}, timeout=LOOK_SECONDS)
        if not task.done():
            task.cancel()
            self._abandoned.add(task)
            task.add_done_callback(self._forget)
            return None
        try:
            return task.result()
        except (Unavailable, KafkaUnreachable, CacheDown, PostgresError):
            return None

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._abandoned.discard(task)
        if not task.cancelled():
            task.exception()


async def timed(version: Callable[[], Awaitable[str]]) -> Answered:
    started = perf_counter()
    read = await version()
    return Answered((perf_counter() - started) * 1000, read)
