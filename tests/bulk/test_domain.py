"""What a bulk operation is, without any part of the world."""

from typing import Any
from uuid import UUID

import pytest

from bulk.domain import (
    SAMPLES,
    Assign,
    BulkOperation,
    BulkOperationEnded,
    BulkOperationUnderWay,
    CommandTooLarge,
    DryRunOutcome,
    Item,
    NotOneSelection,
    OrganizationFilter,
    Selection,
    Status,
    Summary,
    item_operation_id,
    require_cancellable,
    require_ended,
    require_one_selection,
    require_small,
)
from shared.errors import Refusal
from tests.fakes import NOON

BULK = UUID(int=1)


def bulk(status: Status) -> BulkOperation:
    return BulkOperation(BULK, Assign("m_1"), Selection(None, OrganizationFilter()), "ada", NOON, None, status, None)


def refused(organization_id: str, code: str) -> DryRunOutcome:
    return DryRunOutcome(organization_id, "rejected", Refusal("conflict", code, f"{code} of {organization_id}"))


def test_an_item_is_asked_under_one_operation_id_and_a_retry_under_another() -> None:
    first = item_operation_id(BULK, Item("o-1", 1))
    assert first == item_operation_id(BULK, Item("o-1", 1))
    others = {
        item_operation_id(BULK, Item("o-1", 2)),
        item_operation_id(BULK, Item("o-2", 1)),
        item_operation_id(UUID(int=2), Item("o-1", 1)),
    }
    assert len(others | {first}) == 4


@pytest.mark.parametrize("selection", [Selection(), Selection([UUID(int=3)], OrganizationFilter())])
def test_ids_or_a_filter_select_and_not_both_nor_neither(selection: Selection) -> None:
    with pytest.raises(NotOneSelection):
        require_one_selection(selection)


@pytest.mark.parametrize("selection", [Selection([UUID(int=3)]), Selection(None, OrganizationFilter())])
def test_one_selection_is_enough(selection: Selection) -> None:
    require_one_selection(selection)


def test_a_command_too_large_to_be_sent_to_many_is_refused() -> None:
    config: dict[str, Any] = {"text": "x" * 100_000}
    with pytest.raises(CommandTooLarge):
        require_small(Assign("m_1", config))


@pytest.mark.parametrize("status", ["selecting", "running", "cancelling"])
def test_what_is_under_way_can_be_cancelled_and_not_retried(status: Status) -> None:
    require_cancellable(bulk(status))
    with pytest.raises(BulkOperationUnderWay):
        require_ended(bulk(status))


@pytest.mark.parametrize("status", ["finished", "cancelled"])
def test_what_has_ended_can_be_retried_and_not_cancelled(status: Status) -> None:
    require_ended(bulk(status))
    with pytest.raises(BulkOperationEnded):
        require_cancellable(bulk(status))


def test_a_tally_counts_everything_and_keeps_a_few_samples() -> None:
    tally = Summary()
    for number in range(20):
        tally.add(DryRunOutcome(f"c-{number}", "applied", None))
    tally.add(DryRunOutcome("u-1", "unchanged", None))
    foreseen = tally.result(complete=True)
    assert (foreseen.examined, foreseen.would_change, foreseen.unchanged, foreseen.refused) == (21, 20, 1, 0)
    assert foreseen.would_change_sample == [f"c-{number}" for number in range(SAMPLES)]
    assert foreseen.unchanged_sample == ["u-1"]


def test_a_tally_groups_refusals_by_reason_the_most_frequent_first() -> None:
    tally = Summary()
    for number in range(3):
        tally.add(refused(f"s-{number}", "organization_suspended"))
    tally.add(refused("d-1", "config_differs"))
    foreseen = tally.result(complete=False)
    assert [(one.code, one.count) for one in foreseen.refusals] == [
        ("organization_suspended", 3),
        ("config_differs", 1),
    ]
    assert foreseen.refusals[0].organization_ids == ["s-0", "s-1", "s-2"]
    assert not foreseen.complete


def test_a_tally_of_many_reasons_stays_small() -> None:
    tally = Summary()
    for number in range(1000):
        tally.add(refused(f"o-{number}", f"reason_{number}"))
    foreseen = tally.result(complete=True)
    assert foreseen.refused == 1000
    assert len(foreseen.refusals) == Summary.MAX_REASONS
