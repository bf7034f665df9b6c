"""The background of a process: consumers, relay, listener, cache upkeep, and the first start."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import structlog
from dishka import AsyncContainer

from access.idempotency import KeyedWrites
from access.sessions import Sessions
from access.users import PendingOwners, SuperAdmins
from app.contexts import ContextSubscribers
from app.infrastructure import Processors
from app.manifest.seeds import Seeding
from app.settings import Settings
from app.status.gauges import Queues, measure_loop_delay
from app.status.heartbeat import Heartbeat
from app.status.http import Readiness
from bulk.adapters.postgres import PostgresBulkOperations
from bulk.running import BulkRunner
from shared.cache.generations import ResetAnnouncer
from shared.cache.redis import RedisCache
from shared.commands.bus import OutcomeWaiter
from shared.commands.consumer import CommandConsumer, EventConsumer
from shared.concurrency import retry_forever
from shared.dead_letters.postgres import PostgresDeadLetters, PostgresDeadLetterStore
from shared.errors import Refused, Unavailable
from shared.eventlog.tail import EventTail
from shared.http.rate_limits import RequestCounts
from shared.kafka.broker import PATIENT_POLL_MS, KafkaConnection, Subscription, subscribe
from shared.lists.cursors import CursorKey
from shared.messages import command_group, command_topic, event_group
from shared.operations.postgres import PostgresOperations
from shared.outbox.relay import Relay
from shared.ports import Clock
from shared.postgres.database import PostgresDatabase
from shared.postgres.listener import PostgresListener
from shared.telemetry.tracing import Tracing

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5
COLLECTOR_THRESHOLDS = (20_000, 20, 50)
SWEEP_SECONDS = 3600.0
KAFKA_SECONDS = 20.0


class SuperAdminRefused(Unavailable):
    """The configured super admin cannot be one. Not ready: readiness would promise that this person can sign in."""


class Service:
    def __init__(self, container: AsyncContainer, settings: Settings) -> None:
        self._container = container
        self._settings = settings
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start everything the role has; nothing here waits for any infrastructure."""
        spare_the_collector()
        get = self._container.get
        store, announcer = await get(RedisCache), await get(ResetAnnouncer)
        self._spawn("cache", lambda: store.reconnect_forever(announcer.announce_reset))
        self._spawn("loop", measure_loop_delay)
        if self._settings.role != "worker":
            self._spawn("rates", (await get(RequestCounts)).synchronize_forever)
        self._spawn("prepare", self._prepare, once=True)

    async def stop(self) -> None:
        """Stop streams and consumers first, for they use everything else; then the rest."""
        (await self._container.get(EventTail)).close()
        await (await self._container.get(KafkaConnection)).stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, name: str, run: Callable[[], Awaitable[Any]], *, once: bool = False) -> None:
        self._tasks.append(asyncio.create_task(keep_running(name, run, once=once), name=name))

    async def _prepare(self) -> None:
        """Retry until there are schema and super admin; then start everything that needs them."""
        readiness = await self._container.get(Readiness)
        await self._until_done(readiness, "waiting for the database", self._migrate_and_admit)
        connection = await self._container.get(KafkaConnection)
        self._spawn("listener", (await self._container.get(PostgresListener)).run)
        self._spawn("outcomes", (await self._container.get(OutcomeWaiter)).watch)
        self._spawn("heartbeat", (await self._container.get(Heartbeat)).keep_beating)
        if self._settings.role != "worker":
            self._spawn("events", (await self._container.get(EventTail)).run)
        self._spawn("queues", (await self._container.get(Queues)).sample_forever)
        if self._settings.role != "api":
            await self._subscribe(connection)
            self._spawn("relay", (await self._container.get(Relay)).run)
            self._spawn("bulk", (await self._container.get(BulkRunner)).run)
            self._spawn("sweep", self._sweep)
        self._spawn("kafka", connection.keep_trying, once=True)
        self._spawn("ready", self._become_ready, once=True)

    async def _become_ready(self) -> None:
        readiness, connection = await self._container.get(Readiness), await self._container.get(KafkaConnection)
        readiness.problem = "waiting for Kafka"
        with suppress(TimeoutError):
            # After the time-out requests are served without Kafka: this process decides their commands itself.
            async with asyncio.timeout(KAFKA_SECONDS):
                await connection.started.wait()
        if self._settings.seeds is not None:
            await self._until_done(readiness, "applying the seeds", (await self._container.get(Seeding)).run_once)
        readiness.problem = ""
        readiness.prepared.set()

    async def _until_done(self, readiness: Readiness, what: str, attempt: Callable[[], Awaitable[None]]) -> None:
        readiness.problem = what
        reason = ""

        def note(error: Unavailable) -> None:
            nonlocal reason
            if reason != (reason := str(error)[:200]):
                log.info("not_yet", what=what, reason=reason)
            readiness.problem = reason if isinstance(error, SuperAdminRefused) else what

        await retry_forever(attempt, Unavailable, RETRY_SECONDS, note)

    async def _migrate_and_admit(self) -> None:
        settings = self._settings
        if settings.migrate_on_start:
            await bring_up_to_date(settings)
        database = await self._container.get(PostgresDatabase)
        await database.check_schema()
        await (await self._container.get(CursorKey)).key()  # created now, because reading a list must not write
        if settings.admin_email:
            admins = await self._container.get(SuperAdmins)
            try:
                await admins.ensure_super_admin(settings.admin_email, settings.admin_password.get_secret_value())
            except Unavailable:
                raise
            except Refused as refused:
                raise SuperAdminRefused(refused.detail) from refused

    async def _subscribe(self, connection: KafkaConnection) -> None:
        get = self._container.get
        database, tracing = await get(PostgresDatabase), await get(Tracing)
        for name, processor in (await get(Processors)).items():
            consumer = CommandConsumer(processor, PostgresDeadLetterStore(database, name), tracing)
            subscription = Subscription(command_group(name), [command_topic(name)], consumer.handle)
            subscribe(connection.broker, subscription, self._settings.replica_id)
        for name, handlers in (await (await get(ContextSubscribers)).handlers()).items():
            events = EventConsumer(handlers, PostgresDeadLetterStore(database, name), tracing)
            subscription = Subscription(
                event_group(name),
                sorted(handlers),
                events.handle,
                PATIENT_POLL_MS,
                gather_seconds=PATIENT_POLL_MS / 1000,
            )
            subscribe(connection.broker, subscription, self._settings.replica_id)

    async def _sweep(self) -> None:
        operations, owners = await self._container.get(PostgresOperations), await self._container.get(PendingOwners)
        clock, sessions = await self._container.get(Clock), await self._container.get(Sessions)
        bulk = await self._container.get(PostgresBulkOperations)
        letters, writes = await self._container.get(PostgresDeadLetters), await self._container.get(KeyedWrites)
        while True:
            await asyncio.sleep(0 if await operations.sweep(clock.now()) else SWEEP_SECONDS)
            await letters.sweep(clock.now())
            await owners.sweep()
            await sessions.sweep()
            await writes.sweep()
            await bulk.sweep()


async def bring_up_to_date(settings: Settings) -> None:
    """Migrate schema and topics. Raises `Unavailable`. Imported here: no other start waits for these modules."""
    migration = import_module("app.migration.migrate")
    try:
        await migration.migrate(settings.postgres_url, settings.kafka_bootstrap, settings.partitions)
    except migration.MigrationFailed as failed:
        raise Unavailable(str(failed)) from failed


def spare_the_collector() -> None:
    """Take what was imported out of the garbage collector's rounds, and let them come less often.

    Requests make next to no cycles; a full round over all modules and routes stops the loop for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


async def keep_running(name: str, run: Callable[[], Awaitable[Any]], *, once: bool) -> None:
    """Run a part again and again, whatever happens to it; `once`: until it has returned."""
    while True:
        await retry_forever(run, Exception, 1.0, lambda error: log.error("part_failed", part=name, exc_info=error))
        if once:
            return
