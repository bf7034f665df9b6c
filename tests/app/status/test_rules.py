"""From facts to the document: which of them make the system degraded, down or unknown."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from app.status.gauges import Waiting
from app.status.model import Answered, Facts
from app.status.replicas import CacheCounts, Observed, Report, SeenReplica
from app.status.rules import assess
from shared.kafka.groups import GroupLag
from shared.postgres.outages import DISK_FULL, NO_FILES, READ_ONLY
from tests.fakes import NOON

WAITING = Waiting(0, 0.0, 0, 0.0, {"command": 0, "event": 0, "relay": 0})
COMMANDS = "modplane.registry.commands"
GROUP = GroupLag(COMMANDS, 1, {"tenant.commands.registry": 0})


def seen(name: str = "one", *, role: Any = "all", silent: float = 2.0, **report: Any) -> SeenReplica:
    """A replica all is well with, but for what is said."""
    well: dict[str, Any] = {
        "kafka": Observed(answers=True, since=NOON),
        "redis": Observed(answers=True, since=NOON),
        "cache": CacheCounts(3, 1, 0),
        "waiting_requests": 2,
    }
    return SeenReplica(name, role, "1.0", NOON, Report(**(well | report)), NOON, silent)


WELL = Facts(
    now=NOON,
    answered_by="one",
    postgres=Answered(1.04, "18.4"),
    postgres_observed=Observed(answers=True, since=NOON),
    writes_problem="",
    redis=Answered(0.5, "7.2"),
    kafka=Answered(2.0, None),
    waiting=WAITING,
    leader="one",
    groups=[GROUP],
    replicas=[seen()],
    registered=["crm"],
    enumerated=["crm"],
)
LOST = Observed(answers=False, since=NOON - timedelta(minutes=3))


def states(facts: Facts) -> dict[str, str]:
    """The parts that are not ok, with their states; the whole's own under `all`."""
    status = assess(facts)
    found = {name: str(part.state) for name, part in status.parts.items()}
    return {name: state for name, state in {"all": str(status.state), **found}.items() if state != "ok"}


def test_a_system_all_is_well_with_is_ok() -> None:
    status = assess(WELL)
    assert states(WELL) == {}
    assert (status.postgres.answer_ms, status.postgres.version) == (1.0, "18.4")
    assert (status.kafka.answer_ms, status.kafka.version) == (2.0, None)
    assert (status.relay.waiting, status.relay.leader, status.consumers.lag) == (0, "one", 0)
    assert (status.cache.hit_ratio, status.operations.waiting_requests) == (0.75, 2)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"redis": None}, {"redis": "down"}),
        ({"replicas": [seen(redis=LOST)]}, {"redis": "degraded"}),
        ({"kafka": None, "groups": None}, {"kafka": "down", "consumers": "unknown"}),
        ({"replicas": [seen(), seen("two", kafka=LOST)]}, {"kafka": "degraded"}),
        (
            {"waiting": None},
            dict.fromkeys(("relay", "dead_letters", "operations"), "unknown") | {"postgres": "degraded"},
        ),
        ({"leader": None}, {"relay": "degraded"}),
        ({"waiting": replace(WAITING, events=5, oldest_event_seconds=31.0)}, {"relay": "degraded"}),
        ({"waiting": replace(WAITING, events=5, oldest_event_seconds=29.0)}, {}),
        ({"waiting": replace(WAITING, pending=1, oldest_pending_seconds=61.0)}, {"operations": "degraded"}),
        ({"waiting": replace(WAITING, letters={"relay": 1})}, {"dead_letters": "degraded"}),
        ({"groups": [replace(GROUP, members=0)]}, {"consumers": "degraded"}),
        ({"groups": [replace(GROUP, lag={"a": 6_000, "b": 4_000})]}, {"consumers": "degraded"}),
        ({"groups": [replace(GROUP, lag={"a": 6_000, "b": 3_999})]}, {}),
        ({"replicas": [seen(), seen("two", silent=16.0)]}, {"replicas": "degraded"}),
        ({"replicas": [seen(role="api")]}, {"replicas": "degraded"}),
        ({"replicas": [seen(role="api"), seen("two", role="worker")]}, {}),
        ({"registered": ["hr"]}, {}),
    ],
)
def test_each_thing_that_is_not_well_shows_in_its_part_alone(changed: dict[str, Any], expected: dict[str, str]) -> None:
    found = states(replace(WELL, **changed))
    worst = found.pop("all", None)
    assert found == expected
    assert worst == ("down" if "down" in expected.values() else "degraded" if expected else None)


