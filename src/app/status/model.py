"""How the system is, as one document for people and programs: its form, and the facts it is made from."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict

from msgspec import Struct

from app.status.queues import Waiting
from app.status.replicas import Observed, SeenReplica
from shared.kafka.groups import GroupLag

State = Literal["ok", "degraded", "down", "unknown"]


class Answered(Struct, frozen=True):
    """A server that answered; its version where it tells one."""

    milliseconds: float
    version: str | None


class Facts(Struct, frozen=True, kw_only=True):
    """What was found out. None: it could not be."""

    now: datetime
    answered_by: str
    postgres: Answered | None
    postgres_observed: Observed | None
    writes_problem: str
    redis: Answered | None
    kafka: Answered | None
    waiting: Waiting | None
    leader: str | None
    groups: Sequence[GroupLag] | None
    replicas: Sequence[SeenReplica] | None
    registered: Sequence[str] | None
    enumerated: Sequence[str]


class Part(Struct, frozen=True, kw_only=True):
    """A part in words. `since`: when that began, null where nobody saw it. `still_works`: null when everything does."""

    state: State
    words: str
    since: datetime | None
    still_works: str | None


class ServerStatus(Part, frozen=True, kw_only=True):
    """A server the service works with, and how long it just took to answer. Kafka tells no client its version."""

    answer_ms: float | None
    version: str | None


class RelayStatus(Part, frozen=True, kw_only=True):
    """Events on their way to Kafka. Counts end at 100,000; the age leaves events of blocked keys out."""

    waiting: int | None
    oldest_seconds: float | None
    leader: str | None


class TopicLag(Struct, frozen=True):
    """Records of a topic that a group has not committed yet."""

    topic: str
    lag: int


class GroupStatus(Struct, frozen=True):
    """A consumer group: who is in it, and how far it is behind."""

    group: str
    members: int
    lag: int
    topics: Sequence[TopicLag]


class ConsumersStatus(Part, frozen=True, kw_only=True):
    """Consumer groups of commands and events."""

    lag: int | None
    groups: Sequence[GroupStatus]


class OpenLetters(Struct, frozen=True):
    """Open dead letters by kind."""

    command: int
    event: int
    relay: int


class DeadLettersStatus(Part, frozen=True, kw_only=True):
    """What was set aside and waits for somebody to deal with it."""

    open: OpenLetters | None


class OperationsStatus(Part, frozen=True, kw_only=True):
    """Commands answered 202 that are not decided yet, and requests that wait for an outcome."""

    pending: int | None
    oldest_pending_seconds: float | None
    waiting_requests: int | None


class CacheStatus(Part, frozen=True, kw_only=True):
    """Cached reads of all running replicas, each since it started. `bypasses` went past Redis and count as no hit."""

    hit_ratio: float | None
    hits: int | None
    misses: int | None
    bypasses: int | None


class ReplicaStatus(Struct, frozen=True):
    """A replica as it was last heard of."""

    name: str
    role: str
    version: str
    state: Literal["running", "silent"]
    started_at: datetime
    seen_at: datetime
    reaches_kafka: bool
    reaches_redis: bool


class ReplicasStatus(Part, frozen=True, kw_only=True):
    """Those heard of within an hour; who stopped in order is not listed."""

    items: Sequence[ReplicaStatus]


class DriftStatus(Part, frozen=True, kw_only=True):
    """How far the enum `ModuleType` is from the existing registry, which alone counts."""

    unlisted: Sequence[str]
    unregistered: Sequence[str]


class SystemStatus(Struct, frozen=True, kw_only=True):
    """Every part, and all of them in a sentence. The state is that of the worst."""

    state: State
    words: str
    checked_at: datetime
    answered_by: str
    postgres: ServerStatus
    kafka: ServerStatus
    redis: ServerStatus
    relay: RelayStatus
    consumers: ConsumersStatus
    dead_letters: DeadLettersStatus
    operations: OperationsStatus
    cache: CacheStatus
    replicas: ReplicasStatus
    module_types: DriftStatus


MOST = 100_000


class Unread(TypedDict):
    """What a part that is told by the database alone has in common with others while that is away."""

    state: State
    words: str
    since: None
    still_works: None


UNREAD = Unread(state="unknown", words="The database does not tell, so nobody knows.", since=None, still_works=None)


def counted(number: int, noun: str) -> str:
    """`1 event`, `2 events`, `100,000 events or more`."""
    shown = f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
    return f"{shown} or more" if number == MOST else shown


def seconds(number: float) -> str:
    """`0.3 s`, `12 s`, `5 min`, `3 h`."""
    if number < 10:  # noqa: PLR2004 - below that tenths tell something
        return f"{number:.1f} s"
    for size, unit in ((3600, "h"), (60, "min")):
        if number >= 2 * size:
            return f"{number / size:.0f} {unit}"
    return f"{number:.0f} s"
