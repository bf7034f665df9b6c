"""How the servers and the replicas are, in words. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.status.model import (
    UNREAD,
    Answered,
    CacheStatus,
    DriftStatus,
    Facts,
    ReplicasStatus,
    ReplicaStatus,
    ServerStatus,
    State,
    counted,
)
from app.status.replicas import CacheCounts, Observed, SeenReplica

WITHOUT_POSTGRES = (
    "Cached reads are served. Writes, sign-ins and other reads are answered 503 until it is back; nothing that was "
    "acknowledged is lost."
)
WITHOUT_WRITES = (
    "Reads. Writes and sign-ins are answered 503 until the database takes them again; nothing that was acknowledged is "
    "lost."
)
WITHOUT_KAFKA = (
    "Reads and writes. Replicas that cannot reach it decide commands themselves; events wait, and follow in order."
)
WITHOUT_REDIS = "Everything, more slowly: reads come from PostgreSQL. Requests are not limited by their rate."


POSTGRES: Mapping[State, str] = {
    "ok": "PostgreSQL answers.",
    "degraded": "PostgreSQL answers, but not all questions: it is too slow, or its schema is old (`modplane migrate`).",
    "down": "PostgreSQL does not answer.",
}


def postgres(facts: Facts) -> ServerStatus:
    """Without it nothing can be told of most other parts."""
    up, observed = facts.postgres is not None, facts.postgres_observed
    tells = None not in (facts.waiting, facts.replicas, facts.registered)
    no_writes = up and bool(facts.writes_problem)
    state: State = "down" if not up else "ok" if tells and not no_writes else "degraded"
    return ServerStatus(
        state=state,
        words=f"PostgreSQL takes no writes: {facts.writes_problem}." if no_writes else POSTGRES[state],
        since=observed.since if observed is not None and observed.answers == up else None,
        still_works=WITHOUT_WRITES if no_writes else None if up else WITHOUT_POSTGRES,
        answer_ms=milliseconds(facts.postgres),
        version=version_of(facts.postgres),
    )


def kafka(facts: Facts, running: Sequence[SeenReplica]) -> ServerStatus:
    """Down when it does not answer here, degraded when only some replicas reach it."""
    seen = [one.report.kafka for one in running]
    state, since = seen_by_all(seen, up=facts.kafka is not None)
    waiting = "" if facts.waiting is None else f", {counted(facts.waiting.events, 'event')} waiting"
    words: Mapping[State, str] = {
        "ok": "Kafka answers.",
        "degraded": f"{sum(not one.answers for one in seen)} of {len(seen)} replicas cannot reach Kafka{waiting}.",
        "down": f"Kafka does not answer: writes are decided without it{waiting}.",
    }
    return ServerStatus(
        state=state,
        words=words[state],
        since=since,
        still_works=None if state == "ok" else WITHOUT_KAFKA,
        answer_ms=milliseconds(facts.kafka),
        version=version_of(facts.kafka),
    )


def redis(facts: Facts, running: Sequence[SeenReplica]) -> ServerStatus:
    """As `kafka`."""
    seen = [one.report.redis for one in running]
    state, since = seen_by_all(seen, up=facts.redis is not None)
    words: Mapping[State, str] = {
        "ok": "Redis answers.",
        "degraded": f"{sum(not one.answers for one in seen)} of {len(seen)} replicas go past Redis.",
        "down": "Redis does not answer: reads come from PostgreSQL.",
    }
    return ServerStatus(
        state=state,
        words=words[state],
        since=since,
        still_works=None if state == "ok" else WITHOUT_REDIS,
        answer_ms=milliseconds(facts.redis),
        version=version_of(facts.redis),
    )


def milliseconds(answered: Answered | None) -> float | None:
    """To a tenth."""
    return None if answered is None else round(answered.milliseconds, 1)


def version_of(answered: Answered | None) -> str | None:
    """None where nothing answered, or it does not tell."""
    return None if answered is None else answered.version


def seen_by_all(seen: Sequence[Observed], *, up: bool) -> tuple[State, datetime | None]:
    """How a part is for all who look at it, and since when: the first who missed it, the last who found it again."""
    missing = [one.since for one in seen if not one.answers]
    found = [one.since for one in seen if one.answers]
    if up and not missing:
        return "ok", max(found, default=None)
    return "degraded" if up else "down", min(missing, default=None)


def cache(facts: Facts, running: Sequence[SeenReplica]) -> CacheStatus:
    """Of what was read through the cache, how much was there."""
    if facts.replicas is None:
        return CacheStatus(**UNREAD, hit_ratio=None, hits=None, misses=None, bypasses=None)
    counts = [one.report.cache for one in running]
    hits, misses, bypasses = (sum(getattr(each, name) for each in counts) for name in CacheCounts.__struct_fields__)
    reads = hits + misses + bypasses
    ratio = hits / reads if reads else None
    share = "nothing was read through the cache" if ratio is None else f"{ratio:.1%} of {reads:,} reads were hits"
    return CacheStatus(
        state="ok",
        words=f"On {counted(len(running), 'replica')} since they started, {share}.",
        since=min((one.started_at for one in running), default=None),
        still_works=None,
        hit_ratio=ratio,
        hits=hits,
        misses=misses,
        bypasses=bypasses,
    )


def replicas(facts: Facts, running: Sequence[SeenReplica]) -> ReplicasStatus:
    """Somebody must serve, and somebody must consume."""
    if facts.replicas is None:
        return ReplicasStatus(**UNREAD, items=())
    names = {one.name for one in running}
    silent = [one.name for one in facts.replicas if one.name not in names]
    consuming = any(one.role != "api" for one in running)
    words = f"{counted(len(running), 'replica')} running"
    words += f"; not heard of any more: {', '.join(silent)}" if silent else ""
    return ReplicasStatus(
        state="ok" if consuming and not silent else "degraded",
        words=words + ("." if consuming else "; none of them consumes."),
        since=None,
        still_works=None if consuming else "Reads. Commands wait in Kafka until a worker runs.",
        items=[
            ReplicaStatus(
                one.name,
                one.role,
                one.version,
                "running" if one.name in names else "silent",
                one.started_at,
                one.seen_at,
                one.report.kafka.answers,
                one.report.redis.answers,
            )
            for one in facts.replicas
        ],
    )


def drift(facts: Facts) -> DriftStatus:
    """Never more than a note: nothing validates with the enum."""
    if facts.registered is None:
        return DriftStatus(**UNREAD, unlisted=(), unregistered=())
    unlisted = sorted(set(facts.registered) - set(facts.enumerated))
    unregistered = sorted(set(facts.enumerated) - set(facts.registered))
    return DriftStatus(
        state="ok",
        words=f"The enum lacks {counted(len(unlisted), 'registered module')} and has {len(unregistered)} others.",
        since=None,
        still_works=None,
        unlisted=unlisted,
        unregistered=unregistered,
    )
