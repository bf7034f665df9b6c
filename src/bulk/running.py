"""Executes bulk operations: sends a command to every organization and records its outcome. Survives a crash."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from bulk.domain import BulkOperation, Item, ItemResult, OrganizationFilter, item_operation_id
from bulk.ports import CommandGateway, Items, Leases, OrganizationCommands, SelectedOrganizations
from shared.errors import Unavailable
from shared.messages import Outcome

log = structlog.get_logger(__name__)

IDLE_SECONDS = 1.0
POLL_SECONDS = 0.05
RENEW_SECONDS = 2.0
RESEND_SECONDS = 30.0
PAGE = 500
MAX_IN_FLIGHT = 1000
DETAIL_CHARACTERS = 500


class LeaseLost(Exception):  # noqa: N818 - ends this process's part, not the bulk operation
    """Another process holds the lease."""


@dataclass
class InFlight:
    """`after` is the last organization sent."""

    items: dict[UUID, Item] = field(default_factory=dict)
    sent_at: dict[UUID, float] = field(default_factory=dict)
    after: str = ""
    all_sent: bool = False

    def add(self, operation_id: UUID, item: Item, now: float) -> None:
        self.items[operation_id] = item
        self.sent_at[operation_id] = now

    def take(self, outcomes: Sequence[Outcome]) -> Sequence[ItemResult]:
        results = []
        for outcome in outcomes:
            item = self.items.pop(outcome.operation_id, None)
            self.sent_at.pop(outcome.operation_id, None)
            if item is not None:
                results.append(item_result(item, outcome))
        return results

    def overdue(self, now: float) -> Sequence[Item]:
        """Return items whose command may have been lost with the process that was to decide it."""
        return [self.items[id_] for id_, at in self.sent_at.items() if now - at > RESEND_SECONDS]


@dataclass
class BulkRunner:
    """Executes one bulk operation at a time in each worker, with at most a thousand items in flight."""

    leases: Leases
    items: Items
    organizations: SelectedOrganizations
    commands: OrganizationCommands
    gateway: CommandGateway

    async def run(self) -> None:
        while True:
            try:
                bulk = await self.leases.claim()
                if bulk is None:
                    await asyncio.sleep(IDLE_SECONDS)
                else:
                    await self.execute(bulk)
            except LeaseLost:
                log.info("bulk_operation_lease_lost")
            except Unavailable as error:
                log.warning("bulk_operation_paused", reason=error.detail)
                await asyncio.sleep(IDLE_SECONDS)

    async def execute(self, bulk: BulkOperation) -> None:
        """Select, send and record until every outcome is known. Raise `LeaseLost` or `Unavailable`."""
        log.info("bulk_operation_started", bulk_operation_id=str(bulk.id), status=bulk.status)
        if bulk.status == "selecting":
            bulk = await self._select(bulk)
        in_flight, renewed_at = InFlight(), 0.0
        while True:
            now = asyncio.get_running_loop().time()
            if now - renewed_at > RENEW_SECONDS:
                bulk, renewed_at = await self._renew(bulk), now
            await self._send_next(bulk, in_flight, now)
            if not in_flight.items and in_flight.all_sent:
                break
            if not await self._record(bulk, in_flight):
                await asyncio.sleep(POLL_SECONDS)
        await self.leases.finish(bulk.id)
        log.info("bulk_operation_ended", bulk_operation_id=str(bulk.id))

    async def _renew(self, bulk: BulkOperation) -> BulkOperation:
        renewed = await self.leases.renew(bulk.id)
        if renewed is None:
            raise LeaseLost
        return renewed

    async def _select(self, bulk: BulkOperation) -> BulkOperation:
        wanted = bulk.selection.filter or OrganizationFilter()
        while bulk.status == "selecting":
            ids, cursor = await self.organizations.page(wanted, bulk.cursor, PAGE)
            await self.leases.select(bulk.id, ids, cursor)
            bulk = await self._renew(bulk)
        return bulk

    async def _send_next(self, bulk: BulkOperation, in_flight: InFlight, now: float) -> None:
        if bulk.status == "cancelling" and not in_flight.all_sent:
            await self.items.cancel_waiting(bulk.id, [item.organization_id for item in in_flight.items.values()])
            in_flight.all_sent = True
        await self._send(bulk, in_flight.overdue(now), in_flight, now)
        if in_flight.all_sent or len(in_flight.items) > MAX_IN_FLIGHT - PAGE:
            return
        items = await self.items.waiting(bulk.id, in_flight.after, PAGE)
        if not items:
            in_flight.all_sent = True
            return
        await self._send(bulk, items, in_flight, now)
        in_flight.after = items[-1].organization_id

    async def _send(self, bulk: BulkOperation, items: Sequence[Item], in_flight: InFlight, now: float) -> None:
        for item in items:
            in_flight.add(item_operation_id(bulk.id, item), item, now)
        for result in await asyncio.gather(*(self._send_one(bulk, item) for item in items), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _send_one(self, bulk: BulkOperation, item: Item) -> None:
        command = self.commands.command(bulk.command, item.organization_id, bulk.created_by)
        await self.gateway.send(bulk, item_operation_id(bulk.id, item), item.organization_id, command)

    async def _record(self, bulk: BulkOperation, in_flight: InFlight) -> bool:
        outcomes = await self.gateway.decided(list(in_flight.items))
        results = in_flight.take(list(outcomes.values()))
        if results:
            await self.items.record(bulk.id, results)
        return len(results) > 0


def item_result(item: Item, outcome: Outcome) -> ItemResult:
    status = outcome.status if outcome.status != "pending" else "failed"
    if outcome.refusal is None:
        return ItemResult(item.organization_id, item.attempt, status)
    refusal = outcome.refusal
    return ItemResult(item.organization_id, item.attempt, status, refusal.code, refusal.detail[:DETAIL_CHARACTERS])
