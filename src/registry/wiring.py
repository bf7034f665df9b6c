"""Binds the registry."""

from typing import NewType

from dishka import Provider, Scope, provide

from registry.adapters.cached import CachedModuleReader, invalidates
from registry.adapters.catalog import PostgresModuleCatalog
from registry.adapters.http import AvailableModulesController, RegistryController
from registry.adapters.impact import ModuleImpacts
from registry.adapters.kafka import RegistrySubscribers
from registry.adapters.listing import PostgresModuleList
from registry.adapters.postgres import PostgresModuleReader, RegistryTables, depends_on
from registry.commands import Command
from registry.domain import INITIAL, Module, decide, evolve
from registry.events import EVENTS
from shared.commands.decision import Decider
from shared.wiring import Context, EventHandlers

RegistryDecider = NewType("RegistryDecider", Decider)
RegistryHandlers = NewType("RegistryHandlers", EventHandlers)


class RegistryProvider(Provider):
    """The registry's parts."""

    scope = Scope.APP
    tables = provide(RegistryTables)
    catalog = provide(PostgresModuleCatalog)
    impacts = provide(ModuleImpacts)
    reader = provide(PostgresModuleReader)
    listed = provide(PostgresModuleList)
    cached = provide(CachedModuleReader)
    subscribers = provide(RegistrySubscribers)

    @provide
    def decider(self, tables: RegistryTables, impacts: ModuleImpacts) -> RegistryDecider:
        """Registry batches hold their fact lock alone."""
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
                impact=impacts.of,
            )
        )

    @provide
    def handlers(self, subscribers: RegistrySubscribers) -> RegistryHandlers:
        """What the registry does with events."""
        return RegistryHandlers(subscribers.handlers())


CONTEXT = Context(
    name="registry",
    provider=RegistryProvider(),
    controllers=[RegistryController, AvailableModulesController],
    decider=RegistryDecider,
    handlers=RegistryHandlers,
)
