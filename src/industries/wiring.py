"""Binds the industry templates."""

from typing import NewType

from dishka import Provider, Scope, provide

from industries.adapters.cached import CachedIndustryReader, UncachedIndustryReader, invalidates
from industries.adapters.http import (
    IndustriesController,
    IndustryAdministrationController,
    ModuleIndustriesController,
)
from industries.adapters.lists import PostgresIndustryList, PostgresModuleMemberships
from industries.adapters.postgres import IndustryTables, depends_on
from industries.adapters.queries import PostgresIndustryReader, PostgresTemplateCatalog
from industries.commands import Command
from industries.domain import INITIAL, Industry, decide, evolve
from industries.events import EVENTS
from shared.commands.decision import Decider
from shared.wiring import Context

IndustriesDecider = NewType("IndustriesDecider", Decider)


class IndustriesProvider(Provider):
    scope = Scope.APP
    tables = provide(IndustryTables)
    catalog = provide(PostgresTemplateCatalog)
    reader = provide(PostgresIndustryReader)
    cached = provide(CachedIndustryReader)
    uncached = provide(UncachedIndustryReader)
    listed = provide(PostgresIndustryList)
    memberships = provide(PostgresModuleMemberships)

    @provide
    def decider(self, tables: IndustryTables) -> IndustriesDecider:
        return IndustriesDecider(
            Decider(
                name="industries",
                commands=Command,
                events=EVENTS,
                state=Industry,
                initial=INITIAL,
                decide=decide,
                evolve=evolve,
                write_side=tables,
                invalidates=invalidates,
                locks_exclusive=("industries",),
                locks_shared=("registry",),
                depends_on=depends_on,
                impact=tables.impact,
            )
        )


CONTEXT = Context(
    name="industries",
    provider=IndustriesProvider(),
    controllers=[IndustriesController, IndustryAdministrationController, ModuleIndustriesController],
    decider=IndustriesDecider,
)
