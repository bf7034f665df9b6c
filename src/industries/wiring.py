"""Binds the industry templates."""

from typing import NewType

from dishka import Provider, Scope, provide

from industries.adapters.cached import CachedIndustryReader, LivingIndustryReader, invalidates
from industries.adapters.catalog import PostgresTemplateCatalog
from industries.adapters.containing import TemplatesOfModules
from industries.adapters.http import IndustriesController, IndustryAdministrationController
from industries.adapters.http_containing import ModuleIndustriesController
from industries.adapters.impact import TemplateImpacts
from industries.adapters.listing import PostgresIndustryList
from industries.adapters.named import depends_on
from industries.adapters.postgres import IndustryTables
from industries.adapters.reading import PostgresIndustryReader
from industries.commands import Command
from industries.domain import INITIAL, Industry, decide, evolve
from industries.events import EVENTS
from shared.commands.decision import Decider
from shared.wiring import Context

IndustriesDecider = NewType("IndustriesDecider", Decider)


class IndustriesProvider(Provider):
    """The industry templates' parts."""

    scope = Scope.APP
    tables = provide(IndustryTables)
    impacts = provide(TemplateImpacts)
    catalog = provide(PostgresTemplateCatalog)
    reader = provide(PostgresIndustryReader)
    cached = provide(CachedIndustryReader)
    living = provide(LivingIndustryReader)
    listed = provide(PostgresIndustryList)
    containing = provide(TemplatesOfModules)

    @provide
    def decider(self, tables: IndustryTables, impacts: TemplateImpacts) -> IndustriesDecider:
        """Industry batches hold their fact lock alone and read the registry."""
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
                impact=impacts.of,
            )
        )


CONTEXT = Context(
    name="industries",
    provider=IndustriesProvider(),
    controllers=[IndustriesController, IndustryAdministrationController, ModuleIndustriesController],
    decider=IndustriesDecider,
)
