"""Hand-written stand-ins for ports that several packages of tests need."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from time import monotonic
from uuid import UUID, uuid4

from msgspec import Raw

from shared.cache.generations import Cached, CacheDown, Load
from shared.commands.bus import KafkaUnreachable
from shared.commands.conflict_details import CurrentState, EventSummary
from shared.errors import Unauthenticated
from shared.lists.cursors import Cursors
from shared.ports import Caller

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakeCache:
    """The cache in a dictionary. `now` is in seconds; `down` makes it forget everything it is told."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._ends: dict[str, float] = {}
        self._kept: dict[str, bytes] = {}
        self.ttls: dict[str, int] = {}
        self.down = False

    @property
    def values(self) -> dict[str, bytes]:
        """What is there and has not ended."""
        for key in [key for key, end in self._ends.items() if end <= self._now()]:
            self._kept.pop(key, None)
        return self._kept

    def _living(self) -> dict[str, bytes]:
        return {} if self.down else self.values

    def _reach(self) -> None:
        if self.down:
            raise CacheDown

    async def get(self, key: str) -> bytes | None:
        return self._living().get(key)

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        if not self.down:
            self._kept[key], self._ends[key], self.ttls[key] = value, self._now() + ttl, ttl

    async def delete(self, key: str) -> None:
        if not self.down:
            self._kept.pop(key, None)

    async def delete_pattern(self, pattern: str) -> int:
        matching = [key for key in self._living() if fnmatchcase(key, pattern)]
        for key in matching:
            del self._kept[key]
        return len(matching)

    async def exists(self, key: str) -> bool:
        return key in self._living()

    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        self._reach()
        return [self.values.get(key) for key in keys]

    async def set_if_absent(self, tokens: Mapping[str, str], ttl: int) -> Sequence[bytes]:
        self._reach()
        for name, token in tokens.items():
            if name not in self.values:
                await self.set(name, token.encode(), ttl)
        return [self.values[name] for name in tokens]

    async def renew(self, tokens: Mapping[str, str], ttl: int, drop: Sequence[str]) -> None:
        self._reach()
        for name, token in tokens.items():
            await self.set(name, token.encode(), ttl)
        for key in drop:
            await self.delete(key)


class FakeAnnouncer:
    """Counts how often the other processes were told to forget."""

    def __init__(self) -> None:
        self.announced = 0

    async def announce_reset(self) -> None:
        self.announced += 1


class FakeInvalidation:
    """Notes what was made stale, in order."""

    def __init__(self) -> None:
        self.stale: list[str] = []

    async def invalidate(self, names: Sequence[str]) -> None:
        self.stale.extend(names)


class FakeClock:
    """A clock that stands at noon until it is set."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by


class FreshIds:
    """Ids in no order."""

    def new(self) -> UUID:
        return uuid4()


class FakeKafka:
    """Keeps what is published while it is `there`; `tried` is what it was given at all."""

    def __init__(self, *, there: bool = True) -> None:
        self.there = there
        self.tried: list[bytes] = []
        self.records: list[tuple[str, str, bytes]] = []

    async def publish(self, topic: str, key: str, value: bytes) -> None:
        self.tried.append(value)
        if not self.there:
            raise KafkaUnreachable("no broker")
        self.records.append((topic, key, value))


class NoCache:
    """Answers each read by a load, and remembers the keys."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def read_through(self, key: str, generations: Sequence[str], ttl: int, load: Load) -> Cached | None:
        self.keys.append(key)
        return await load()


class NoHistory:
    """Nothing ever happened, and nothing is there."""

    async def events_since(self, stream: str, sequence: int, limit: int) -> Sequence[EventSummary]:
        return []

    async def events_from(self, streams: Sequence[str], position: int, limit: int) -> Sequence[EventSummary]:
        return []

    async def current_state(self, context: str, aggregate_id: str) -> CurrentState:
        return CurrentState(f"/{context}/{aggregate_id}", Raw(b"null"))


class RolesAsTokens:
    """A role is the token of somebody who has it; an organization's admin is that of `organization_id`."""

    def __init__(self, organization_id: str | None = None) -> None:
        self.organization_id = organization_id

    async def authenticate(self, token: str) -> Caller:
        if token not in {"super_admin", "organization_admin", "service"}:
            raise Unauthenticated("Sign in again.")
        return Caller("ada", token, self.organization_id if token == "organization_admin" else None)


class FixedCursorKey:
    """One key for ever."""

    async def key(self) -> bytes:
        return b"k" * 32


CURSORS = Cursors(FixedCursorKey())
