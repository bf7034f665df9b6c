"""What bulk operations ask of the world."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from bulk.domain import BulkCommand, BulkOperation, Decided, Item, OrganizationFilter, Tried
from organizations.contract import OrganizationLabel
from shared.messages import Outcome
from shared.ports import Transaction


class SelectedOrganizations(Protocol):
    """Which organizations a filter selects."""

    async def page(
        self, wanted: OrganizationFilter, cursor: str | None, limit: int
    ) -> tuple[Sequence[str], str | None]:
        """Ids in a stable order, and the cursor of the next page; None on the last."""
        ...


class AskedCommand(Struct, frozen=True):
    """A command of some context, for one organization."""

    context: str
    command: Any


class OrganizationCommands(Protocol):
    """Turns a bulk operation's command into the one an organization is asked with."""

    def command(self, wanted: BulkCommand, organization_id: str, user_id: str) -> AskedCommand: ...


class Trials(Protocol):
    """Asks organizations without any effect."""

    async def ask(self, asked: Sequence[tuple[str, AskedCommand]], user_id: str) -> Sequence[Tried]:
        """What each would say, all of one context and in one moment, each as if it were the only one."""
        ...


class AskingOrganizations(Protocol):
    """The way in for the commands of a bulk operation."""

    async def send(self, bulk: BulkOperation, operation_id: UUID, organization_id: str, asked: AskedCommand) -> None:
        """Returns when the command is on its way, or decided. Harmless to repeat. Raises `Unavailable`."""
        ...

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        """The outcomes that are known, failures too, after what they touched was invalidated. Raises `Unavailable`."""
        ...


class Claims(Protocol):
    """Gives unfinished bulk operations to processes, each to one at a time. All raise `Unavailable`."""

    async def claim(self) -> BulkOperation | None:
        """The oldest that nobody works on, from now on this process's; None when there is none."""
        ...

    async def keep(self, bulk_id: UUID) -> BulkOperation | None:
        """Renews the claim and reads the operation anew; None when another process works on it by now."""
        ...

    async def select(self, bulk_id: UUID, organization_ids: Sequence[str], cursor: str | None) -> None:
        """Adds organizations and remembers where selecting goes on; None: all are selected, and asking begins."""
        ...

    async def finish(self, bulk_id: UUID) -> None:
        """Every outcome is known: a cancelled one is cancelled now, any other finished."""
        ...


class Ledger(Protocol):
    """What became of organizations. All raise `Unavailable`."""

    async def waiting(self, bulk_id: UUID, after: str, limit: int) -> Sequence[Item]:
        """Organizations beyond `after` of which nothing is known yet, by id."""
        ...

    async def record(self, bulk_id: UUID, decided: Sequence[Decided]) -> None:
        """Notes outcomes; one of an earlier attempt, or of an organization whose outcome is known, changes nothing."""
        ...

    async def cancel_waiting(self, bulk_id: UUID, but: Sequence[str]) -> None:
        """Ends the wait of all organizations except these, which were asked and are being decided."""
        ...


class OrganizationLabels(Protocol):
    """How organizations are called."""

    async def labels(
        self, transaction: Transaction, organization_ids: Sequence[str]
    ) -> Mapping[str, OrganizationLabel]:
        """By id, one query. Unknown ids are left out."""
        ...
