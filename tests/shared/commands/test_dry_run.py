"""Dry runs, and commands that are bound to what one showed."""

from dataclasses import replace
from typing import Any, ClassVar
from uuid import uuid4

import msgspec
import pytest

from shared.commands.decision import decision_hash
from shared.commands.dry_run import DryRunner, Preview, preview_body, token_of
from shared.errors import Unavailable
from shared.messages import Decision, Difference, Event, Outcome
from tests.shared.toy import Add, Added, Negative, Total, ToyWorld, work


def fill(state: Total, _: Any, command: Add) -> Decision:
    """Adds what is missing of the amount; refused when there is more already."""
    if state.total > command.amount:
        raise Negative("Nothing can be taken away.")
    missing = command.amount - state.total
    return Decision([Added(missing)] if missing else [], Total(command.amount))


@pytest.fixture
def world() -> ToyWorld:
    world = ToyWorld()
    world.decider = replace(world.decider, decide=fill, depends_on=lambda *_: ["weather:today"])
    return world


async def preview(world: ToyWorld, amount: int, id_: str = "a", **fields: Any) -> Preview:
    shown, _ = await DryRunner([world.decider], world, world, world.clock).preview("toy", work(amount, id_, **fields))
    return shown


async def commit(world: ToyWorld, amount: int, **fields: Any) -> Outcome:
    (outcome,) = await world.processor().process([work(amount, **fields)])
    return outcome


async def test_a_dry_run_tells_what_would_be_done_and_does_nothing(world: ToyWorld) -> None:
    await commit(world, 2)
    shown = await preview(world, 5)
    assert (shown.status, shown.sequence, shown.result) == ("applied", 1, msgspec.Raw(b'{"total":5}'))
    (change,) = shown.changes
    assert (change.type, bytes(change.payload)) == ("toy.added", b'{"amount":3,"text":""}')
    assert change.differences == [Difference("total", "changed", 2, 5)]
    assert (world.total("a"), len(world.events), len(world.operations)) == (2, 1, 1)
    assert world.invalidation.stale == ["gen:toy:a"]


async def test_what_would_change_nothing_or_be_refused_says_so(world: ToyWorld) -> None:
    await commit(world, 2)
    unchanged, refused = await preview(world, 2), await preview(world, 1)
    assert (unchanged.status, unchanged.changes) == ("unchanged", [])
    assert refused.status == "rejected"
    assert refused.refusal == Negative("Nothing can be taken away.").refusal()
    assert (refused.preview, refused.changes) == (None, ())


async def test_many_are_tried_in_one_snapshot_each_as_if_it_were_alone(world: ToyWorld) -> None:
    await commit(world, 2)
    previews, before = DryRunner([world.decider], world, world, world.clock), world.transactions
    async with previews.snapshot("toy") as moment:
        pages = [await moment.preview([work(5), work(5), work(1)]), await moment.preview([work(7, "b")])]
    assert [[shown.status for shown in page] for page in pages] == [["applied", "applied", "rejected"], ["applied"]]
    assert world.transactions == before + 1


async def test_a_dry_run_may_assume_other_facts(world: ToyWorld) -> None:
    world.decider = replace(world.decider, decide=lambda _, facts, __: Decision([Added(facts)]))
    async with DryRunner([world.decider], world, world, world.clock).snapshot("toy") as moment:
        (shown,) = await moment.preview([work(0)], assuming=lambda _: 7)
    assert bytes(shown.changes[0].payload) == b'{"amount":7,"text":""}'


async def test_if_match_holds_for_a_dry_run_too(world: ToyWorld) -> None:
    await commit(world, 2)
    assert (await preview(world, 5, expected_sequence=1)).status == "applied"
    late = await preview(world, 5, expected_sequence=0)
    assert late.refusal is not None
    assert late.refusal.code == "precondition_failed"


async def test_without_a_database_there_is_no_dry_run(world: ToyWorld) -> None:
    world.away = True
    with pytest.raises(Unavailable):
        await preview(world, 1)


