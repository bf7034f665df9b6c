"""Hand-written stand-ins for ports that several packages of tests need."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from shared.adapters.paging import Cursors
from shared.cache import CacheDown

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakeCache:
    """The plain cache port in a dictionary. `now` is in seconds; `down` makes it forget everything it is told."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._values: dict[str, tuple[bytes, float]] = {}
        self.down = False

    def _living(self) -> dict[str, bytes]:
        return {} if self.down else {key: value for key, (value, end) in self._values.items() if end > self._now()}

    async def get(self, key: str) -> bytes | None:
        return self._living().get(key)

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        if not self.down:
            self._values[key] = (value, self._now() + ttl)

    async def delete(self, key: str) -> None:
        if not self.down:
            self._values.pop(key, None)

    async def delete_pattern(self, pattern: str) -> int:
        matching = [key for key in self._living() if fnmatchcase(key, pattern)]
        for key in matching:
            del self._values[key]
        return len(matching)

    async def exists(self, key: str) -> bool:
        return key in self._living()


class FakeStore:
    """The cache's store in a dictionary that forgets nothing by itself. `down`: out of reach."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.ttls: dict[str, int] = {}
        self.down = False

    def _reach(self) -> None:
        if self.down:
            raise CacheDown

    async def read(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        self._reach()
        return [self.values.get(key) for key in keys]

    async def plant(self, tokens: Mapping[str, str], ttl: int) -> Sequence[bytes]:
        self._reach()
        for name, token in tokens.items():
            if name not in self.values:
                await self.write(name, token.encode(), ttl)
        return [self.values[name] for name in tokens]

    async def write(self, key: str, value: bytes, ttl: int) -> None:
        self._reach()
        self.values[key] = value
        self.ttls[key] = ttl

    async def renew(self, tokens: Mapping[str, str], ttl: int, drop: Sequence[str]) -> None:
        self._reach()
        for name, token in tokens.items():
            await self.write(name, token.encode(), ttl)
        for key in drop:
            self.values.pop(key, None)


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

    async def invalidate(self, touched: Sequence[str]) -> None:
        self.stale.extend(touched)


class FakeClock:
    """A clock that stands at noon until it is set."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


class FixedCursorKey:
    """One key for ever."""

    async def key(self) -> bytes:
        return b"k" * 32


CURSORS = Cursors(FixedCursorKey())
