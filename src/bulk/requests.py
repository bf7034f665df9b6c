"""Dry-runs, begins, cancels and retries bulk operations for super admins."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from bulk.domain import (
    BulkCommand,
    BulkOperation,
    DryRunResult,
    OrganizationFilter,
    Selection,
    Summary,
    not_found,
    require_cancellable,
    require_ended,
    require_one_selection,
    require_small,
)
from bulk.ports import BulkOperations, DryRuns, OrganizationCommands, SelectedOrganizations
from shared.commands.bus import IdempotencyKeyReused
from shared.ports import Clock

DRY_RUN_TIME = timedelta(seconds=5)
PAGE = 500


class BulkOperationRequest(Struct, frozen=True):
    """`fingerprint` distinguishes two requests with one id."""

    id: UUID
    command: BulkCommand
    selection: Selection
    user_id: str
    reason: str | None
    fingerprint: str


@dataclass
class BulkRequests:
    operations: BulkOperations
    organizations: SelectedOrganizations
    commands: OrganizationCommands
    dry_runs: DryRuns
    clock: Clock

    async def dry_run(self, request: BulkOperationRequest) -> DryRunResult:
        """Examine as many organizations as five seconds allow. Raise `NotOneSelection`, `CommandTooLarge`."""
        require_one_selection(request.selection)
        require_small(request.command)
        summary = Summary()
        ends_at = self.clock.now() + DRY_RUN_TIME
        async for ids in self._pages(request.selection):
            if summary.examined and self.clock.now() > ends_at:
                return summary.result(complete=False)
            commands = [(id_, self.commands.command(request.command, id_, request.user_id)) for id_ in ids]
            for outcome in await self.dry_runs.dry_run(commands, request.user_id) if commands else ():
                summary.add(outcome)
        return summary.result(complete=True)

    async def _pages(self, selection: Selection) -> AsyncIterator[Sequence[str]]:
        if selection.organization_ids is not None:
            ids = sorted({str(id_) for id_ in selection.organization_ids})
            for start in range(0, len(ids), PAGE):
                yield ids[start : start + PAGE]
            return
        wanted, cursor = selection.filter or OrganizationFilter(), None
        while True:
            page, cursor = await self.organizations.page(wanted, cursor, PAGE)
            yield page
            if cursor is None:
                return

    async def begin(self, request: BulkOperationRequest) -> BulkOperation:
        """Begin it once for each id. Raise `NotOneSelection`, `CommandTooLarge`, `IdempotencyKeyReused`."""
        require_one_selection(request.selection)
        require_small(request.command)
        bulk = BulkOperation(
            id=request.id,
            command=request.command,
            selection=request.selection,
            created_by=request.user_id,
            created_at=self.clock.now(),
            reason=request.reason,
            status="selecting" if request.selection.organization_ids is None else "running",
            finished_at=None,
        )
        stored, fingerprint = await self.operations.begin(bulk, request.fingerprint)
        if fingerprint != request.fingerprint:
            raise IdempotencyKeyReused(
                "The Idempotency-Key was used for another request. Use a new key for a new request."
            )
        return stored

    async def cancel(self, bulk_id: UUID) -> None:
        """Raise `BulkOperationEnded`. Commands that were sent already are decided all the same."""
        require_cancellable(await self._find(bulk_id))
        await self.operations.cancel(bulk_id)

    async def retry(self, bulk_id: UUID) -> None:
        """Raise `BulkOperationUnderWay`."""
        require_ended(await self._find(bulk_id))
        await self.operations.retry(bulk_id)

    async def _find(self, bulk_id: UUID) -> BulkOperation:
        bulk = await self.operations.find(bulk_id)
        if bulk is None:
            raise not_found(bulk_id)
        return bulk
