"""Binds assignments."""

from typing import NewType

from dishka import Provider, Scope, provide

from assignments.adapters.cached import CachedAssignmentReader, invalidates
from assignments.adapters.http import AssignmentsController, OrganizationModulesController
from assignments.adapters.http_usage import IndustryUsageController, ModuleUsageController, UsageController
from assignments.adapters.kafka import AssignmentSubscribers
from assignments.adapters.lists import (
    PostgresAppliedTemplates,
    PostgresAssignedModules,
    PostgresAssigneeLists,
    PostgresAssignees,
)
from assignments.adapters.postgres import AssignmentTables
from assignments.adapters.queries import PostgresAssignmentReader
from assignments.adapters.usage import PostgresAdoption, PostgresUsageReader
from assignments.adapters.violations import ConfigViolations
from assignments.commands import Command
from assignments.domain import decide
from assignments.events import EVENTS
from assignments.facts import depends_on
from assignments.state import INITIAL, Assignments, differences, evolve
from shared.commands.decision import Decider
from shared.wiring import Context, EventHandlers

AssignmentsDecider = NewType("AssignmentsDecider", Decider)
AssignmentsHandlers = NewType("AssignmentsHandlers", EventHandlers)


class AssignmentsProvider(Provider):
    scope = Scope.APP
    tables = provide(AssignmentTables)
    assigned_modules = provide(PostgresAssignedModules)
    applied_templates = provide(PostgresAppliedTemplates)
    assignees = provide(PostgresAssignees)
    lists = provide(PostgresAssigneeLists)
    reader = provide(PostgresAssignmentReader)
    adoption = provide(PostgresAdoption)
    usage = provide(PostgresUsageReader)
    cached = provide(CachedAssignmentReader)
    violations = provide(ConfigViolations)
    subscribers = provide(AssignmentSubscribers)

    @provide
    def decider(self, tables: AssignmentTables) -> AssignmentsDecider:
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
                locks_shared=("industries", "registry"),  # neither a template nor a module changes meanwhile
                depends_on=depends_on,
                differences=differences,
            )
        )

    @provide
    def handlers(self, subscribers: AssignmentSubscribers) -> AssignmentsHandlers:
        return AssignmentsHandlers(subscribers.handlers())


CONTEXT = Context(
    name="assignments",
    provider=AssignmentsProvider(),
    controllers=[
        AssignmentsController,
        OrganizationModulesController,
        ModuleUsageController,
        IndustryUsageController,
        UsageController,
    ],
    decider=AssignmentsDecider,
    handlers=AssignmentsHandlers,
)
