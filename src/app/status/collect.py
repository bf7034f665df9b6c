"""Finds out how the system is, in bounded time, whatever is away."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from asyncpg import PostgresError

from app.contexts import ContextSubscribers
from app.seams.commands import Deciders
from app.settings import Settings
from app.status.drift import enumerated
from app.status.heartbeat import Heartbeat
from app.status.model import Answered, Facts, SystemStatus
from app.status.queues import PostgresQueues, Waiting
from app.status.replicas import PostgresReplicas, SeenReplica
from app.status.rules import told
from registry.adapters.queries import PostgresModuleReader
from shared.cache.generations import CacheDown
from shared.cache.redis import RedisServer
from shared.commands.bus import KafkaUnreachable
from shared.errors import Unavailable
from shared.kafka.groups import Group, GroupsStatus, KafkaGroups
from shared.messages import command_group, command_topic, event_group
from shared.ports import Clock
from shared.postgres.database import PostgresDatabase

Found = TypeVar("Found")

LOOK_SECONDS = 1.5
FRESH_SECONDS = 1.0

VERSION = "SELECT split_part(current_setting('server_version'), ' ', 1)"


class Stored:
    """What the database knows: the queues, who leads the relay, the replicas, the registry."""

    def __init__(
        self,
        database: PostgresDatabase,
        queues: PostgresQueues,
        replicas: PostgresReplicas,
        modules: PostgresModuleReader,
    ) -> None:
        self._database = database
        self._queues = queues
        self._replicas = replicas
        self._modules = modules

    @property
    def writes_problem(self) -> str:
        """Why the database takes no writes, as far as this process knows; empty while it does."""
        return self._database.writes.problem

    async def probe_writes(self) -> None:
        """Finds it out."""
        await self._database.probe_writes()

    async def version(self) -> str:
        """The server's. Raises `Unavailable`, as everything here."""
        async with self._database.reading() as connection:
            return str(await connection.fetchval(VERSION))

    async def waiting(self) -> Waiting:
        """The queues."""
        return await self._queues.waiting()

    async def replicas(self) -> tuple[Sequence[SeenReplica], str | None]:
        """Those heard of lately, and who leads the relay."""
        return await self._replicas.seen()

    async def registered(self) -> Sequence[str]:
        """The ids of living modules."""
        return await self._modules.existing_ids()


class SystemLook:
    """One look at everything, shared by all who ask within a second."""

    def __init__(  # noqa: PLR0913 - everything there is to look at
        self,
        *,
        settings: Settings,
        stored: Stored,
        redis: RedisServer,
        kafka: KafkaGroups,
        deciders: Deciders,
        subscribers: ContextSubscribers,
        heartbeat: Heartbeat,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._stored = stored
        self._redis = redis
        self._kafka = kafka
        self._deciders = deciders
        self._subscribers = subscribers
        self._heartbeat = heartbeat
        self._clock = clock
        self._turn = asyncio.Lock()
        self._last: tuple[float, SystemStatus] | None = None
        self._given_up: set[asyncio.Task[Any]] = set()

    async def status(self) -> SystemStatus:
        """Raises nothing: what is away is part of the answer."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._last is None or now - self._last[0] > FRESH_SECONDS:
                self._last = (now, told(await self._facts()))
            return self._last[1]

    async def _facts(self) -> Facts:
        trying = asyncio.create_task(self._in_time(self._try_writing))
        postgres, waiting, seen, registered, redis, kafka = await asyncio.gather(
            self._in_time(partial(answered, self._stored.version)),
            self._in_time(self._stored.waiting),
            self._in_time(self._stored.replicas),
            self._in_time(self._stored.registered),
            self._in_time(partial(answered, self._redis.version)),
            self._in_time(self._groups),
        )
        await trying
        return Facts(
            now=self._clock.now(),
            answered_by=self._settings.replica_id,
            postgres_observed=self._heartbeat.postgres.observed,
            writes_problem=self._stored.writes_problem,
            postgres=postgres,
            redis=redis,
            kafka=None if kafka is None else Answered(kafka.answer_ms, None),
            waiting=waiting,
            leader=None if seen is None else seen[1],
            groups=None if kafka is None else kafka.groups,
            replicas=None if seen is None else seen[0],
            registered=registered,
            enumerated=enumerated(),
        )

    async def _try_writing(self) -> None:
        """Where no heartbeat tells: a process that writes nothing finds out by trying."""
        if self._heartbeat.postgres.observed is None:
            await self._stored.probe_writes()

    async def _groups(self) -> GroupsStatus:
        commands = [Group(command_group(decider.name), [command_topic(decider.name)]) for decider in self._deciders]
        subscribers = await self._subscribers.handlers()
        events = [Group(event_group(name), sorted(handlers)) for name, handlers in subscribers.items()]
        return await self._kafka.look([*commands, *events])

    async def _in_time(self, look: Callable[[], Coroutine[Any, Any, Found]]) -> Found | None:
        """None when the part is away, too slow, or without what is looked for: a schema may be older than the code."""
        looking = asyncio.create_task(look())
        # Nobody waits for one that is given up: a server that hangs does not answer the cancellation either.
        await asyncio.wait({looking}, timeout=LOOK_SECONDS)
        if not looking.done():
            looking.cancel()
            self._given_up.add(looking)
            looking.add_done_callback(self._forget)
            return None
        try:
            return looking.result()
        except (Unavailable, KafkaUnreachable, CacheDown, PostgresError):
            return None

    def _forget(self, looking: "asyncio.Task[Any]") -> None:
        self._given_up.discard(looking)
        if not looking.cancelled():
            looking.exception()


async def answered(version: Callable[[], Awaitable[str]]) -> Answered:
    """A server's version, and how long it took to tell it."""
    started = perf_counter()
    told = await version()
    return Answered((perf_counter() - started) * 1000, told)
