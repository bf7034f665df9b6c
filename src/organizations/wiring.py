"""Binds the organizations."""

from typing import NewType

from dishka import Provider, Scope, provide

from organizations.adapters.cached import CachedOrganizationReader, invalidates
from organizations.adapters.http import OrganizationsController, SignupController
from organizations.adapters.kafka import OrganizationSubscribers
from organizations.adapters.lists import PostgresOrganizationList
from organizations.adapters.postgres import OrganizationTables, depends_on
from organizations.adapters.queries import PostgresOrganizationDirectory, PostgresOrganizationReader
from organizations.commands import Command
from organizations.domain import INITIAL, Organization, decide, evolve
from organizations.events import EVENTS
from organizations.signup import Signup
from shared.commands.decision import Decider
from shared.wiring import Context, EventHandlers

OrganizationDecider = NewType("OrganizationDecider", Decider)
OrganizationHandlers = NewType("OrganizationHandlers", EventHandlers)


class OrganizationsProvider(Provider):
    scope = Scope.APP
    tables = provide(OrganizationTables)
    directory = provide(PostgresOrganizationDirectory)
    listed = provide(PostgresOrganizationList)
    reader = provide(PostgresOrganizationReader)
    cached = provide(CachedOrganizationReader)
    signup = provide(Signup)
    subscribers = provide(OrganizationSubscribers)

    @provide
    def decider(self, tables: OrganizationTables) -> OrganizationDecider:
        return OrganizationDecider(
            Decider(
                name="organizations",
                commands=Command,
                events=EVENTS,
                state=Organization,
                initial=INITIAL,
                decide=decide,
                evolve=evolve,
                write_side=tables,
                invalidates=invalidates,
                locks_shared=("industries", "registry"),
                depends_on=depends_on,
            )
        )

    @provide
    def handlers(self, subscribers: OrganizationSubscribers) -> OrganizationHandlers:
        return OrganizationHandlers(subscribers.handlers())


CONTEXT = Context(
    name="organizations",
    provider=OrganizationsProvider(),
    controllers=[OrganizationsController, SignupController],
    decider=OrganizationDecider,
    handlers=OrganizationHandlers,
)
