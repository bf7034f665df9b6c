"""The ports of this context. All methods of `BulkOperations`, `Leases` and `Items` raise `Unavailable`."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from bulk.domain import BulkCommand, BulkOperation, DryRunOutcome, Item, ItemResult, OrganizationFilter
from organizations.contract import OrganizationLabel
from shared.messages import Outcome
from shared.ports import Transaction


class OrganizationCommand(Struct, frozen=True):
    context: str
    command: Any


class SelectedOrganizations(Protocol):
    async def page(
        self, wanted: OrganizationFilter, cursor: str | None, limit: int
    ) -> tuple[Sequence[str], str | None]:
        """Return ids in a stable order, and the cursor of the next page; None on the last."""
        ...


class OrganizationCommands(Protocol):
    def command(self, bulk: BulkCommand, organization_id: str, user_id: str) -> OrganizationCommand: ...


class DryRuns(Protocol):
    async def dry_run(
        self, commands: Sequence[tuple[str, OrganizationCommand]], user_id: str
    ) -> Sequence[DryRunOutcome]:
        """Decide commands of one context in one snapshot, each as if it were the only one."""
        ...


class CommandGateway(Protocol):
    async def send(
        self, bulk: BulkOperation, operation_id: UUID, organization_id: str, command: OrganizationCommand
    ) -> None:
        """Return when the command is stored, or decided. Idempotent. Raise `Unavailable`."""
        ...

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        """Return the known outcomes, failures too, after their caches were invalidated. Raise `Unavailable`."""
        ...


class BulkOperations(Protocol):
    async def begin(self, bulk: BulkOperation, fingerprint: str) -> tuple[BulkOperation, str]:
        """Store it with the organizations named by id. Return what is stored under its id, with its fingerprint."""
        ...

    async def find(self, bulk_id: UUID) -> BulkOperation | None: ...

    async def cancel(self, bulk_id: UUID) -> None: ...

    async def retry(self, bulk_id: UUID) -> int:
        """Queue refused and failed items again, and return how many; with none it stays ended."""
        ...


class Leases(Protocol):
    """Leases unfinished bulk operations to processes, each to one at a time."""

    async def claim(self) -> BulkOperation | None:
        """Lease the oldest one that no process holds."""
        ...

    async def renew(self, bulk_id: UUID) -> BulkOperation | None:
        """Return None when another process holds it."""
        ...

    async def select(self, bulk_id: UUID, organization_ids: Sequence[str], cursor: str | None) -> None:
        """Add organizations and the cursor of the selection; None: the selection is complete, sending begins."""
        ...

    async def finish(self, bulk_id: UUID) -> None: ...


class Items(Protocol):
    async def waiting(self, bulk_id: UUID, after: str, limit: int) -> Sequence[Item]:
        """Return items beyond `after` without an outcome, by id."""
        ...

    async def record(self, bulk_id: UUID, results: Sequence[ItemResult]) -> None:
        """Store outcomes. One of an earlier attempt, or of an item that has an outcome, changes nothing."""
        ...

    async def cancel_waiting(self, bulk_id: UUID, but: Sequence[str]) -> None:
        """Cancel all items without an outcome except these."""
        ...


class OrganizationLabels(Protocol):
    async def labels(
        self, transaction: Transaction, organization_ids: Sequence[str]
    ) -> Mapping[str, OrganizationLabel]:
        """Run one query. Unknown ids are left out."""
        ...
