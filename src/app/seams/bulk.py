"""What bulk operations ask of the contexts whose organizations they change."""

from collections.abc import Mapping, Sequence
from typing import assert_never
from uuid import UUID

from dishka import Provider, Scope, provide
from msgspec.structs import asdict, replace

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
    ) -> bulk.ports.AskingOrganizations:
        return CommandGateway(sender, operations, invalidation)

    @provide
    def dry_runs(self, dry_runner: DryRunner, sender: DirectSender, ids: Ids) -> bulk.ports.Trials:
        return DryRuns(dry_runner, sender, ids)


class SelectedOrganizations:
    """Walks the list that people see, oldest first: organizations that sign up meanwhile come last."""

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
    """The commands that a super admin may send to a single organization."""

    def command(self, wanted: BulkCommand, organization_id: str, user_id: str) -> AskedCommand:
        match wanted:
            case Assign(module_id, config):
                return AskedCommand("assignments", AssignModule(organization_id, module_id, user_id, config))
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


class CommandGateway:
    """Sends without waiting; outcomes are read later."""

    def __init__(self, sender: DirectSender, operations: OperationsReader, invalidation: Invalidation) -> None:
        self._sender = sender
        self._operations = operations
        self._invalidation = invalidation

    async def send(self, bulk: BulkOperation, operation_id: UUID, organization_id: str, asked: AskedCommand) -> None:
        envelope = self._sender.envelope(organization_id, asked.command, bulk.created_by, operation_id, organization_id)
        envelope = replace(envelope, fingerprint=FINGERPRINT, reason=bulk.reason, attempt=None)
        await self._sender.send(asked.context, envelope, asked.command)

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        outcomes = await self._operations.decided(operation_ids) if operation_ids else {}
        await self._invalidation.invalidate(sorted({name for one in outcomes.values() for name in one.invalidates}))
        return outcomes


class DryRuns:
    def __init__(self, dry_runner: DryRunner, sender: DirectSender, ids: Ids) -> None:
        self._dry_runner = dry_runner
        self._sender = sender
        self._ids = ids

    async def ask(self, asked: Sequence[tuple[str, AskedCommand]], user_id: str) -> Sequence[Tried]:
        async with self._dry_runner.snapshot(asked[0][1].context) as snapshot:
            previews = await snapshot.preview([self._received(id_, one.command, user_id) for id_, one in asked])
        return [
            Tried(organization_id, preview.status, preview.refusal)
            for (organization_id, _), preview in zip(asked, previews, strict=True)
        ]

    def _received(self, organization_id: str, command: object, user_id: str) -> ReceivedCommand:
        envelope = self._sender.envelope(organization_id, command, user_id, self._ids.new(), organization_id)
        return ReceivedCommand(envelope, command)
