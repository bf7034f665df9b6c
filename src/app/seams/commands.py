"""What the write path asks of the contexts: how they decide, and the current state of a stream."""

from collections.abc import Sequence
from typing import Any, NewType

import msgspec
from dishka import Provider, Scope, provide
from msgspec import Raw

from assignments.adapters.queries import PostgresAssignmentReader
from assignments.wiring import AssignmentsDecider
from industries.adapters.queries import PostgresIndustryReader
from industries.wiring import IndustriesDecider
from organizations.adapters.queries import PostgresOrganizationReader
from organizations.wiring import OrganizationDecider
from registry.adapters.queries import PostgresModuleReader
from registry.wiring import RegistryDecider
from shared.commands.conflict_details import CurrentState, CurrentStates
from shared.commands.decision import Decider
from shared.commands.direct_sender import DirectSender
from shared.ports import SendCommand

API = "/api/v1"

Deciders = NewType("Deciders", Sequence[Decider])


class PostgresCurrentStates:
    """The resource of a stream, read past the cache; null when it was deleted or never existed."""

    def __init__(
        self,
        modules: PostgresModuleReader,
        industries: PostgresIndustryReader,
        organizations: PostgresOrganizationReader,
        assignments: PostgresAssignmentReader,
    ) -> None:
        self._readers: dict[str, tuple[str, Any]] = {
            "registry": ("/module-registry/{}", modules.module),
            "industries": ("/industries/{}", industries.industry),
            "organizations": ("/organizations/{}", organizations.organization),
            "assignments": ("/organizations/{}/modules", assignments.modules),
        }

    async def current_state(self, context: str, aggregate_id: str) -> CurrentState:
        path, read = self._readers[context]
        return CurrentState(API + path.format(aggregate_id), Raw(msgspec.json.encode(await read(aggregate_id))))


class CommandSeams(Provider):
    scope = Scope.APP
    sender = provide(DirectSender)
    current_states = provide(PostgresCurrentStates, provides=CurrentStates)

    @provide
    def send_command(self, sender: DirectSender) -> SendCommand:
        return sender

    @provide
    def deciders(
        self,
        registry: RegistryDecider,
        industries: IndustriesDecider,
        organizations: OrganizationDecider,
        assignments: AssignmentsDecider,
    ) -> Deciders:
        return Deciders([registry, industries, organizations, assignments])
