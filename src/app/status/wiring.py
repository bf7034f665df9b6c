"""Bind dead letters, their redelivery, and the system's status."""

from collections.abc import AsyncIterator

from dishka import AnyOf, Provider, Scope, provide

from app.contexts import ContextSubscribers
from app.seams.commands import Deciders
from app.settings import Settings
from app.status.collect import Readers, StatusCollector
from app.status.heartbeat import Heartbeat
from app.status.replicas import PostgresReplicas
from shared.cache.redis import RedisServer
from shared.commands.bus import CommandBus
from shared.dead_letters.postgres import PostgresDeadLetters
from shared.dead_letters.service import DeadLetterRepository, DeadLetters, RecordRedeliveries, Redeliveries, Subscribers
from shared.eventlog.audit_log import AuditLog, PostgresAuditLog
from shared.kafka.groups import KafkaGroups
from shared.ports import Clock

SYSTEM = "system"


class SystemProvider(Provider):
    scope = Scope.APP
    letters = provide(PostgresDeadLetters, provides=AnyOf[PostgresDeadLetters, DeadLetterRepository])
    dead_letters = provide(DeadLetters)
    stored_replicas = provide(PostgresReplicas)
    heartbeat = provide(Heartbeat)
    subscribers = provide(ContextSubscribers, provides=AnyOf[ContextSubscribers, Subscribers])
    readers = provide(Readers)
    collector = provide(StatusCollector)

    @provide
    async def groups(self, settings: Settings) -> AsyncIterator[KafkaGroups]:
        groups = KafkaGroups(settings.kafka_bootstrap)
        yield groups
        await groups.close()

    @provide
    async def redis_server(self, settings: Settings) -> AsyncIterator[RedisServer]:
        server = RedisServer(settings.redis_url)
        yield server
        await server.close()

    @provide
    def redeliveries(self, bus: CommandBus, deciders: Deciders, subscribers: Subscribers, clock: Clock) -> Redeliveries:
        return RecordRedeliveries(bus, deciders, subscribers, clock)

    @provide
    def audit_log(self) -> AuditLog:
        return PostgresAuditLog(SYSTEM)
