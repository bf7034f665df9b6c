"""Binds the registry."""

from typing import NewType

from dishka import Provider, Scope, provide

from registry.adapters.cached import CachedModuleReader, invalidates
from registry.adapters.http import AvailableModulesController, RegistryController
from registry.adapters.kafka import RegistrySubscribers
from registry.adapters.lists import PostgresModuleList
from registry.adapters.postgres import RegistryTables, depends_on
from registry.adapters.queries import PostgresModuleCatalog, PostgresModuleReader
from registry.commands import Command
from registry.domain import INITIAL, Module, decide, evolve
from registry.events import EVENTS
from shared.commands.decision import Decider
from shared.wiring import Context, EventHandlers

RegistryDecider = NewType("RegistryDecider", Decider)
RegistryHandlers = NewType("RegistryHandlers", EventHandlers)


class RegistryProvider(Provider):
    scope = Scope.APP
    tables = provide(RegistryTables)
    catalog = provide(PostgresModuleCatalog)
    reader = provide(PostgresModuleReader)
    listed = provide(PostgresModuleList)
    cached = provide(CachedModuleReader)
    subscribers = provide(RegistrySubscribers)

    @provide
    def decider(self, tables: RegistryTables) -> RegistryDecider:
        return RegistryDecider(
            Decider(
                name="registry",
                commands=Command,
                events=EVENTS,
                state=Module,
                initial=INITIAL,
                decide=decide,
                evolve=evolve,
                write_side=tables,
                invalidates=invalidates,
                locks_exclusive=("registry",),
                depends_on=depends_on,
                impact=tables.impact,
            )
        )

    @provide
    def handlers(self, subscribers: RegistrySubscribers) -> RegistryHandlers:
        return RegistryHandlers(subscribers.handlers())


CONTEXT = Context(
    name="registry",
    provider=RegistryProvider(),
    controllers=[RegistryController, AvailableModulesController],
    decider=RegistryDecider,
    handlers=RegistryHandlers,
)
