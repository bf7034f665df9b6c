"""Bind the infrastructure of all contexts: the database, the cache, Kafka, the clock."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import NewType
from uuid import UUID

import uuid_utils
from dishka import AnyOf, Provider, Scope, from_context, provide
from faststream.kafka import KafkaBroker

from access.adapters.cached import CredentialMemories
from app.manifest.current import RegisteredInPostgres
from app.manifest.seeds import Seeding
from app.seams.commands import Deciders
from app.settings import Settings
from app.status.gauges import Parts, PostgresQueues, Queues
from app.status.http import Readiness
from app.verification import Verification
from shared.cache.generations import CacheStore, GenerationCache, ReadThrough, ResetAnnouncer
from shared.cache.redis import RedisCache
from shared.commands.bus import CommandBus, OutcomeWaiter, PendingStore
from shared.commands.conflict_details import ConflictDetails, EventsSince
from shared.commands.dry_run import DryRunner, HeadReader
from shared.commands.envelopes import CommandEnvelopes
from shared.commands.http import CommandSender
from shared.commands.postgres import PostgresCommandStore
from shared.commands.processor import CommandProcessor, CommandStore
from shared.eventlog.postgres import EventReader, PostgresEventLog
from shared.eventlog.sse import EventStreams, Pace
from shared.eventlog.tail import EventTail, LogEnd
from shared.kafka.broker import KafkaCommandPublisher, KafkaConnection, KafkaEventPublisher, make_broker
from shared.lists.cursors import CursorKey, Cursors, PostgresCursorKey
from shared.operations.postgres import PostgresOperationList, PostgresOperations
from shared.outbox.postgres import PostgresRelayElection
from shared.outbox.relay import CacheReset, EventPublisher, Relay, RelayElection
from shared.ports import Cache, Clock, CommandPublisher, Database, Ids, Invalidation, OperationsReader
from shared.postgres.database import PostgresDatabase
from shared.postgres.listener import PostgresListener, PostgresResetAnnouncer
from shared.telemetry.tracing import Tracing
from shared.wiring import ReplicaId

Processors = NewType("Processors", Mapping[str, CommandProcessor])


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class TimeOrderedIds:
    """UUIDv7: later ids sort later."""

    def new(self) -> UUID:
        return UUID(int=uuid_utils.uuid7().int)


class Commits:
    def __init__(self, relay: Relay, tail: EventTail) -> None:
        self._relay = relay
        self._tail = tail

    def look(self) -> None:
        self._relay.wake()
        self._tail.wake()


class InfrastructureProvider(Provider):
    scope = Scope.APP

    settings = from_context(Settings, scope=Scope.APP)
    clock = provide(SystemClock, provides=Clock)
    ids = provide(TimeOrderedIds, provides=Ids)
    event_log = provide(PostgresEventLog, provides=AnyOf[PostgresEventLog, LogEnd])
    tail = provide(EventTail)
    event_reader = provide(EventReader)
    event_streams = provide(EventStreams)
    cache = provide(GenerationCache, provides=AnyOf[GenerationCache, ReadThrough, Invalidation, CacheReset])
    commits = provide(Commits)
    commands = provide(KafkaCommandPublisher, provides=CommandPublisher)
    events = provide(KafkaEventPublisher, provides=EventPublisher)
    connection = provide(KafkaConnection)
    waiter = provide(OutcomeWaiter)
    relay = provide(Relay)
    readiness = provide(Readiness)
    registered = provide(RegisteredInPostgres)
    seeding = provide(Seeding)
    verification = provide(Verification)
    sender = provide(CommandSender)
    cursor_key = provide(PostgresCursorKey, provides=CursorKey)
    cursors = provide(Cursors)
    conflict_details = provide(ConflictDetails)
    envelopes = provide(CommandEnvelopes)
    parts = provide(Parts)
    queues = provide(Queues)
    stored_queues = provide(PostgresQueues)
    operation_list = provide(PostgresOperationList)
    operations = provide(PostgresOperations, provides=AnyOf[PostgresOperations, EventsSince])

    @provide
    def replica(self, settings: Settings) -> ReplicaId:
        return ReplicaId(settings.replica_id)

    @provide
    async def database(self, settings: Settings) -> AsyncIterator[AnyOf[PostgresDatabase, Database]]:
        database = PostgresDatabase(settings.postgres_url)
        await database.open()
        yield database
        await database.close()

    @provide
    async def store(self, settings: Settings) -> AsyncIterator[AnyOf[RedisCache, CacheStore, Cache]]:
        store = RedisCache(settings.redis_url)
        yield store
        await store.close()

    @provide
    def announcer(self, database: PostgresDatabase, settings: Settings) -> ResetAnnouncer:
        return PostgresResetAnnouncer(database, settings.replica_id)

    @provide
    def command_store(
        self, database: PostgresDatabase, settings: Settings
    ) -> AnyOf[PostgresCommandStore, CommandStore, HeadReader, OperationsReader, PendingStore]:
        return PostgresCommandStore(database, settings.replica_id)

    @provide
    def broker(self, settings: Settings) -> KafkaBroker:
        return make_broker(settings.kafka_bootstrap)

    @provide
    def election(self, database: PostgresDatabase, settings: Settings) -> RelayElection:
        return PostgresRelayElection(database, settings.replica_id)

    @provide
    def processors(
        self,
        deciders: Deciders,
        database: Database,
        command_store: CommandStore,
        invalidation: Invalidation,
        waiter: OutcomeWaiter,
        clock: Clock,
    ) -> Processors:
        return Processors(
            {
                decider.name: CommandProcessor(decider, database, command_store, invalidation, waiter, clock)
                for decider in deciders
            }
        )

    @provide
    def previews(self, deciders: Deciders, database: Database, heads: HeadReader, clock: Clock) -> DryRunner:
        return DryRunner(deciders, database, heads, clock)

    @provide
    def bus(
        self,
        publisher: CommandPublisher,
        processors: Processors,
        waiter: OutcomeWaiter,
        pending: PendingStore,
        tracing: Tracing,
    ) -> CommandBus:
        return CommandBus(publisher, processors, waiter, pending, tracing)

    @provide
    def pace(self) -> Pace:
        return Pace()

    @provide
    def listener(
        self,
        database: PostgresDatabase,
        settings: Settings,
        waiter: OutcomeWaiter,
        commits: Commits,
        store: RedisCache,
        credentials: CredentialMemories,
    ) -> PostgresListener:
        return PostgresListener(
            database,
            settings.replica_id,
            on_commit=commits.look,
            on_decided=waiter.wake,
            on_reset=lambda: store.open_circuit(announce=False),
            on_ended=credentials.heard,
        )
