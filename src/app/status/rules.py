"""Derive the system's status from facts. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec.structs import asdict, replace

from app.status.model import (
    Answered,
    CacheStatus,
    ConsumersStatus,
    DeadLettersStatus,
    DriftStatus,
    Facts,
    GroupStatus,
    OpenLetters,
    OperationsStatus,
    PostgresStatus,
    RelayStatus,
    ReplicasStatus,
    ReplicaStatus,
    ServerStatus,
    State,
    SystemStatus,
    TopicLag,
)
from app.status.replicas import CacheCounts, Observed, SeenReplica
from shared.postgres.outages import DISK_FULL, READ_ONLY

WORST_FIRST: Sequence[State] = ("down", "degraded", "unknown", "ok")
SILENT_SECONDS = 15.0
LATE_EVENT_SECONDS = 30.0
LATE_DECISION_SECONDS = 60.0
MANY_RECORDS = 10_000
NO_WRITES: Mapping[str, Literal["disk_full", "read_only"]] = {DISK_FULL: "disk_full", READ_ONLY: "read_only"}


def assess(facts: Facts) -> SystemStatus:
    running = [one for one in facts.replicas or () if one.silent_seconds <= SILENT_SECONDS]
    status = SystemStatus(
        state="ok",
        checked_at=facts.now,
        answered_by=facts.answered_by,
        postgres=postgres(facts),
        kafka=server(facts.kafka, [one.report.kafka for one in running]),
        redis=server(facts.redis, [one.report.redis for one in running]),
        relay=relay(facts),
        consumers=consumers(facts),
        dead_letters=dead_letters(facts),
        operations=operations(facts, running),
        cache=cache(facts, running),
        replicas=replicas(facts, running),
        module_types=drift(facts),
    )
    return replace(status, state=min((part.state for part in status.parts.values()), key=WORST_FIRST.index))


def postgres(facts: Facts) -> PostgresStatus:
    up, observed = facts.postgres is not None, facts.postgres_observed
    status = PostgresStatus(
        state="degraded" if up else "down",
        code="incomplete" if up else "unreachable",
        since=observed.since if observed is not None and observed.answers == up else None,
        **timing(facts.postgres),
    )
    if up and facts.writes_problem:
        return replace(status, code=NO_WRITES.get(facts.writes_problem, "files_unwritable"))
    if up and None not in (facts.waiting, facts.replicas, facts.registered):
        return replace(status, state="ok", code="answers")
    return status


def server(answered: Answered | None, seen: Sequence[Observed]) -> ServerStatus:
    """Return `down` when it does not answer here, `degraded` when only some replicas reach it.

    `since` is when the first replica lost it, or when the last one reached it again.
    """
    missing = [one.since for one in seen if not one.answers]
    reaching = [one.since for one in seen if one.answers]
    is_well = answered is not None and not missing
    since: datetime | None = max(reaching, default=None) if is_well else min(missing, default=None)
    status = ServerStatus(
        state="ok",
        code="answers",
        since=since,
        **timing(answered),
        replicas=len(seen),
        replicas_without=len(missing),
    )
    if answered is None:
        return replace(status, state="down", code="unreachable")
    return replace(status, state="degraded", code="partly_unreachable") if missing else status


def timing(answered: Answered | None) -> Mapping[str, Any]:
    if answered is None:
        return {"answer_ms": None, "version": None}
    return {"answer_ms": round(answered.milliseconds, 1), "version": answered.version}


def relay(facts: Facts) -> RelayStatus:
    waiting = facts.waiting
    if waiting is None:
        return RelayStatus(state="unknown", code="unknown")
    age = waiting.oldest_event_seconds
    is_late = age > LATE_EVENT_SECONDS
    return RelayStatus(
        state="degraded" if is_late or facts.leader is None else "ok",
        code="no_leader" if facts.leader is None else "late" if is_late else "publishing",
        since=facts.now - timedelta(seconds=age) if is_late else None,
        waiting=waiting.events,
        oldest_seconds=age,
        leader=facts.leader,
    )


def consumers(facts: Facts) -> ConsumersStatus:
    if facts.groups is None:
        return ConsumersStatus(state="unknown", code="unknown")
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
    status = ConsumersStatus(state="ok", code="behind" if lag else "caught_up", lag=lag, groups=groups)
    if not all(group.members for group in groups):
        return replace(status, state="degraded", code="group_without_members")
    return replace(status, state="degraded", code="far_behind") if lag >= MANY_RECORDS else status


def dead_letters(facts: Facts) -> DeadLettersStatus:
    if facts.waiting is None:
        return DeadLettersStatus(state="unknown", code="unknown")
    letters = OpenLetters(**facts.waiting.letters)
    if not any(asdict(letters).values()):
        return DeadLettersStatus(state="ok", code="none_open", open=letters)
    return DeadLettersStatus(state="degraded", code="keys_blocked" if letters.relay else "open", open=letters)


def operations(facts: Facts, running: Sequence[SeenReplica]) -> OperationsStatus:
    """Judge by the oldest: a long wait for a decision means that no replica decides."""
    requests = sum(one.report.waiting_requests for one in running) if facts.replicas is not None else None
    if facts.waiting is None:
        return OperationsStatus(state="unknown", code="unknown", waiting_requests=requests)
    pending, oldest = facts.waiting.pending, facts.waiting.oldest_pending_seconds
    is_late = oldest > LATE_DECISION_SECONDS
    return OperationsStatus(
        state="degraded" if is_late else "ok",
        code="late" if is_late else "pending" if pending else "none_pending",
        since=facts.now - timedelta(seconds=oldest) if is_late else None,
        pending=pending,
        oldest_pending_seconds=oldest,
        waiting_requests=requests,
    )


def cache(facts: Facts, running: Sequence[SeenReplica]) -> CacheStatus:
    if facts.replicas is None:
        return CacheStatus(state="unknown", code="unknown")
    counts = [one.report.cache for one in running]
    hits, misses, bypasses = (sum(getattr(each, name) for each in counts) for name in CacheCounts.__struct_fields__)
    reads = hits + misses + bypasses
    return CacheStatus(
        state="ok",
        code="measured" if reads else "not_read",
        since=min((one.started_at for one in running), default=None),
        hit_ratio=hits / reads if reads else None,
        hits=hits,
        misses=misses,
        bypasses=bypasses,
    )


def replicas(facts: Facts, running: Sequence[SeenReplica]) -> ReplicasStatus:
    if facts.replicas is None:
        return ReplicasStatus(state="unknown", code="unknown")
    items = [
        ReplicaStatus(
            one.name,
            one.role,
            one.version,
            "running" if one in running else "silent",
            one.started_at,
            one.seen_at,
            one.report.kafka.answers,
            one.report.redis.answers,
        )
        for one in facts.replicas
    ]
    if all(one.role == "api" for one in running):
        return ReplicasStatus(state="degraded", code="no_consumer", items=items)
    if len(running) < len(items):
        return ReplicasStatus(state="degraded", code="some_silent", items=items)
    return ReplicasStatus(state="ok", code="running", items=items)


def drift(facts: Facts) -> DriftStatus:
    """Return `ok` also for differences: nothing validates with the enum."""
    if facts.registered is None:
        return DriftStatus(state="unknown", code="unknown")
    unlisted = sorted(set(facts.registered) - set(facts.enumerated))
    unregistered = sorted(set(facts.enumerated) - set(facts.registered))
    code: Literal["same", "different"] = "different" if unlisted or unregistered else "same"
    return DriftStatus(state="ok", code=code, unlisted=unlisted, unregistered=unregistered)
