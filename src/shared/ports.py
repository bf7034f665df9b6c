"""Ports of the write path and of all contexts. Small, and free of any technology."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from msgspec import Struct

from shared.messages import CommandEnvelope, EventEnvelope, Outcome

CommandT_contra = TypeVar("CommandT_contra", contravariant=True)
Facts_co = TypeVar("Facts_co", covariant=True)
State_contra = TypeVar("State_contra", contravariant=True)


class Clock(Protocol):
    """The time, in UTC."""

    def now(self) -> datetime: ...


class Ids(Protocol):
    def new(self) -> UUID: ...


class Transaction(Protocol):
    """An open database transaction (asyncpg's connection). Records unpack in the order of the columns."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]: ...
    async def fetchrow(self, query: str, *args: Any) -> Any: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...


class Database(Protocol):
    def snapshot(self, seconds: float = ...) -> AbstractAsyncContextManager[Transaction]:
        """Open a read-only REPEATABLE READ transaction: all statements see one moment. It ends after `seconds`."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a READ COMMITTED transaction that commits on leaving and rolls back on any exception."""
        ...


class Change(Struct, frozen=True):
    aggregate_id: str
    version: int
    before: Any
    after: Any
    commands: Sequence[Any]


class WriteSide(Protocol[State_contra, CommandT_contra, Facts_co]):
    async def lock_references(self, transaction: Transaction, commands: Sequence[CommandT_contra]) -> None:
        """Lock the foreign heads the decision depends on, FOR SHARE and sorted, after the own heads; mostly nothing."""
        ...

    async def facts(
        self, transaction: Transaction, work: Sequence[tuple[State_contra, CommandT_contra]], *, dry_run: bool = False
    ) -> Facts_co:
        """Read the whole batch's facts, one query per table, after every lock was taken.

        A dry run locks nothing, and assumes what a request would have done before its command.
        """
        ...

    async def save(self, transaction: Transaction, changes: Sequence[Change], refused: Sequence[Any]) -> None:
        """Make the tables equal the new states, one statement per table. What waited for `refused` is released."""
        ...

    async def read_back(self, transaction: Transaction, aggregate_ids: Sequence[str]) -> Mapping[str, Any]:
        """Read the context's rows, by id, in the form of `comparable`: the part of a state that rows hold, too."""
        ...

    def comparable(self, state: State_contra) -> Any: ...


class Cache(Protocol):
    """Bytes that may be forgotten at any time. Nothing here ever raises because the cache is down."""

    async def get(self, key: str) -> bytes | None: ...
    async def set(self, key: str, value: bytes, ttl: int) -> None: ...
    async def delete(self, key: str) -> None: ...
    async def delete_pattern(self, pattern: str) -> int: ...
    async def exists(self, key: str) -> bool: ...


class Invalidation(Protocol):
    async def invalidate(self, names: Sequence[str]) -> None:
        """Give the named generations (`gen:…`) new tokens and drop the named keys. Idempotent."""
        ...


class CommandPublisher(Protocol):
    async def publish(self, topic: str, key: str, value: bytes) -> None:
        """Return when the broker has the record. Raises `KafkaUnreachable` when it does not take it in a short time."""
        ...


class OperationsReader(Protocol):
    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        """Return outcomes by id, failed ones too; ids that are unknown or pending are left out."""
        ...


class OrganizationStatuses(Protocol):
    async def is_suspended(self, organization_id: UUID) -> bool: ...


ALL_SCOPES = frozenset({"read", "write"})
"""What a token may do that names no scopes."""
EVENTS_SCOPE = "events:read"
"""Lets a service that is bound to no organization read the events of all; never implied."""


class Caller(Struct, frozen=True):
    """The sender of a request. With `operation_id` it may read that pending operation and nothing else."""

    user_id: str
    role: str
    organization_id: str | None = None
    operation_id: UUID | None = None
    scopes: frozenset[str] = ALL_SCOPES
    session_id: UUID | None = None


class Authenticator(Protocol):
    async def authenticate(self, token: str) -> Caller:
        """Raise `Unauthenticated` when the token is unknown, expired or revoked."""
        ...


class SendCommand(Protocol):
    async def send(self, context: str, envelope: CommandEnvelope, command: Any) -> None:
        """Return when the command of this context is stored durably; idempotent. Raise `Unavailable`."""
        ...


EventHandler = Callable[[Sequence[EventEnvelope]], Awaitable[None]]
