"""What a process remembers of credentials it has read, and how it hears that some of them ended.

A credential is read again every three seconds. Whoever ends one tells all processes in the transaction that ends it, so
they read it again with their next request, not only then. While the database is away, when nothing can be ended, a
credential that was read is good for five minutes.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from msgspec import Struct

from shared.errors import Unauthenticated, Unavailable
from shared.ports import Clock, Transaction
from shared.postgres.listener import CHANNEL, ENDED, EVERYTHING

TRUSTED_FOR = timedelta(seconds=3)
TRUSTED_IN_OUTAGE = timedelta(minutes=5)
PATIENCE_SECONDS = 0.5
MAX_REMEMBERED = 10_000
MAX_NAMED = 100

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Struct, Generic[Value]):
    """A credential as it was read, when that was, and when it was last tried; None: it must be tried again."""

    id: UUID
    value: Value
    read_at: datetime
    tried_at: datetime | None


class CredentialMemory(Generic[Key, Value]):
    """Credentials of one kind. `read` raises `Unauthenticated` for one that ended, or never was."""

    def __init__(
        self,
        read: Callable[[Key], Awaitable[tuple[UUID, Value]]],
        clock: Clock,
        *,
        max_remembered: int = MAX_REMEMBERED,
    ) -> None:
        self._read = read
        self._clock = clock
        self._max_remembered = max_remembered
        self._remembered: OrderedDict[Key, Remembered[Value]] = OrderedDict()
        self._reading: dict[Key, asyncio.Task[Remembered[Value]]] = {}
        self._news = 0

    async def get(self, key: Key) -> Value:
        """The credential. Raises `Unauthenticated`, or `Unavailable` when nobody can tell."""
        known = self._remembered.get(key)
        if known is None or known.tried_at is None or abs(self._clock.now() - known.tried_at) >= TRUSTED_FOR:
            known = await self._read_together(key)
        return known.value

    def forget(self, ids: Sequence[UUID] | None) -> None:
        """Forget those credentials; None: read each again. A reading that began before is not remembered."""
        self._news += 1
        self._reading = {}
        for key, known in list(self._remembered.items()):
            if ids is None:
                known.tried_at = None
            elif known.id in ids:
                del self._remembered[key]

    async def _read_together(self, key: Key) -> Remembered[Value]:
        task = self._reading.get(key)
        if task is None:
            task = self._reading[key] = asyncio.create_task(self._read_now(key))
            task.add_done_callback(lambda done: self._read_is_over(key, done))
        if key in self._remembered:
            # A database that hangs costs a known caller this once in three seconds, not its time-out.
            await asyncio.wait([task], timeout=PATIENCE_SECONDS)
            if not task.done() and (trusted := self._still_trusted(key)) is not None:
                return trusted
        return await asyncio.shield(task)

    def _read_is_over(self, key: Key, task: asyncio.Task[Remembered[Value]]) -> None:
        if self._reading.get(key) is task:
            del self._reading[key]
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody may have

    async def _read_now(self, key: Key) -> Remembered[Value]:
        news = self._news
        try:
            id_, value = await self._read(key)
        except Unavailable:
            if (trusted := self._still_trusted(key)) is None:
                raise
            return trusted
        except Unauthenticated:
            self._remembered.pop(key, None)
            raise
        now = self._clock.now()
        known = Remembered(id_, value, now, now)
        if news == self._news:
            self._remember(key, known)
        return known

    def _still_trusted(self, key: Key) -> Remembered[Value] | None:
        known, now = self._remembered.get(key), self._clock.now()
        if known is None or now - known.read_at >= TRUSTED_IN_OUTAGE:
            return None
        known.tried_at = now
        return known

    def _remember(self, key: Key, known: Remembered[Value]) -> None:
        self._remembered[key] = known
        self._remembered.move_to_end(key)
        if len(self._remembered) > self._max_remembered:
            self._remembered.popitem(last=False)


class CredentialMemories:
    """All that this process remembers, and the word to the others."""

    def __init__(self) -> None:
        self._forgetting: list[Callable[[Sequence[UUID] | None], None]] = []

    def join(self, forget: Callable[[Sequence[UUID] | None], None]) -> None:
        """Have one more memory forget."""
        self._forgetting.append(forget)

    async def announce(self, transaction: Transaction, ended: Sequence[UUID] | None) -> None:
        """Tell every process with the commit. None: which ones is not known."""
        named = ended is not None and len(ended) <= MAX_NAMED
        if ended is None or ended:
            ids = ",".join(id_.hex for id_ in ended or ()) if named else EVERYTHING
            await transaction.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{ENDED} {ids}")

    def forget(self, ended: Sequence[UUID] | None) -> None:
        """In this process, at once: for whoever ended them, after the commit."""
        for forget in self._forgetting:
            forget(ended)

    def heard(self, ids: str) -> None:
        """What another process, or this one, announced."""
        self.forget(None if ids == EVERYTHING else [UUID(id_) for id_ in ids.split(",")])
