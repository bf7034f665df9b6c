"""What bulk operations ask of the contexts whose organizations they change."""

from collections.abc import Mapping, Sequence
from typing import assert_never
from uuid import UUID

from dishka import Provider, Scope, provide
from msgspec.structs import asdict, replace

import bulk.ports
from assignments.commands import ApplyIndustryTemplate, AssignModule, Command, UnassignModule
from bulk.domain import (
    ApplyIndustry,
    Assign,
    BulkCommand,
    BulkOperation,
    DryRunOutcome,
    OlderVersions,
    OrganizationFilter,
    Reactivate,
    Suspend,
    Unassign,
)
from bulk.ports import OrganizationCommand
from organizations.adapters.lists import OrganizationFilter as ListFilter
from organizations.adapters.lists import PostgresOrganizationList
from organizations.adapters.queries import PostgresOrganizationDirectory
from organizations.commands import ReactivateOrganization, SuspendOrganization
from shared.commands.direct_sender import DirectSender
from shared.commands.dry_run import DryRunner
from shared.lists.lister import ListParams
from shared.messages import Outcome, ReceivedCommand
from shared.ports import Ids, Invalidation, OperationsReader

FINGERPRINT = "bulk"


class BulkSeams(Provider):
    scope = Scope.APP

    @provide
    def selection(self, organizations: PostgresOrganizationList) -> bulk.ports.SelectedOrganizations:
        return SelectedOrganizations(organizations)

    @provide
    def labels(self, directory: PostgresOrganizationDirectory) -> bulk.ports.OrganizationLabels:
        return directory

    @provide
    def commands(self) -> bulk.ports.OrganizationCommands:
        return SuperAdminCommands()

    @provide
    def gateway(
        self, sender: DirectSender, operations: OperationsReader, invalidation: Invalidation
    ) -> bulk.ports.CommandGateway:
        return CommandGateway(sender, operations, invalidation)

    @provide
    def dry_runs(self, dry_runner: DryRunner, sender: DirectSender, ids: Ids) -> bulk.ports.DryRuns:
        return DryRuns(dry_runner, sender, ids)


class SelectedOrganizations:
    """Read the list oldest first: organizations that sign up meanwhile come last."""

    def __init__(self, organizations: PostgresOrganizationList) -> None:
        self._organizations = organizations

    async def page(
        self, wanted: OrganizationFilter, cursor: str | None, limit: int
    ) -> tuple[Sequence[str], str | None]:
        page = await self._organizations.page(ListParams(list_filter(wanted), limit, cursor, "created_at"))
        return [item.organization_id for item in page.items], page.next_cursor


def list_filter(wanted: OrganizationFilter) -> ListFilter:
    fields = asdict(wanted)
    if isinstance(wanted.template_version, OlderVersions):
        fields |= {"template_version": None, "template_older_than": wanted.template_version.older_than}
    return ListFilter(**fields)


class SuperAdminCommands:
    def command(self, bulk: BulkCommand, organization_id: str, user_id: str) -> OrganizationCommand:
        match bulk:
            case Assign(module_id, config):
                command: Command = AssignModule(organization_id, module_id, user_id, config)
            case Unassign(module_id, force):
                command = UnassignModule(organization_id, module_id, force)
            case ApplyIndustry(industry_code, mode):
                command = ApplyIndustryTemplate(organization_id, industry_code, mode=mode)
            case Suspend():
                return OrganizationCommand("organizations", SuspendOrganization(organization_id))
            case Reactivate():
                return OrganizationCommand("organizations", ReactivateOrganization(organization_id))
            case _ as never:
                assert_never(never)
        return OrganizationCommand("assignments", command)


class CommandGateway:
    def __init__(self, sender: DirectSender, operations: OperationsReader, invalidation: Invalidation) -> None:
        self._sender = sender
        self._operations = operations
        self._invalidation = invalidation

    async def send(
        self, bulk: BulkOperation, operation_id: UUID, organization_id: str, command: OrganizationCommand
    ) -> None:
        envelope = self._sender.envelope(
            organization_id, command.command, bulk.created_by, operation_id, organization_id
        )
        envelope = replace(envelope, fingerprint=FINGERPRINT, reason=bulk.reason, attempt=None)
        await self._sender.send(command.context, envelope, command.command)

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        outcomes = await self._operations.decided(operation_ids) if operation_ids else {}
        await self._invalidation.invalidate(sorted({name for one in outcomes.values() for name in one.invalidates}))
        return outcomes


class DryRuns:
    def __init__(self, dry_runner: DryRunner, sender: DirectSender, ids: Ids) -> None:
        self._dry_runner = dry_runner
        self._sender = sender
        self._ids = ids

    async def dry_run(
        self, commands: Sequence[tuple[str, OrganizationCommand]], user_id: str
    ) -> Sequence[DryRunOutcome]:
        async with self._dry_runner.snapshot(commands[0][1].context) as snapshot:
            previews = await snapshot.preview([self._received(id_, one.command, user_id) for id_, one in commands])
        return [
            DryRunOutcome(organization_id, preview.status, preview.refusal)
            for (organization_id, _), preview in zip(commands, previews, strict=True)
        ]

    def _received(self, organization_id: str, command: object, user_id: str) -> ReceivedCommand:
        envelope = self._sender.envelope(organization_id, command, user_id, self._ids.new(), organization_id)
        return ReceivedCommand(envelope, command)
