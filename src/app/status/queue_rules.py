"""What waits, and what was set aside, in words. Pure."""

from collections.abc import Sequence
from datetime import timedelta

from app.status.model import (
    UNREAD,
    ConsumersStatus,
    DeadLettersStatus,
    Facts,
    GroupStatus,
    OpenLetters,
    OperationsStatus,
    RelayStatus,
    TopicLag,
    counted,
    seconds,
)
from app.status.replicas import SeenReplica

LATE_EVENT_SECONDS = 30.0
LATE_DECISION_SECONDS = 60.0
MANY_RECORDS = 10_000
LETTERS = {"command": "command", "event": "event", "relay": "unpublished event"}
"""What was set aside, by its kind."""


def relay(facts: Facts) -> RelayStatus:
    """Nobody leads, or events have been waiting for long: consumers of events are behind."""
    waiting = facts.waiting
    if waiting is None:
        return RelayStatus(**UNREAD, waiting=None, oldest_seconds=None, leader=None)
    late = waiting.oldest_event_seconds > LATE_EVENT_SECONDS
    queue = (
        f"{counted(waiting.events, 'event')} waiting, the oldest for {seconds(waiting.oldest_event_seconds)}"
        if waiting.events
        else "no event waits"
    )
    words = f"{facts.leader or 'Nobody'} takes events to Kafka: {queue}."
    fine = facts.leader is not None and not late
    return RelayStatus(
        state="ok" if fine else "degraded",
        words=words,
        since=facts.now - timedelta(seconds=waiting.oldest_event_seconds) if late else None,
        still_works=None if fine else "Reads and writes. Consumers of events see them later, and in order.",
        waiting=waiting.events,
        oldest_seconds=waiting.oldest_event_seconds,
        leader=facts.leader,
    )


def consumers(facts: Facts) -> ConsumersStatus:
    """A group without members, or far behind."""
    if facts.groups is None:
        return ConsumersStatus(
            state="unknown",
            words="Kafka does not answer, so nobody knows.",
            since=None,
            still_works=None,
            lag=None,
            groups=(),
        )
    groups = [
        GroupStatus(
            group.name,
            group.members,
            sum(group.lag.values()),
            [TopicLag(topic, lag) for topic, lag in sorted(group.lag.items())],
        )
        for group in facts.groups
    ]
    lag = sum(group.lag for group in groups)
    deserted = [group.group for group in groups if not group.members]
    words = f"{counted(lag, 'record')} behind." if lag else "All caught up."
    if deserted:
        words = f"Nobody consumes {', '.join(deserted)}: {words[0].lower()}{words[1:]}"
    fine = not deserted and lag < MANY_RECORDS
    return ConsumersStatus(
        state="ok" if fine else "degraded",
        words=words,
        since=None,
        still_works=None if fine else "Reads. Commands wait in Kafka and are answered 202 meanwhile; none is lost.",
        lag=lag,
        groups=groups,
    )


def dead_letters(facts: Facts) -> DeadLettersStatus:
    """Each is something that did not happen; those of the relay hold others up."""
    if facts.waiting is None:
        return DeadLettersStatus(**UNREAD, open=None)
    letters = OpenLetters(**{kind: facts.waiting.letters.get(kind, 0) for kind in ("command", "event", "relay")})
    named = [counted(number, LETTERS[kind]) for kind, number in facts.waiting.letters.items() if number]
    return DeadLettersStatus(
        state="degraded" if named else "ok",
        words=f"Dead letters to decide on: {', '.join(named)}." if named else "No dead letter is open.",
        since=None,
        still_works=still_works_beside(letters),
        open=letters,
    )


def still_works_beside(letters: OpenLetters) -> str | None:
    """What open letters leave untouched."""
    if letters.relay:
        return "Everything but the events of the blocked keys, which wait until their letters are retried or dropped."
    return "Everything else; what was set aside did not happen." if letters.command or letters.event else None


def operations(facts: Facts, running: Sequence[SeenReplica]) -> OperationsStatus:
    """Long waits for a decision mean that nobody decides."""
    requests = sum(one.report.waiting_requests for one in running) if facts.replicas is not None else None
    if facts.waiting is None:
        return OperationsStatus(**UNREAD, pending=None, oldest_pending_seconds=None, waiting_requests=requests)
    pending, oldest = facts.waiting.pending, facts.waiting.oldest_pending_seconds
    late = oldest > LATE_DECISION_SECONDS
    return OperationsStatus(
        state="degraded" if late else "ok",
        words=f"{counted(pending, 'operation')} undecided, the oldest for {seconds(oldest)}."
        if pending
        else "No operation waits for its decision.",
        since=facts.now - timedelta(seconds=oldest) if late else None,
        still_works="Reads. The operations' addresses answer; their commands are decided as soon as somebody consumes."
        if late
        else None,
        pending=pending,
        oldest_pending_seconds=oldest,
        waiting_requests=requests,
    )
