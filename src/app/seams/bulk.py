"""Where bulk operations meet the contexts whose organizations they ask."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never
from uuid import UUID

from dishka import Provider, Scope, provide
from msgspec import UNSET
from msgspec.structs import asdict

import bulk.ports
from assignments.commands import ApplyIndustryTemplate, AssignModule, UnassignModule
from bulk.domain import (
    ApplyIndustry,
    Assign,
    BulkCommand,
    BulkOperation,
    OlderVersions,
    OrganizationFilter,
    Reactivate,
    Suspend,
    Tried,
    Unassign,
)
from bulk.ports import AskedCommand
from organizations.adapters.listing import OrganizationFilter as ListFilter
from organizations.adapters.postgres import PostgresOrganizationDirectory
from organizations.adapters.reading import OrganizationQuery, PostgresOrganizationReader
from organizations.commands import ReactivateOrganization, SuspendOrganization
from shared.commands.bus import CommandBus
from shared.commands.dry_run import DryRunner
from shared.commands.envelopes import CommandEnvelopes
from shared.messages import Outcome, ReceivedCommand
from shared.ports import Invalidation, OperationsReader, Transaction

FINGERPRINT = "bulk"


class BulkSeamsProvider(Provider):
    """Ports of bulk operations bound to foreign adapters."""

    scope = Scope.APP

    @provide
    def organizations(self, reader: PostgresOrganizationReader) -> bulk.ports.SelectedOrganizations:
        """The filters are those of the organizations' own list."""
        return ListedOrganizations(reader)

    @provide
    def names(self, directory: PostgresOrganizationDirectory) -> bulk.ports.OrganizationNames:
        """As they are called now."""
        return NamedOrganizations(directory)

    @provide
    def commands(self) -> bulk.ports.OrganizationCommands:
        """Those that a super admin may give one by one."""
        return SuperAdminCommands()

    @provide
    def asking(
        self, bus: CommandBus, operations: OperationsReader, invalidation: Invalidation, envelopes: CommandEnvelopes
    ) -> bulk.ports.AskingOrganizations:
        return BusAsking(bus, operations, invalidation, envelopes)

    @provide
    def trials(self, previews: DryRunner, envelopes: CommandEnvelopes) -> bulk.ports.Trials:
        return PreviewTrials(previews, envelopes)


class ListedOrganizations:
    """Selects by walking the list that people see, oldest first: who signs up meanwhile comes last."""

    def __init__(self, reader: PostgresOrganizationReader) -> None:
        self._reader = reader

    async def page(
        self, wanted: OrganizationFilter, cursor: str | None, limit: int
    ) -> tuple[Sequence[str], str | None]:
        """One page of ids."""
        query = OrganizationQuery(limit=limit, cursor=cursor, sort="created_at", wanted=listed(wanted))
        page = await self._reader.page(query)
        return [item.organization_id for item in page.items], page.next_cursor


def listed(wanted: OrganizationFilter) -> ListFilter:
    """A bulk operation's filter as the list has it."""
    fields = asdict(wanted)
    if isinstance(wanted.template_version, OlderVersions):
        fields |= {"template_version": None, "template_older_than": wanted.template_version.older_than}
    return ListFilter(**fields)


class NamedOrganizations:
    """Organizations' names."""

    def __init__(self, directory: PostgresOrganizationDirectory) -> None:
        self._directory = directory

    async def names(self, transaction: Transaction, organization_ids: Sequence[str]) -> Mapping[str, str]:
        """By id."""
        labels = await self._directory.labels(transaction, organization_ids)
        return {id_: label.name for id_, label in labels.items()}


class SuperAdminCommands:
    """A bulk command as the command of the context that decides it."""

    def command(self, wanted: BulkCommand, organization_id: str, user_id: str) -> AskedCommand:
        """For one organization."""
        match wanted:
            case Assign(module_id, config):
                given = UNSET if config is UNSET else config
                return AskedCommand("assignments", AssignModule(organization_id, module_id, user_id, given))
            case Unassign(module_id, force):
                return AskedCommand("assignments", UnassignModule(organization_id, module_id, force))
            case ApplyIndustry(industry_code, mode):
                return AskedCommand("assignments", ApplyIndustryTemplate(organization_id, industry_code, mode=mode))
            case Suspend():
                return AskedCommand("organizations", SuspendOrganization(organization_id))
            case Reactivate():
                return AskedCommand("organizations", ReactivateOrganization(organization_id))
            case _ as never:
                assert_never(never)


class BusAsking:
    """Sends without waiting, and looks later what became of it."""

    def __init__(
        self, bus: CommandBus, operations: OperationsReader, invalidation: Invalidation, envelopes: CommandEnvelopes
    ) -> None:
        self._bus = bus
        self._operations = operations
        self._invalidation = invalidation
        self._envelopes = envelopes

    async def send(self, bulk: BulkOperation, operation_id: UUID, organization_id: str, asked: AskedCommand) -> None:
        """The operation id makes a repetition harmless."""
        envelope = self._envelopes.make(
            asked.command,
            aggregate_id=organization_id,
            user_id=bulk.created_by,
            operation_id=operation_id,
            organization_id=organization_id,
            fingerprint=FINGERPRINT,
            reason=bulk.reason,
            is_awaited=False,
        )
        await self._bus.send(asked.context, ReceivedCommand(envelope, asked.command))

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        """Whoever reads an outcome here reads no state older than it."""
        outcomes = await self._operations.decided(operation_ids) if operation_ids else {}
        await self._invalidation.invalidate(sorted({name for one in outcomes.values() for name in one.invalidates}))
        return outcomes


class PreviewTrials:
    """Dry runs."""

    def __init__(self, previews: DryRunner, envelopes: CommandEnvelopes) -> None:
        self._previews = previews
        self._envelopes = envelopes

    async def ask(self, asked: Sequence[tuple[str, AskedCommand]], user_id: str) -> Sequence[Tried]:
        """All in one snapshot."""
        works = [self._work(organization_id, one.command, user_id) for organization_id, one in asked]
        async with self._previews.snapshot(asked[0][1].context) as snapshot:
            previews = await snapshot.preview(works)
        return [
            Tried(organization_id, preview.status, preview.refusal)
            for (organization_id, _), preview in zip(asked, previews, strict=True)
        ]

    def _work(self, organization_id: str, command: Any, user_id: str) -> ReceivedCommand:
        envelope = self._envelopes.make(
            command,
            aggregate_id=organization_id,
            user_id=user_id,
            organization_id=organization_id,
            fingerprint=FINGERPRINT,
            is_awaited=False,
        )
        return ReceivedCommand(envelope, command)
