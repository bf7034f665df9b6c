"""Carries bulk operations out: asks every organization and notes what became of it. May be killed at any moment."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from bulk.domain import BulkOperation, Decided, Item, OrganizationFilter, item_operation_id
from bulk.ports import AskingOrganizations, Claims, Ledger, OrganizationCommands, SelectedOrganizations
from shared.errors import Unavailable
from shared.messages import Outcome

log = structlog.get_logger(__name__)

IDLE_SECONDS = 1.0
LOOK_SECONDS = 0.05
KEEP_SECONDS = 2.0
ASK_AGAIN_SECONDS = 30.0
PAGE = 500
UNDER_WAY = 1000
DETAIL_CHARACTERS = 500


class ClaimLost(Exception):  # noqa: N818 - ends this process's part, not the bulk operation
    """Another process works on the bulk operation by now."""


@dataclass
class UnderWay:
    """The organizations that were asked and whose outcome is not known. `after`: where asking goes on."""

    items: dict[UUID, Item] = field(default_factory=dict)
    asked_at: dict[UUID, float] = field(default_factory=dict)
    after: str = ""
    all_asked: bool = False

    def add(self, operation_id: UUID, item: Item, now: float) -> None:
        """One was asked, for the first time or again."""
        self.items[operation_id] = item
        self.asked_at[operation_id] = now

    def take(self, outcomes: Sequence[Outcome]) -> Sequence[Decided]:
        """Takes out those that are decided."""
        decided = []
        for outcome in outcomes:
            item = self.items.pop(outcome.operation_id, None)
            self.asked_at.pop(outcome.operation_id, None)
            if item is not None:
                decided.append(decided_item(item, outcome))
        return decided

    def overdue(self, now: float) -> Sequence[tuple[UUID, Item]]:
        """Those whose command may have been lost with the process that was to decide it."""
        return [(id_, self.items[id_]) for id_, at in self.asked_at.items() if now - at > ASK_AGAIN_SECONDS]


@dataclass
class BulkRunner:
    """Runs in every worker, and works on one bulk operation at a time.

    No more than a thousand organizations are under way at once, whatever their number: memory is bounded, and single
    commands are not held up behind a hundred thousand others.
    """

    claims: Claims
    ledger: Ledger
    organizations: SelectedOrganizations
    commands: OrganizationCommands
    asking: AskingOrganizations

    async def run(self) -> None:
        """Runs for ever."""
        while True:
            try:
                bulk = await self.claims.claim()
                if bulk is None:
                    await asyncio.sleep(IDLE_SECONDS)
                else:
                    await self.carry_out(bulk)
            except ClaimLost:
                log.info("bulk_operation_taken_over")
            except Unavailable as error:
                log.warning("bulk_operation_waits", reason=error.detail)
                await asyncio.sleep(IDLE_SECONDS)

    async def carry_out(self, bulk: BulkOperation) -> None:
        """Selects, asks and records until every outcome is known. Raises `ClaimLost` or `Unavailable`."""
        log.info("bulk_operation_begins", bulk_operation_id=str(bulk.id), status=bulk.status)
        if bulk.status == "selecting":
            bulk = await self._select(bulk)
        under_way, kept_at = UnderWay(), 0.0
        while True:
            now = asyncio.get_running_loop().time()
            if now - kept_at > KEEP_SECONDS:
                bulk, kept_at = await self._keep(bulk), now
            await self._ask(bulk, under_way, now)
            if not under_way.items and under_way.all_asked:
                break
            moved = await self._record(bulk, under_way)
            if not moved:
                await asyncio.sleep(LOOK_SECONDS)
        await self.claims.finish(bulk.id)
        log.info("bulk_operation_ends", bulk_operation_id=str(bulk.id))

    async def _keep(self, bulk: BulkOperation) -> BulkOperation:
        kept = await self.claims.keep(bulk.id)
        if kept is None:
            raise ClaimLost
        return kept

    async def _select(self, bulk: BulkOperation) -> BulkOperation:
        wanted = bulk.selection.filter or OrganizationFilter()
        while bulk.status == "selecting":
            ids, cursor = await self.organizations.page(wanted, bulk.cursor, PAGE)
            await self.claims.select(bulk.id, ids, cursor)
            bulk = await self._keep(bulk)
        return bulk

    async def _ask(self, bulk: BulkOperation, under_way: UnderWay, now: float) -> None:
        if bulk.status == "cancelling" and not under_way.all_asked:
            await self.ledger.cancel_waiting(bulk.id, [item.organization_id for item in under_way.items.values()])
            under_way.all_asked = True
        again = under_way.overdue(now)
        await self._send(bulk, [item for _, item in again], under_way, now)
        if under_way.all_asked or len(under_way.items) > UNDER_WAY - PAGE:
            return
        items = await self.ledger.waiting(bulk.id, under_way.after, PAGE)
        if not items:
            under_way.all_asked = True
            return
        await self._send(bulk, items, under_way, now)
        under_way.after = items[-1].organization_id

    async def _send(self, bulk: BulkOperation, items: Sequence[Item], under_way: UnderWay, now: float) -> None:
        for item in items:
            under_way.add(item_operation_id(bulk.id, item), item, now)
        for result in await asyncio.gather(*(self._send_one(bulk, item) for item in items), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _send_one(self, bulk: BulkOperation, item: Item) -> None:
        asked = self.commands.command(bulk.command, item.organization_id, bulk.created_by)
        await self.asking.send(bulk, item_operation_id(bulk.id, item), item.organization_id, asked)

    async def _record(self, bulk: BulkOperation, under_way: UnderWay) -> bool:
        outcomes = await self.asking.decided(list(under_way.items))
        decided = under_way.take(list(outcomes.values()))
        if decided:
            await self.ledger.record(bulk.id, decided)
        return len(decided) > 0


def decided_item(item: Item, outcome: Outcome) -> Decided:
    """An outcome as the ledger keeps it. A refusal's words are cut where they are long."""
    status = outcome.status if outcome.status != "pending" else "failed"
    if outcome.refusal is None:
        return Decided(item.organization_id, item.attempt, status)
    refusal = outcome.refusal
    return Decided(item.organization_id, item.attempt, status, refusal.code, refusal.detail[:DETAIL_CHARACTERS])