def test_without_postgres_the_rest_is_unknown_and_what_was_seen_elsewhere_is_assess() -> None:
    facts = replace(
        WELL, postgres=None, postgres_observed=LOST, waiting=None, leader=None, replicas=None, registered=None
    )
    untold = ("relay", "dead_letters", "operations", "cache", "replicas", "module_types")
    assert states(facts) == {"all": "down", "postgres": "down", **dict.fromkeys(untold, "unknown")}
    assert assess(facts).postgres.since == LOST.since


def test_since_is_the_first_who_missed_a_part_and_the_last_who_found_it_again() -> None:
    later = Observed(answers=True, since=NOON + timedelta(seconds=9))
    assert assess(replace(WELL, replicas=[seen(), seen("two", kafka=later)])).kafka.since == later.since
    assert assess(replace(WELL, replicas=[seen(), seen("two", kafka=LOST)])).kafka.since == LOST.since


def test_those_heard_of_no_more_count_in_nothing_but_the_list() -> None:
    status = assess(
        replace(WELL, replicas=[seen(), seen("two", silent=900.0, kafka=LOST, cache=CacheCounts(0, 100, 0))])
    )
    assert (status.kafka.state, status.cache.hits, status.cache.misses) == ("ok", 3, 1)
    assert [(one.name, one.state) for one in status.replicas.items] == [("one", "running"), ("two", "silent")]


def test_the_drift_of_the_enum_is_a_note() -> None:
    drift = assess(replace(WELL, registered=["crm", "hr"], enumerated=["crm", "oven"])).module_types
    assert (drift.state, drift.unlisted, drift.unregistered) == ("ok", ["hr"], ["oven"])


@pytest.mark.parametrize(
    ("changed", "part", "code"),
    [
        ({"waiting": None}, "postgres", "incomplete"),
        ({"writes_problem": DISK_FULL}, "postgres", "disk_full"),
        ({"writes_problem": READ_ONLY}, "postgres", "read_only"),
        ({"writes_problem": NO_FILES}, "postgres", "files_unwritable"),
        ({"postgres": None, "writes_problem": DISK_FULL}, "postgres", "unreachable"),
        ({"redis": None}, "redis", "unreachable"),
        ({"replicas": [seen(redis=LOST)]}, "redis", "partly_unreachable"),
        ({"leader": None}, "relay", "no_leader"),
        ({"waiting": replace(WAITING, events=5, oldest_event_seconds=31.0)}, "relay", "late"),
        ({"groups": [replace(GROUP, lag={"a": 1})]}, "consumers", "behind"),
        ({"groups": [replace(GROUP, lag={"a": 10_000})]}, "consumers", "far_behind"),
        ({"groups": [replace(GROUP, members=0)]}, "consumers", "group_without_members"),
        ({"waiting": replace(WAITING, letters={"event": 2})}, "dead_letters", "open"),
        ({"waiting": replace(WAITING, letters={"event": 2, "relay": 1})}, "dead_letters", "keys_blocked"),
        ({"waiting": replace(WAITING, pending=1, oldest_pending_seconds=1.0)}, "operations", "pending"),
        ({"waiting": replace(WAITING, pending=1, oldest_pending_seconds=61.0)}, "operations", "late"),
        ({"replicas": [seen(cache=CacheCounts())]}, "cache", "not_read"),
        ({"replicas": [seen(role="api")]}, "replicas", "no_consumer"),
        ({"replicas": [seen(), seen("two", silent=16.0)]}, "replicas", "some_silent"),
        ({"registered": ["hr"]}, "module_types", "different"),
    ],
)
def test_a_code_says_why_a_part_is_in_its_state(changed: dict[str, Any], part: str, code: str) -> None:
    assert assess(replace(WELL, **changed)).parts[part].code == code


def test_the_replicas_that_do_not_reach_a_server_are_counted() -> None:
    kafka = assess(replace(WELL, replicas=[seen(), seen("two", kafka=LOST)])).kafka
    assert (kafka.replicas, kafka.replicas_without) == (2, 1)