async def test_a_command_does_what_its_preview_showed(world: ToyWorld) -> None:
    shown = await preview(world, 5)
    outcome = await commit(world, 5, preview=shown.preview)
    assert (outcome.status, outcome.result) == (shown.status, shown.result)
    assert [event.payload for event in world.events] == [change.payload for change in shown.changes]


async def test_a_command_that_would_do_anything_else_by_now_is_refused(world: ToyWorld) -> None:
    shown = await preview(world, 5)
    await commit(world, 1)
    outcome = await commit(world, 5, preview=shown.preview)
    assert (outcome.status, world.total("a")) == ("rejected", 1)
    assert outcome.refusal is not None
    assert (outcome.refusal.kind, outcome.refusal.code) == ("precondition_failed", "preview_stale")
    assert outcome.refusal.extra == {
        "sequence": 1,
        "expected": 0,
        "stream": "toy:a",
        "position": 0,
        "streams": ["weather:today"],
        "refusal": None,
    }


async def test_a_command_that_would_be_refused_by_now_is_refused_with_the_reason(world: ToyWorld) -> None:
    shown = await preview(world, 5)
    await commit(world, 9)
    outcome = await commit(world, 5, preview=shown.preview)
    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.extra["refusal"]["code"]) == ("preview_stale", "negative")


async def test_a_state_that_moved_is_no_matter_while_the_decision_is_the_same(world: ToyWorld) -> None:
    world.decider = replace(world.decider, decide=lambda _, __, command: Decision([Added(command.amount)]))
    shown = await preview(world, 5)
    await commit(world, 1)
    assert (await commit(world, 5, preview=shown.preview)).status == "applied"
    assert world.total("a") == 6


async def test_a_preview_is_good_for_its_own_command_alone(world: ToyWorld) -> None:
    shown = await preview(world, 5)
    assert (await commit(world, 6, preview=shown.preview)).status == "rejected"


async def test_a_dry_run_can_tell_whether_a_preview_still_holds(world: ToyWorld) -> None:
    shown = await preview(world, 5)
    assert (await preview(world, 5, preview=shown.preview)).preview == shown.preview
    await commit(world, 1)
    stale = await preview(world, 5, preview=shown.preview)
    assert stale.refusal is not None
    assert stale.refusal.code == "preview_stale"


async def test_a_batch_decides_each_previewed_command_at_its_place(world: ToyWorld) -> None:
    shown = (await preview(world, 5)).preview
    outcomes = await world.processor().process([work(5, preview=shown), work(5, preview=shown)])
    assert sorted(outcome.status for outcome in outcomes) == ["applied", "rejected"]


class Born(Event, frozen=True):
    topic: ClassVar[str] = "toy.born"
    incidental: ClassVar[tuple[str, ...]] = ("id",)
    id: str
    config: dict[str, Any]


def test_decisions_differ_by_what_they_change_and_not_by_what_is_incidental() -> None:
    one = decision_hash([Born(str(uuid4()), {"a": 1, "b": 2})])
    assert one == decision_hash([Born(str(uuid4()), {"b": 2, "a": 1})])
    others: list[list[Event]] = [
        [Born("", {"a": True, "b": 2})],
        [Born("", {"a": 1, "b": 2}), Added(1)],
        [],
        [Added(1)],
        [Added(2)],
    ]
    assert len({one, *map(decision_hash, others)}) == 6


async def test_the_answer_has_the_results_own_fields(world: ToyWorld) -> None:
    shown = await preview(world, 5)
    assert shown.preview is not None
    body = preview_body(shown, Total(3))
    assert list(body) == ["dry_run", "status", "sequence", "preview", "total", "changes", "impact"]
    assert (body["preview"], body["impact"]) == (token_of(shown.preview), Total(3))
    assert token_of(shown.preview) == f"0.0.{decision_hash([Added(5)])}"
