"""The system's status as one document, and the facts it is derived from.

A part's `code` is stable and says why the part is in its state. Clients write the sentences.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from app.status.gauges import Waiting
from app.status.replicas import Observed, SeenReplica
from shared.kafka.groups import GroupLag

State = Literal["ok", "degraded", "down", "unknown"]


class Answered(Struct, frozen=True):
    milliseconds: float
    version: str | None


class Facts(Struct, frozen=True, kw_only=True):
    """What the parts answered; None where one did not."""

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
    """A part of the system. `since`: when its state began, null where no replica saw it."""

    state: Annotated[State, Meta(examples=["ok"])]
    code: str
    since: Annotated[datetime | None, Meta(examples=[None])] = None


class PostgresStatus(Part, frozen=True, kw_only=True):
    """PostgreSQL. `incomplete`: it answers, but is too slow, or its schema is older than the code.

    `disk_full`, `read_only` and `files_unwritable`: it answers, and takes no writes.
    """

    code: Literal["answers", "incomplete", "disk_full", "read_only", "files_unwritable", "unreachable"]
    answer_ms: float | None
    version: str | None


class ServerStatus(Part, frozen=True, kw_only=True):
    """Kafka or Redis, and how long it just took to answer. Kafka tells no client its version.

    `partly_unreachable`: some of the running replicas do not reach it.
    """

    code: Literal["answers", "partly_unreachable", "unreachable"]
    answer_ms: float | None
    version: str | None
    replicas: int
    replicas_without: int


class RelayStatus(Part, frozen=True, kw_only=True):
    """Events on their way to Kafka. Counts end at 100,000; the age leaves out events of blocked keys."""

    code: Annotated[Literal["publishing", "late", "no_leader", "unknown"], Meta(examples=["publishing"])]
    waiting: int | None = None
    oldest_seconds: float | None = None
    leader: str | None = None


class TopicLag(Struct, frozen=True):
    """Records of a topic that a group has not committed yet."""

    topic: str
    lag: int


class GroupStatus(Struct, frozen=True):
    """A consumer group: its members, and how far it is behind."""

    group: str
    members: int
    lag: int
    topics: Sequence[TopicLag]


class ConsumersStatus(Part, frozen=True, kw_only=True):
    """Consumer groups of commands and events. `group_without_members`: at least one group has no consumer."""

    code: Literal["caught_up", "behind", "far_behind", "group_without_members", "unknown"]
    lag: int | None = None
    groups: Sequence[GroupStatus] = ()


class OpenLetters(Struct, frozen=True):
    """Open dead letters by kind."""

    command: int = 0
    event: int = 0
    relay: int = 0


class DeadLettersStatus(Part, frozen=True, kw_only=True):
    """Dead letters that wait for a decision. `keys_blocked`: one of the relay's is open, which holds others up."""

    code: Annotated[Literal["none_open", "open", "keys_blocked", "unknown"], Meta(examples=["open"])]
    open: OpenLetters | None = None


class OperationsStatus(Part, frozen=True, kw_only=True):
    """Commands answered 202 that are not decided yet, and requests that wait for an outcome."""

    code: Annotated[Literal["none_pending", "pending", "late", "unknown"], Meta(examples=["pending"])]
    pending: int | None = None
    oldest_pending_seconds: float | None = None
    waiting_requests: int | None = None


class CacheStatus(Part, frozen=True, kw_only=True):
    """Cached reads of all running replicas, each since it started. `bypasses` went past Redis and count as no hit."""

    code: Literal["measured", "not_read", "unknown"]
    hit_ratio: Annotated[float | None, Meta(examples=[0.98])] = None
    hits: int | None = None
    misses: int | None = None
    bypasses: int | None = None


class ReplicaStatus(Struct, frozen=True):
    """A replica as it was last heard of."""

    name: Annotated[str, Meta(examples=["worker-1"])]
    role: Annotated[str, Meta(examples=["worker"])]
    version: Annotated[str, Meta(examples=["1.0.0"])]
    state: Literal["running", "silent"]
    started_at: datetime
    seen_at: datetime
    reaches_kafka: bool
    reaches_redis: bool


class ReplicasStatus(Part, frozen=True, kw_only=True):
    """Replicas heard of within an hour, without those that stopped in order. `no_consumer`: only APIs are running."""

    code: Annotated[Literal["running", "some_silent", "no_consumer", "unknown"], Meta(examples=["running"])]
    items: Sequence[ReplicaStatus] = ()


class DriftStatus(Part, frozen=True, kw_only=True):
    """The difference between the enum `ModuleType` and the registry, which alone counts."""

    code: Literal["same", "different", "unknown"]
    unlisted: Annotated[Sequence[str], Meta(examples=[["field_service"]])] = ()
    unregistered: Annotated[Sequence[str], Meta(examples=[[]])] = ()


class SystemStatus(Struct, frozen=True, kw_only=True):
    """Every part of the system. The state is that of the worst part."""

    state: Annotated[State, Meta(examples=["ok"])]
    checked_at: datetime
    answered_by: str
    postgres: PostgresStatus
    kafka: ServerStatus
    redis: ServerStatus
    relay: RelayStatus
    consumers: ConsumersStatus
    dead_letters: DeadLettersStatus
    operations: OperationsStatus
    cache: CacheStatus
    replicas: ReplicasStatus
    module_types: DriftStatus

    @property
    def parts(self) -> Mapping[str, Part]:
        return {name: part for name in self.__struct_fields__ if isinstance(part := getattr(self, name), Part)}
