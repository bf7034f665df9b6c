"""A runner with hand-written parts: what it asks, what it notes, and what it does when it loses its place."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest
from msgspec.structs import replace

from bulk.domain import (
    BulkCommand,
    BulkOperation,
    Decided,
    Item,
    OrganizationFilter,
    Selection,
    Status,
    Suspend,
)
from bulk.ports import AskedCommand
from bulk.running import UNDER_WAY, BulkRunner, ClaimLost
from shared.errors import Refusal, Unavailable
from shared.messages import Outcome
from tests.fakes import NOON
from tests.waiting import eventually

BULK = UUID(int=1)


def operation(status: Status = "running") -> BulkOperation:
    return BulkOperation(BULK, Suspend(), Selection(None, OrganizationFilter()), "ada", NOON, "why", status, None)


class FakeBulk:
    """Claims, ledger, organizations and the way in for commands, all in memory."""

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
        self.finished = False
        self.away = 0
        if status != "selecting":
            self.items = dict.fromkeys(self.organizations, (1, None))

    def outcomes(self) -> list[str | None]:
        return [outcome for _, outcome in self.items.values()]

    async def claim(self) -> BulkOperation | None:
        return None if self.finished else self.bulk

    async def keep(self, bulk_id: UUID) -> BulkOperation | None:
        return None if self.lost else self.bulk

    async def select(self, bulk_id: UUID, organization_ids: Sequence[str], cursor: str | None) -> None:
        self.items.update({id_: (1, None) for id_ in organization_ids if id_ not in self.items})
        self.bulk = replace(self.bulk, cursor=cursor, status=self.bulk.status if cursor else "running")

    async def finish(self, bulk_id: UUID) -> None:
        self.finished = True

    async def waiting(self, bulk_id: UUID, after: str, limit: int) -> Sequence[Item]:
        found = sorted(id_ for id_, (_, outcome) in self.items.items() if outcome is None and id_ > after)
        return [Item(id_, self.items[id_][0]) for id_ in found[:limit]]

    async def record(self, bulk_id: UUID, decided: Sequence[Decided]) -> None:
        for one in decided:
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

    def command(self, wanted: BulkCommand, organization_id: str, user_id: str) -> AskedCommand:
        return AskedCommand("organizations", (organization_id, user_id))

    async def send(self, bulk: BulkOperation, operation_id: UUID, organization_id: str, asked: AskedCommand) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        self.asked.append(organization_id)
        self.sent[operation_id] = organization_id

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        self.most_under_way = max(self.most_under_way, len(operation_ids))
        if self.silent:
            return {}
        return {id_: self._outcome(id_) for id_ in operation_ids}

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


def runner(parts: FakeBulk) -> BulkRunner:
    return BulkRunner(parts, parts, parts, parts, parts)


def ids(count: int) -> list[str]:
    return [f"o-{number:05}" for number in range(count)]


async def test_every_organization_is_asked_once_and_its_outcome_noted() -> None:
    parts = FakeBulk(ids(1200))
    parts.refusing = {"o-00007"}
    await runner(parts).carry_out(parts.bulk)
    assert sorted(parts.asked) == ids(1200)
    outcomes = parts.outcomes()
    assert (outcomes.count("applied"), outcomes.count("rejected")) == (1199, 1)
    assert parts.finished


async def test_a_filter_is_walked_page_by_page_before_anybody_is_asked() -> None:
    parts = FakeBulk(ids(1100), "selecting")
    await runner(parts).carry_out(parts.bulk)
    assert sorted(parts.asked) == ids(1100)


async def test_selecting_goes_on_where_a_dead_process_stopped() -> None:
    parts = FakeBulk(ids(1100), "selecting")
    await parts.select(BULK, *await parts.page(OrganizationFilter(), None, 500))
    await runner(parts).carry_out(parts.bulk)
    assert sorted(parts.asked) == ids(1100)


async def test_never_more_than_a_bounded_number_is_under_way() -> None:
    parts = FakeBulk(ids(3000))
    await runner(parts).carry_out(parts.bulk)
    assert 0 < parts.most_under_way <= UNDER_WAY


async def test_organizations_whose_outcome_is_known_are_not_asked_again() -> None:
    parts = FakeBulk(ids(10))
    parts.items["o-00003"] = (1, "applied")
    await runner(parts).carry_out(parts.bulk)
    assert "o-00003" not in parts.asked


async def test_cancelling_asks_nobody_further_and_awaits_those_that_were_asked() -> None:
    parts = FakeBulk(ids(2000))
    parts.silent = True
    task = asyncio.create_task(runner(parts).carry_out(parts.bulk))
    await eventually(lambda: len(parts.asked) == UNDER_WAY, "as many as may be are under way")
    parts.bulk = replace(parts.bulk, status="cancelling")
    await eventually(lambda: parts.outcomes().count("cancelled") > 0, "the others are cancelled", pause=0.01)
    parts.silent = False
    await task
    outcomes = parts.outcomes()
    assert (outcomes.count("applied"), outcomes.count("cancelled")) == (UNDER_WAY, 2000 - UNDER_WAY)


async def test_who_lost_the_claim_stops_and_ends_nothing() -> None:
    parts = FakeBulk(ids(10))
    parts.lost = True
    with pytest.raises(ClaimLost):
        await runner(parts).carry_out(parts.bulk)
    assert not parts.finished


async def test_an_outage_is_waited_for_and_the_work_resumed() -> None:
    parts = FakeBulk(ids(3))
    parts.away = 1
    task = asyncio.create_task(runner(parts).run())
    await eventually(lambda: parts.finished, "the work is done", pause=0.01)
    task.cancel()
    assert set(parts.outcomes()) == {"applied"}
