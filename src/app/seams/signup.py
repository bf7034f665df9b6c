"""The seams of signing up: organizations ask for owners, tokens and the industry's modules."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

import access.signup
from access.adapters.tokens import JwtIssuer
from assignments.commands import ApplyIndustryTemplate, AssignmentResult
from assignments.facts import OrganizationFact
from organizations.ports import ModulesOutcome
from shared.commands.direct_sender import DirectSender
from shared.commands.dry_run import DryRunner
from shared.messages import PreviewedChange, ReceivedCommand, derived_operation_id
from shared.ports import Transaction

WAIT_SECONDS = 5.0


class WaitingOwners:
    """Pending owners, with organizations' ids as organizations write them."""

    def __init__(self, owners: access.signup.PendingOwners) -> None:
        self._owners = owners

    async def pending(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those who wait."""
        return await self._owners.pending(transaction, operation_ids)

    async def activate(self, transaction: Transaction, owners: Sequence[tuple[UUID, str]], now: datetime) -> None:
        """Makes them users."""
        await self._owners.activate(transaction, [(owner, UUID(organization)) for owner, organization in owners], now)

    async def discard(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> None:
        """Frees their e-mails."""
        await self._owners.discard(transaction, operation_ids)


class SignupTokens:
    """Tokens for one operation."""

    def __init__(self, issuer: JwtIssuer) -> None:
        self._issuer = issuer

    async def issue(self, operation_id: UUID) -> str:
        """The bare token."""
        return (await self._issuer.operation_token(operation_id)).token


class IndustryModules:
    """Applies the template a signup was promised."""

    def __init__(self, sender: DirectSender, previews: DryRunner) -> None:
        self._sender = sender
        self._previews = previews

    async def apply_template(
        self, organization_id: str, industry_code: str, version: int, cause: UUID, user_id: str
    ) -> ModulesOutcome:
        """The subscriber of the registration sends the very same operation, should this process die before it does."""
        command = ApplyIndustryTemplate(organization_id, industry_code, version)
        operation_id = derived_operation_id(cause, type(command).__name__)
        envelope = self._sender.envelope(organization_id, command, user_id, operation_id, organization_id)
        outcome = await self._sender.execute("assignments", envelope, command, WAIT_SECONDS)
        if outcome is None or outcome.status == "failed":
            return ModulesOutcome("pending")
        if outcome.refusal is not None:
            return ModulesOutcome("refused", reason=outcome.refusal.detail)
        result = msgspec.json.decode(outcome.result or b"{}", type=AssignmentResult)
        return ModulesOutcome("applied", result.assigned)

    async def foresee(
        self, organization_id: str, industry_code: str, version: int, user_id: str
    ) -> tuple[ModulesOutcome, Sequence[PreviewedChange]]:
        """Decided as if the organization were there."""
        command = ApplyIndustryTemplate(organization_id, industry_code, version)
        envelope = self._sender.envelope(organization_id, command, user_id, UUID(user_id), organization_id)
        there = {organization_id: OrganizationFact("active", industry_code)}
        async with self._previews.snapshot("assignments") as moment:
            (preview,) = await moment.preview(
                [ReceivedCommand(envelope, command)],
                assuming=lambda facts: msgspec.structs.replace(facts, organizations=there),
            )
        if preview.refusal is not None:
            return ModulesOutcome("refused", reason=preview.refusal.detail), ()
        result = msgspec.json.decode(preview.result or b"{}", type=AssignmentResult)
        return ModulesOutcome("applied", result.assigned), preview.changes
