"""The connections of a process: how many there may be, from whom, and for how long one may keep the service waiting.

A caller who says nothing, stops in the middle of a request, or does not read his answer is ended after a stated time.
At the bound of all connections whoever is waited for longest gives way to who comes.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from shared.concurrency import by_few
from shared.http.rate_limits import network_of
from shared.telemetry.metrics import HTTP_CONNECTIONS, HTTP_CONNECTIONS_CLOSED, HTTP_CONNECTIONS_LIMIT

State: TypeAlias = Literal["reading", "idle", "receiving", "serving", "closing"]
Reason: TypeAlias = Literal[
    "slow_head", "large_head", "slow_body", "idle", "slow_reader", "address_full", "full", "gave_way"
]
Network: TypeAlias = IPv4Network | IPv6Network

STATES: tuple[State, ...] = ("reading", "idle", "receiving", "serving", "closing")
REASONS: tuple[Reason, ...] = (
    "slow_head", "large_head", "slow_body", "idle", "slow_reader", "address_full", "full", "gave_way",
)  # fmt: skip
WAITED_FOR: tuple[State, ...] = ("reading", "idle", "receiving")
"""Where the caller is the one to do something: in this order they give way when there is no room."""

ENDED_AT_ONCE, ENDED_TOGETHER = 100, 10
"""At one of ten looks a second, and at one turn: to end thousands in one go would keep everybody else waiting."""

READER_BYTES = 16 * 1024
"""What a caller has to take of his answer in `reader_seconds`, to be waited for that long again."""


class ConnectionLimits(Struct, frozen=True, kw_only=True):
    """Connections of one process; `per_address` 0: no limit. `exempt` networks, a proxy's, may have all there may be.

    `reader_seconds` are how long an answer waits for its caller to take more of it, and how long the rest of a body is
    read that came after its answer.
    """

    most: int
    per_address: int
    exempt: tuple[Network, ...] = ()
    head_seconds: float
    idle_seconds: float
    reader_seconds: float = 30.0


class Held(Protocol):
    """One connection, as far as it is watched here."""

    host: str
    state: State

    @property
    def unread(self) -> int:
        """Bytes that its caller has not taken yet."""
        ...

    def end(self, reason: Reason) -> None:
        """Ends it, with an answer where one is due."""
        ...


class Connections:
    """All of them, by what they are at, the longest there first."""

    def __init__(self, limits: ConnectionLimits, now: Callable[[], float]) -> None:
        self.limits = limits
        self.turned_away = 0
        self._now = now
        self._since: dict[State, OrderedDict[Held, float]] = {state: OrderedDict() for state in STATES}
        self._stalled: dict[Held, tuple[float, int]] = {}
        self._of_address: dict[str, int] = {}
        self._count = 0
        HTTP_CONNECTIONS_LIMIT.set(limits.most)
        for state, since in self._since.items():
            HTTP_CONNECTIONS.labels(state=state).set_function(since.__len__)
        for reason in REASONS:
            HTTP_CONNECTIONS_CLOSED.labels(reason=reason)

    def __len__(self) -> int:
        return self._count

    def refusal(self, host: str) -> Reason | None:
        """Why nobody more is let in from there. Where all room is taken, one who is waited for gives way first."""
        limit = self.limits.per_address
        if limit and self._of_address.get(network_of(host), 0) >= limit and not lies_in(host, self.limits.exempt):
            return "address_full"
        return "full" if self._count >= self.limits.most and not self._makes_room() else None

    def enter(self, connection: Held) -> None:
        """It counts from now on. It is to `leave`."""
        address = network_of(connection.host)
        self._count += 1
        self._of_address[address] = self._of_address.get(address, 0) + 1
        self._since[connection.state][connection] = self._now()

    def move(self, connection: Held, state: State) -> None:
        """It is at something else from now on."""
        del self._since[connection.state][connection]
        connection.state = state
        self._since[state][connection] = self._now()

    def leave(self, connection: Held) -> None:
        """It is closed."""
        address = network_of(connection.host)
        self._count -= 1
        del self._since[connection.state][connection]
        self._stalled.pop(connection, None)
        left = self._of_address.pop(address) - 1
        if left:
            self._of_address[address] = left

    def stall(self, connection: Held) -> None:
        """Its caller does not read as fast as he is answered."""
        self._stalled[connection] = (self._now(), connection.unread)

    def flow(self, connection: Held) -> None:
        """He caught up."""
        self._stalled.pop(connection, None)
        self.move(connection, connection.state)

    async def end_late(self) -> None:
        """Ends who has kept the service waiting for too long; of thousands a part, so that nobody else is kept."""
        async for connection, state, reason in by_few(self._late()[:ENDED_AT_ONCE], ENDED_TOGETHER):
            if connection.state == state and connection in self._since[state]:
                connection.end(reason)

    def _late(self) -> Sequence[tuple[Held, State, Reason]]:
        now, limits = self._now(), self.limits
        seconds: list[tuple[State, float, Reason]] = [
            ("reading", limits.head_seconds, "slow_head"),
            ("idle", limits.idle_seconds, "idle"),
            ("closing", limits.reader_seconds, "slow_reader"),
        ]
        late: list[tuple[Held, State, Reason]] = []
        for state, limit, reason in seconds:
            for connection, since in self._since[state].items():
                if now - since < limit or len(late) >= ENDED_AT_ONCE:
                    break
                if connection not in self._stalled:
                    late.append((connection, state, reason))
        for connection, (since, unread) in list(self._stalled.items()):
            if now - since < limits.reader_seconds:
                continue
            if unread - connection.unread >= READER_BYTES:
                self.stall(connection)
            else:
                late.append((connection, connection.state, "slow_reader"))
        return late

    def _makes_room(self) -> bool:
        for state in WAITED_FOR:
            if self._since[state]:
                next(iter(self._since[state])).end("gave_way")
                return True
        return False


@lru_cache(maxsize=10_000)
def lies_in(host: str, networks: tuple[Network, ...]) -> bool:
    """Whether the address is in one of the networks."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
