"""The sentences of `modplane status`."""

from typing import Any, get_args, get_type_hints

import pytest
from msgspec.structs import replace

from app.cli.status import SENTENCES, STILL_WORKS, counted, lines, seconds, sentences_of
from app.status.model import Facts, Part, SystemStatus
from app.status.rules import assess
from tests.app.status.test_rules import GROUP, LOST, WAITING, WELL, seen


def last_line(facts: Facts) -> str:
    return list(lines(assess(facts)))[-1]


def test_a_system_all_is_well_with_says_so() -> None:
    assert last_line(WELL) == "ok: All is well."
    assert sentences_of(assess(WELL))["cache"] == "On 1 replica since they started, 75.0% of 4 reads were hits."


def test_whatever_is_not_well_says_what_still_works_and_is_told_in_the_last_line() -> None:
    facts = replace(WELL, redis=None, waiting=replace(WAITING, letters={"relay": 1, "event": 2}))
    status = assess(facts)
    sentences = sentences_of(status)
    assert last_line(facts) == f"down: {sentences['redis']} {sentences['dead_letters']}"
    assert sentences["dead_letters"] == "Dead letters to decide on: 2 events, 1 unpublished event."
    assert sum(line.startswith("  Still works: ") for line in lines(status)) == 2


def test_every_code_of_every_part_has_a_sentence() -> None:
    for name, hint in get_type_hints(SystemStatus).items():
        if isinstance(hint, type) and issubclass(hint, Part):
            codes = set(get_args(get_type_hints(hint)["code"]))
            assert (name, set(SENTENCES[name])) == (name, codes)
            assert STILL_WORKS.get(name, {}).keys() <= codes


@pytest.mark.parametrize(
    ("changed", "part", "sentence"),
    [
        ({"kafka": None}, "kafka", "Kafka does not answer: writes are decided without it, 0 events waiting."),
        (
            {"replicas": [seen(), seen("two", kafka=LOST)]},
            "kafka",
            "1 of 2 replicas cannot reach Kafka, 0 events waiting.",
        ),
        (
            {"waiting": replace(WAITING, events=5, oldest_event_seconds=31.0)},
            "relay",
            "one takes events to Kafka: 5 events waiting, the oldest for 31 s.",
        ),
        ({"leader": None}, "relay", "Nobody takes events to Kafka: no event waits."),
        (
            {"groups": [replace(GROUP, members=0, lag={"a": 1})]},
            "consumers",
            "Nobody consumes modplane.registry.commands: 1 record behind.",
        ),
        (
            {"waiting": replace(WAITING, pending=1, oldest_pending_seconds=300.0)},
            "operations",
            "1 operation undecided, the oldest for 5 min.",
        ),
        (
            {"replicas": [seen(), seen("two", silent=16.0)]},
            "replicas",
            "1 replica running; not heard of any more: two.",
        ),
        ({"registered": ["hr"]}, "module_types", "The enum lacks 1 registered module and has 1 others."),
    ],
)
def test_a_sentence_has_the_numbers_of_its_part(changed: dict[str, Any], part: str, sentence: str) -> None:
    assert sentences_of(assess(replace(WELL, **changed)))[part] == sentence


@pytest.mark.parametrize(("number", "words"), [(0.26, "0.3 s"), (12.4, "12 s"), (300, "5 min"), (9000, "2 h")])
def test_durations_are_told_in_their_own_unit(number: float, words: str) -> None:
    assert seconds(number) == words


def test_a_count_that_ended_says_or_more() -> None:
    assert [counted(number, "event") for number in (1, 2, 100_000)] == ["1 event", "2 events", "100,000 events or more"]
