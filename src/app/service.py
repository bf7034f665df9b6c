"""What runs beside the requests: consumers, relay, listener, cache upkeep, and the first start's errands."""

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
from access.sign_in import SuperAdmins
from access.signup import PendingOwners
from app.infrastructure import Processors
from app.manifest.seeds import Seeding
from app.settings import Settings
from app.status.gauges import Queues, measure_loop_delay
from app.status.health import Readiness
from app.status.heartbeat import Heartbeat
from app.subscribers import ContextSubscribers
from bulk.adapters.postgres import PostgresBulkOperations
from bulk.running import BulkRunner
from shared.cache.generations import ResetAnnouncer
from shared.cache.redis import RedisStore
from shared.commands.consumer import CommandConsumer, EventConsumer
from shared.commands.outcome_waiter import OutcomeWaiter
from shared.dead_letters.postgres import PostgresDeadLetters, PostgresLetters
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
    """Whom the settings name cannot be the super admin. Not ready: that would say that this person can sign in."""


class Service:
    """The background of one process."""

    def __init__(self, container: AsyncContainer, settings: Settings) -> None:
        self._container = container
        self._settings = settings
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Starts everything the role has; nothing here waits for any infrastructure."""
        spare_the_collector()
        get = self._container.get
        store, announcer = await get(RedisStore), await get(ResetAnnouncer)
        self._spawn("cache", lambda: store.keep_up(announcer.announce_reset))
        self._spawn("loop", measure_loop_delay)
        if self._settings.role != "worker":
            self._spawn("rates", (await get(RequestCounts)).keep_telling)
        self._spawn("prepare", self._prepare, once=True)

    async def stop(self) -> None:
        """Streams and consumers first, for they use everything else; then the rest."""
        (await self._container.get(EventTail)).close()
        await (await self._container.get(KafkaConnection)).stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, name: str, run: Callable[[], Awaitable[Any]], *, once: bool = False) -> None:
        self._tasks.append(asyncio.create_task(keep_running(name, run, once=once), name=name))

    async def _prepare(self) -> None:
        """Schema and super admin, tried until there are both; then everything that needs them starts, once."""
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
        """Kafka, then the seeds."""
        readiness, connection = await self._container.get(Readiness), await self._container.get(KafkaConnection)
        readiness.problem = "waiting for Kafka"
        with suppress(TimeoutError):
            # Afterwards requests are served all the same: this process decides their commands itself.
            async with asyncio.timeout(KAFKA_SECONDS):
                await connection.started.wait()
        if self._settings.seeds is not None:
            await self._until_done(readiness, "applying the seeds", (await self._container.get(Seeding)).run_once)
        readiness.problem = ""
        readiness.prepared.set()

    async def _until_done(self, readiness: Readiness, what: str, attempt: Callable[[], Awaitable[None]]) -> None:
        readiness.problem = what
        told = ""
        while True:
            try:
                return await attempt()
            except Unavailable as error:
                if told != (told := str(error)[:200]):
                    log.info("not_yet", what=what, reason=told)
                readiness.problem = told if isinstance(error, SuperAdminRefused) else what
                await asyncio.sleep(RETRY_SECONDS)

    async def _migrate_and_admit(self) -> None:
        settings = self._settings
        if settings.migrate_on_start:
            await bring_up_to_date(settings)
        database = await self._container.get(PostgresDatabase)
        await database.check_schema()
        await (await self._container.get(CursorKey)).key()  # made now: a list must not have to write
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
            consumer = CommandConsumer(processor, PostgresDeadLetters(database, name), tracing)
            subscription = Subscription(command_group(name), [command_topic(name)], consumer.handle)
            subscribe(connection.broker, subscription, self._settings.replica_id)
        for name, handlers in (await (await get(ContextSubscribers)).handlers()).items():
            events = EventConsumer(handlers, PostgresDeadLetters(database, name), tracing)
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
        letters, writes = await self._container.get(PostgresLetters), await self._container.get(KeyedWrites)
        while True:
            await asyncio.sleep(0 if await operations.sweep(clock.now()) else SWEEP_SECONDS)
            await letters.sweep(clock.now())
            await owners.sweep()
            await sessions.sweep()
            await writes.sweep()
            await bulk.sweep()


async def bring_up_to_date(settings: Settings) -> None:
    """Schema and topics. Raises `Unavailable`. Its means are many and seldom needed: no other start waits for them."""
    means = import_module("app.migration.migrate")
    try:
        await means.migrate(settings.postgres_url, settings.kafka_bootstrap, settings.partitions)
    except means.MigrationFailed as failed:
        raise Unavailable(str(failed)) from failed


def spare_the_collector() -> None:
    """Takes what was imported out of the garbage collector's rounds, and lets them come less often.

    Requests make next to no cycles; a full round over all modules and routes stops the loop for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)


async def keep_running(name: str, run: Callable[[], Awaitable[Any]], *, once: bool) -> None:
    """Runs a part for ever, whatever happens to it; `once`: until it has ended well."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("part_failed", part=name)
            await asyncio.sleep(1)
        else:
            if once:
                return
