"""Bind what operators work with: dead letters, their redelivery, and the system's status."""

from collections.abc import AsyncIterator

from dishka import AnyOf, AsyncContainer, Provider, Scope, provide

from app.seams.provider import Deciders
from app.settings import Settings
from app.status.collect import Readers, StatusCollector
from app.status.heartbeat import Heartbeat
from app.status.replicas import PostgresReplicas
from app.subscribers import ContextSubscribers
from shared.cache.redis_server import RedisServer
from shared.commands.bus import CommandBus
from shared.dead_letters.postgres import PostgresLetters
from shared.dead_letters.redelivery import RecordTrials, Subscribers
from shared.dead_letters.service import DeadLetterDesk, LetterFactLog, LetterStore, Trials
from shared.eventlog.audit_log import PostgresFactLog
from shared.kafka.groups import KafkaGroups
from shared.ports import Clock

SYSTEM = "system"


class SystemProvider(Provider):
    scope = Scope.APP
    letters = provide(PostgresLetters)
    desk = provide(DeadLetterDesk)
    stored_replicas = provide(PostgresReplicas)
    heartbeat = provide(Heartbeat)
    readers = provide(Readers)
    collector = provide(StatusCollector)

    @provide
    def letter_store(self, letters: PostgresLetters) -> LetterStore:
        return letters

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
    def subscribers(self, container: AsyncContainer) -> AnyOf[ContextSubscribers, Subscribers]:
        return ContextSubscribers(container)

    @provide
    def trials(self, bus: CommandBus, deciders: Deciders, subscribers: Subscribers, clock: Clock) -> Trials:
        return RecordTrials(bus, deciders, subscribers, clock)

    @provide
    def facts(self) -> LetterFactLog:
        return PostgresFactLog(SYSTEM)
