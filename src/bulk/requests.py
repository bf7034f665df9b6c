"""What people ask of bulk operations: to foresee one, to begin one, to cancel it, to retry what was refused."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from bulk.domain import (
    BulkCommand,
    BulkOperation,
    BulkOperationNotFound,
    Foreseen,
    OrganizationFilter,
    Selection,
    Tally,
    require_cancellable,
    require_ended,
    require_one_selection,
    require_small,
)
from bulk.ports import OrganizationCommands, SelectedOrganizations, Trials
from shared.errors import Invalid
from shared.ports import Clock

FORESIGHT = timedelta(seconds=5)
PAGE = 500


class Wanted(Struct, frozen=True):
    """A bulk operation somebody asks for. `fingerprint` tells two requests under one id apart."""

    id: UUID
    command: BulkCommand
    selection: Selection
    user_id: str
    reason: str | None
    fingerprint: str


class IdempotencyKeyReused(Invalid):
    """The key belongs to another request."""


class BulkOperations(Protocol):
    """Where bulk operations are kept. All raise `Unavailable`."""

    async def begin(self, bulk: BulkOperation, fingerprint: str) -> tuple[BulkOperation, str]:
        """Keeps it with the organizations named by id; answers what is kept under its id, and whose request it was."""
        ...

    async def find(self, bulk_id: UUID) -> BulkOperation | None: ...

    async def cancel(self, bulk_id: UUID) -> None:
        """From now on no further organization is asked."""
        ...

    async def retry(self, bulk_id: UUID) -> int:
        """Lets those that were refused or failed wait again; how many. None of them: it stays ended."""
        ...


@dataclass
class BulkRequests:
    """Serves super admins."""

    operations: BulkOperations
    organizations: SelectedOrganizations
    commands: OrganizationCommands
    trials: Trials
    clock: Clock

    async def foresee(self, wanted: Wanted) -> Foreseen:
        """Tries as many organizations as five seconds allow, and changes nothing. Raises `NotOneSelection`."""
        require_one_selection(wanted.selection)
        require_small(wanted.command)
        tally = Tally()
        ends_at = self.clock.now() + FORESIGHT
        async for ids in self._pages(wanted.selection):
            if tally.examined and self.clock.now() > ends_at:
                return tally.foreseen(complete=False)
            await self._try(wanted, ids, tally)
        return tally.foreseen(complete=True)

    async def _try(self, wanted: Wanted, ids: Sequence[str], tally: Tally) -> None:
        asked = [(id_, self.commands.command(wanted.command, id_, wanted.user_id)) for id_ in ids]
        for tried in await self.trials.ask(asked, wanted.user_id) if asked else ():
            tally.add(tried)

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

    async def begin(self, wanted: Wanted) -> BulkOperation:
        """Begins it, once for each id. Raises `NotOneSelection` or `IdempotencyKeyReused`."""
        require_one_selection(wanted.selection)
        require_small(wanted.command)
        bulk = BulkOperation(
            id=wanted.id,
            command=wanted.command,
            selection=wanted.selection,
            created_by=wanted.user_id,
            created_at=self.clock.now(),
            reason=wanted.reason,
            status="selecting" if wanted.selection.organization_ids is None else "running",
            finished_at=None,
        )
        kept, known = await self.operations.begin(bulk, wanted.fingerprint)
        if known != wanted.fingerprint:
            raise IdempotencyKeyReused(
                "The Idempotency-Key was used for another request. Use a new key for a new request."
            )
        return kept

    async def cancel(self, bulk_id: UUID) -> BulkOperation:
        """Those that were asked already are decided all the same. Raises `BulkOperationEnded`."""
        require_cancellable(await self.found(bulk_id))
        await self.operations.cancel(bulk_id)
        return await self.found(bulk_id)

    async def retry(self, bulk_id: UUID) -> BulkOperation:
        """Asks the refused and the failed again. Raises `BulkOperationUnderWay`."""
        require_ended(await self.found(bulk_id))
        await self.operations.retry(bulk_id)
        return await self.found(bulk_id)

    async def found(self, bulk_id: UUID) -> BulkOperation:
        """Raises `BulkOperationNotFound`."""
        bulk = await self.operations.find(bulk_id)
        if bulk is None:
            raise BulkOperationNotFound(f"There is no bulk operation {bulk_id}. See GET /api/v1/bulk-operations.")
        return bulk
