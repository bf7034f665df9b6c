"""What organizations ask of other contexts: industries, and for a signup its owner and the industry's modules."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from dishka import AnyOf, Provider, Scope, provide

import access.users
import organizations.ports
from access.adapters.tokens import JwtIssuer
from assignments.adapters.lists import PostgresAssignees
from assignments.commands import ApplyIndustryTemplate, AssignmentResult
from industries.adapters.queries import PostgresTemplateCatalog
from organizations.contract import OrganizationFact
from organizations.ports import ModulesOutcome
from shared.commands.direct_sender import DirectSender
from shared.commands.dry_run import DryRunner
from shared.messages import PreviewedChange, ReceivedCommand, derived_operation_id
from shared.ports import Transaction

WAIT_SECONDS = 5.0


class OrganizationsSeams(Provider):
    scope = Scope.APP

    @provide
    def industries(
        self, templates: PostgresTemplateCatalog
    ) -> AnyOf[organizations.ports.IndustryTemplates, organizations.ports.IndustryNames]:
        return templates

    @provide
    def assignees(self, assignees: PostgresAssignees) -> organizations.ports.Assignees:
        return assignees

    @provide
    def pending_owners(self, owners: access.users.PendingOwners) -> organizations.ports.PendingOwners:
        return PendingOwners(owners)

    @provide
    def signup_owners(self, owners: access.users.PendingOwners) -> organizations.ports.SignupOwners:
        return owners

    @provide
    def operation_tokens(self, issuer: JwtIssuer) -> organizations.ports.OperationTokens:
        return OperationTokens(issuer)

    @provide
    def signup_modules(self, sender: DirectSender, dry_runner: DryRunner) -> organizations.ports.SignupModules:
        return SignupModules(sender, dry_runner)


class PendingOwners:
    """Convert ids: UUIDs in `access`, text in organizations."""

    def __init__(self, owners: access.users.PendingOwners) -> None:
        self._owners = owners
        self.pending = owners.pending
        self.discard = owners.discard

    async def activate(self, transaction: Transaction, owners: Sequence[tuple[UUID, str]], now: datetime) -> None:
        await self._owners.activate(transaction, [(owner, UUID(organization)) for owner, organization in owners], now)


class OperationTokens:
    def __init__(self, issuer: JwtIssuer) -> None:
        self._issuer = issuer

    async def issue(self, operation_id: UUID) -> str:
        return (await self._issuer.operation_token(operation_id)).token


class SignupModules:
    def __init__(self, sender: DirectSender, dry_runner: DryRunner) -> None:
        self._sender = sender
        self._dry_runner = dry_runner

    async def apply_template(
        self, organization_id: str, industry_code: str, version: int, cause: UUID, user_id: str
    ) -> ModulesOutcome:
        """Send the same operation as the registration's subscriber, in case this process ends before."""
        command = ApplyIndustryTemplate(organization_id, industry_code, version)
        operation_id = derived_operation_id(cause, type(command).__name__)
        envelope = self._sender.envelope(organization_id, command, user_id, operation_id, organization_id)
        outcome = await self._sender.execute("assignments", envelope, command, WAIT_SECONDS)
        if outcome is None or outcome.status == "failed":
            return ModulesOutcome("pending")
        if outcome.refusal is not None:
            return ModulesOutcome("refused", reason=outcome.refusal.detail)
        return applied(outcome.result)

    async def dry_run(
        self, organization_id: str, industry_code: str, version: int, user_id: str
    ) -> tuple[ModulesOutcome, Sequence[PreviewedChange]]:
        command = ApplyIndustryTemplate(organization_id, industry_code, version)
        envelope = self._sender.envelope(organization_id, command, user_id, UUID(user_id), organization_id)
        registered = {organization_id: OrganizationFact("active", industry_code)}
        async with self._dry_runner.snapshot("assignments") as snapshot:
            (preview,) = await snapshot.preview(
                [ReceivedCommand(envelope, command)],
                assuming=lambda facts: msgspec.structs.replace(facts, organizations=registered),
            )
        if preview.refusal is not None:
            return ModulesOutcome("refused", reason=preview.refusal.detail), ()
        return applied(preview.result), preview.changes


def applied(result: bytes | None) -> ModulesOutcome:
    assigned = msgspec.json.decode(result or b"{}", type=AssignmentResult).assigned
    return ModulesOutcome("applied", assigned)
