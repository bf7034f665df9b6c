"""The ports of bulk operations in memory."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec.structs import replace

from bulk.domain import BulkOperation, Item, ItemResult, OrganizationFilter, Selection, Status, Suspend
from bulk.ports import OrganizationCommand
from shared.errors import Refusal, Unavailable
from shared.messages import Outcome
from tests.fakes import NOON

BULK = UUID(int=1)


def operation(status: Status = "running") -> BulkOperation:
    return BulkOperation(BULK, Suspend(), Selection(None, OrganizationFilter()), "ada", NOON, "why", status, None)


class FakeBulk:
    """One bulk operation: its claim, its ledger, the organizations it selects from, and those that are asked."""

    def __init__(self, organizations: Sequence[str], status: Status = "running") -> None:
        self.bulk = operation(status)
        self.organizations = sorted(organizations)
        self.items: dict[str, tuple[int, str | None]] = {}
        self.asked: list[str] = []
        self.sent: dict[UUID, str] = {}
        self.under_way = 0
        self.most_under_way = 0
        self.refusing: set[str] = set()
        self.silent = False
        self.lost = False
        self.away = 0
        if status != "selecting":
            self.items = dict.fromkeys(self.organizations, (1, None))

    def outcomes(self) -> list[str | None]:
        return [outcome for _, outcome in self.items.values()]

    @property
    def finished(self) -> bool:
        return self.bulk.status in {"finished", "cancelled"}

    async def claim(self) -> BulkOperation | None:
        return None if self.finished or self.lost else self.bulk

    async def renew(self, bulk_id: UUID) -> BulkOperation | None:
        return await self.claim()

    async def select(self, bulk_id: UUID, organization_ids: Sequence[str], cursor: str | None) -> None:
        self.items.update({id_: (1, None) for id_ in organization_ids if id_ not in self.items})
        is_over = self.bulk.status == "selecting" and cursor is None
        self.bulk = replace(self.bulk, cursor=cursor, status="running" if is_over else self.bulk.status)

    async def finish(self, bulk_id: UUID) -> None:
        if not self.finished:
            cancelled = self.bulk.status == "cancelling"
            self.bulk = replace(self.bulk, status="cancelled" if cancelled else "finished", finished_at=NOON)

    async def waiting(self, bulk_id: UUID, after: str, limit: int) -> Sequence[Item]:
        found = sorted(id_ for id_, (_, outcome) in self.items.items() if outcome is None and id_ > after)
        return [Item(id_, self.items[id_][0]) for id_ in found[:limit]]

    async def record(self, bulk_id: UUID, decided: Sequence[ItemResult]) -> None:
        for one in decided:
            if self.items.get(one.organization_id) == (one.attempt, None):
                self.items[one.organization_id] = (one.attempt, one.outcome)

    async def cancel_waiting(self, bulk_id: UUID, but: Sequence[str]) -> None:
        for id_, (attempt, outcome) in self.items.items():
            if outcome is None and id_ not in but:
                self.items[id_] = (attempt, "cancelled")

    async def page(
        self, wanted: OrganizationFilter, cursor: str | None, limit: int
    ) -> tuple[Sequence[str], str | None]:
        start = int(cursor or 0)
        following = start + limit
        return self.organizations[start:following], str(following) if following < len(self.organizations) else None

    async def send(
        self, bulk: BulkOperation, operation_id: UUID, organization_id: str, asked: OrganizationCommand
    ) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        self.asked.append(organization_id)
        self.sent[operation_id] = organization_id

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        self.most_under_way = max(self.most_under_way, len(operation_ids))
        if self.silent:
            return {}
        return {id_: self._outcome(id_) for id_ in operation_ids if id_ in self.sent}

    def _outcome(self, operation_id: UUID) -> Outcome:
        organization_id = self.sent[operation_id]
        refused = organization_id in self.refusing
        return Outcome(
            operation_id=operation_id,
            status="rejected" if refused else "applied",
            fingerprint="bulk",
            context="organizations",
            aggregate_id=organization_id,
            refusal=Refusal("conflict", "no", "No.") if refused else None,
        )
