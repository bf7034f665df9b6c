"""A thousand commands, each tried dry and then carried out on the real database: the same comes of both."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from access.adapters.queries import PostgresPendingOwners
from access.domain import PendingOwner
from app.infrastructure import Processors
from app.main import make_container
from app.migration.migrate import migrate_database
from app.seams.commands import Deciders
from assignments.commands import UnassignModule
from devstack import Stack
from organizations.commands import RegisterOrganization
from shared.commands.conflict_details import ConflictDetails
from shared.commands.decision import decision_hash
from shared.commands.dry_run import DryRunner, Preview
from shared.commands.envelopes import encoded_command
from shared.messages import CommandEnvelope, Event, Outcome, Previewed, ReceivedCommand
from shared.ports import Caller, Clock, Database
from tests.app.conftest import lonely
from tests.app.generated_commands import Die, Drawn
from tests.support.databases import new_database

CASES, SEED = 1_000, 20_261_125
HASTE = 0.2
RECORDED = """
SELECT operation_id, aggregatetype, type, payload::text FROM shared.event_log
WHERE operation_id = ANY($1::uuid[]) ORDER BY seq
"""


@dataclass(frozen=True)
class Case:
    """A command, what was shown of it, and what came of it when nothing or something had come between."""

    drawn: Drawn
    shown: Preview
    outcome: Outcome
    shown_again: Preview
    overtaken: bool


@dataclass(frozen=True)
class Rehearsal:
    """Tries commands and carries them out, by the parts a process has."""

    previews: DryRunner
    processors: Processors
    deciders: Deciders
    conflict_details: ConflictDetails
    database: Database
    clock: Clock

    def work(self, drawn: Drawn, preview: Previewed | None = None) -> ReceivedCommand:
        envelope = CommandEnvelope(
            operation_id=uuid4(),
            aggregate_id=drawn.aggregate_id,
            user_id="ada",
            fingerprint="",
            issued_at=self.clock.now(),
            command=encoded_command(drawn.command),
            preview=preview,
        )
        return ReceivedCommand(envelope, drawn.command)

    async def shown(self, drawn: Drawn) -> Preview:
        return (await self.previews.preview(drawn.context, self.work(drawn)))[0]

    async def done(self, drawn: Drawn, preview: Previewed | None = None) -> Outcome:
        if isinstance(drawn.command, RegisterOrganization):
            await self._hold(drawn.command.pending_owner_id)
        (outcome,) = await self.processors[drawn.context].process([self.work(drawn, preview)])
        return outcome

    async def _hold(self, owner: UUID) -> None:
        """What a signup does first; its slow hash is no matter here."""
        now = self.clock.now()
        waiting = PendingOwner(owner, f"{owner}@acme.example", None, "", now.replace(year=now.year + 1))
        async with self.database.writing() as transaction:
            await PostgresPendingOwners().hold(transaction, waiting, now)

    async def recorded(self, outcomes: Sequence[Outcome]) -> dict[UUID, list[Event]]:
        """The events of each operation as they rest in the log."""
        deciders = {decider.name: decider for decider in self.deciders}
        events: dict[UUID, list[Event]] = {outcome.operation_id: [] for outcome in outcomes}
        async with self.database.snapshot() as transaction:
            for id_, context, type_, payload in await transaction.fetch(RECORDED, list(events)):
                events[id_].append(deciders[context].decode_event(type_, payload))
        return events


@pytest.fixture(scope="module")
async def rehearsal(parts: Stack) -> AsyncIterator[Rehearsal]:
    async with new_database(parts.plan().postgres_url) as url:
        await migrate_database(url)
        container = make_container(lonely(url))
        wanted: Any = (DryRunner, Processors, Deciders, ConflictDetails, Database, Clock)
        yield Rehearsal(*[await container.get(part) for part in wanted])
        await container.close()


@pytest.fixture(scope="module")
async def cases(rehearsal: Rehearsal) -> list[Case]:
    """In most of them nothing happens between the two; in the others somebody else is quicker."""
    die, made = Die(SEED), []
    for drawn in die.catalogue():
        assert (await rehearsal.done(drawn)).status == "applied"
    for _ in range(CASES):
        drawn = die.command()
        shown = shown_again = await rehearsal.shown(drawn)
        overtaken = die.happens(HASTE)
        if overtaken:
            await rehearsal.done(die.rival(drawn))
            shown_again = await rehearsal.shown(drawn)
        outcome = await rehearsal.done(drawn, shown.preview)
        if isinstance(drawn.command, UnassignModule) and outcome.status == "applied":
            die.unassigned.append((drawn.aggregate_id, outcome.operation_id))
        made.append(Case(drawn, shown, outcome, shown_again, overtaken))
    return made


async def test_what_was_shown_is_what_is_done(rehearsal: Rehearsal, cases: list[Case]) -> None:
    events = await rehearsal.recorded([case.outcome for case in cases])
    kept = [case for case in cases if case.shown_again == case.shown]
    for case in kept:
        shown, outcome = case.shown, case.outcome
        assert (outcome.status, outcome.result, outcome.refusal) == (shown.status, shown.result, shown.refusal), case
        recorded = events[outcome.operation_id]
        assert [(event.topic, msgspec.json.encode(event)) for event in recorded] == [
            (change.type, bytes(change.payload)) for change in shown.changes
        ]
        assert outcome.sequence == shown.sequence + len(recorded)
        if shown.preview is not None:
            assert decision_hash(recorded) == shown.preview.hash
    assert len(kept) >= CASES * 0.8


async def test_who_insists_on_what_was_shown_gets_that_or_hears_what_moved(
    rehearsal: Rehearsal, cases: list[Case]
) -> None:
    stale = [case for case in cases if case.outcome.refusal and case.outcome.refusal.code == "preview_stale"]
    for case in cases:
        same = hash_of(case.shown) == hash_of(case.shown_again)
        assert (case in stale) is (case.shown.preview is not None and not same), case
    for case in stale:
        told = await rehearsal.conflict_details.complete(case.outcome, Caller("ada", "super_admin"))
        assert told is not None
        used = told.extra["refusal"] and told.extra["refusal"]["code"] == "module_in_use"
        assert told.extra["events"] or used, (case, told)
        assert all(event.user_id == "ada" for event in told.extra["events"])
    assert len(stale) > CASES / 100


async def test_the_thousand_are_of_all_kinds_and_ends(cases: list[Case]) -> None:
    ends = Counter((type(case.drawn.command).__name__, case.outcome.status) for case in cases)
    kinds = {kind for kind, _ in ends}
    assert len(kinds) == 19
    rare = {(kind, status): ends[kind, status] for kind in kinds for status in ("applied", "rejected")}
    assert {end: count for end, count in rare.items() if not count} == {}
    assert sum(ends[kind, "unchanged"] for kind in kinds) > CASES / 50


def hash_of(preview: Preview) -> str | None:
    return preview.preview.hash if preview.preview else None
