"""Binds assignments."""

from typing import NewType

from dishka import Provider, Scope, provide

from assignments.adapters.adoption import PostgresAdoption, PostgresAdoptionReader
from assignments.adapters.cached import CachedAdoptionReader, CachedAssignmentReader, CachedUsageReader, invalidates
from assignments.adapters.holders import PostgresHolders
from assignments.adapters.http import AssignmentsController, OrganizationModulesController
from assignments.adapters.http_adoption import IndustryUsageController, ModuleUsageController
from assignments.adapters.http_usage import UsageController
from assignments.adapters.http_violations import ConfigViolationsController
from assignments.adapters.kafka import AssignmentSubscribers
from assignments.adapters.named import depends_on
from assignments.adapters.postgres import AssignmentTables, PostgresAppliedTemplates, PostgresAssignedModules
from assignments.adapters.reading import PostgresAssignmentReader
from assignments.adapters.usage import PostgresUsageReader
from assignments.adapters.violations import ConfigViolations
from assignments.commands import Command
from assignments.domain import INITIAL, Assignments, decide, evolve
from assignments.events import EVENTS
from assignments.state import differences
from shared.commands.decision import Decider
from shared.wiring import Context, EventHandlers

AssignmentsDecider = NewType("AssignmentsDecider", Decider)
AssignmentsHandlers = NewType("AssignmentsHandlers", EventHandlers)


class AssignmentsProvider(Provider):
    """The context's parts. From outside come the ports it has."""

    scope = Scope.APP
    tables = provide(AssignmentTables)
    assigned_modules = provide(PostgresAssignedModules)
    applied_templates = provide(PostgresAppliedTemplates)
    holders = provide(PostgresHolders)
    reader = provide(PostgresAssignmentReader)
    cached = provide(CachedAssignmentReader)
    adoption = provide(PostgresAdoption)
    adoption_reader = provide(PostgresAdoptionReader)
    cached_adoption = provide(CachedAdoptionReader)
    usage_reader = provide(PostgresUsageReader)
    cached_usage = provide(CachedUsageReader)
    violations = provide(ConfigViolations)
    subscribers = provide(AssignmentSubscribers)

    @provide
    def decider(self, tables: AssignmentTables) -> AssignmentsDecider:
        """Assignments decide while neither a template nor a module can change."""
        return AssignmentsDecider(
            Decider(
                name="assignments",
                commands=Command,
                events=EVENTS,
                state=Assignments,
                initial=INITIAL,
                decide=decide,
                evolve=evolve,
                write_side=tables,
                invalidates=invalidates,
                locks_shared=("industries", "registry"),
                depends_on=depends_on,
                differences=differences,
            )
        )

    @provide
    def handlers(self, subscribers: AssignmentSubscribers) -> AssignmentsHandlers:
        """What assignments do with events."""
        return AssignmentsHandlers(subscribers.handlers())


CONTEXT = Context(
    name="assignments",
    provider=AssignmentsProvider(),
    controllers=[
        AssignmentsController,
        OrganizationModulesController,
        ModuleUsageController,
        IndustryUsageController,
        ConfigViolationsController,
        UsageController,
    ],
    decider=AssignmentsDecider,
    handlers=AssignmentsHandlers,
)
