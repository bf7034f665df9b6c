"""The connections of a process: how many there may be, from which addresses, and how long each may be silent.

A client that sends nothing, stops within a request, or does not read its answer is disconnected after a time-out. At
the bound of all connections, the one that has been silent for longest is closed for a new one.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal, Protocol, TypeAlias, get_args

from msgspec import Struct

from shared.concurrency import by_few
from shared.http.rate_limits import network_of
from shared.telemetry.metrics import HTTP_CONNECTIONS, HTTP_CONNECTIONS_CLOSED, HTTP_CONNECTIONS_LIMIT

State: TypeAlias = Literal["reading", "idle", "receiving", "serving", "closing"]
Reason: TypeAlias = Literal[
    "slow_head", "large_head", "slow_body", "idle", "slow_reader", "address_full", "full", "gave_way"
]
Network: TypeAlias = IPv4Network | IPv6Network

STATES: tuple[State, ...] = get_args(State)
REASONS: tuple[Reason, ...] = get_args(Reason)
CLIENT_STATES: tuple[State, ...] = ("reading", "idle", "receiving")
"""States in which the client is to act: connections are closed in this order when there is no room."""

ENDED_AT_ONCE, ENDED_TOGETHER = 100, 10
"""Per check, ten times a second, and per turn of the loop: closing thousands at once would stop everything else."""

READER_BYTES = 16 * 1024
"""What a client has to read of an answer within `reader_seconds`, to get as long again."""


class ConnectionLimits(Struct, frozen=True, kw_only=True):
    """`per_address` 0 is no limit; `exempt` networks, such as a proxy's, have none.

    `reader_seconds` is how long a client may read nothing of its answer, and how long a body is read after its answer.
    """

    most: int
    per_address: int
    exempt: tuple[Network, ...] = ()
    head_seconds: float
    idle_seconds: float
    reader_seconds: float = 30.0


class WatchedConnection(Protocol):
    host: str
    state: State

    @property
    def unread(self) -> int: ...

    def end(self, reason: Reason) -> None:
        """Close it, with an answer if one is due."""
        ...


class Connections:
    """All connections by state, those that have been in it for longest first."""

    def __init__(self, limits: ConnectionLimits, now: Callable[[], float]) -> None:
        self.limits = limits
        self.being_refused = 0
        self._now = now
        self._since: dict[State, OrderedDict[WatchedConnection, float]] = {state: OrderedDict() for state in STATES}
        self._stalled: dict[WatchedConnection, tuple[float, int]] = {}
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
        """Return why a connection from there is refused. When there is no room, close a silent one first."""
        limit = self.limits.per_address
        if limit and self._of_address.get(network_of(host), 0) >= limit and not is_within(host, self.limits.exempt):
            return "address_full"
        return "full" if self._count >= self.limits.most and not self._made_room() else None

    def enter(self, connection: WatchedConnection) -> None:
        address = network_of(connection.host)
        self._count += 1
        self._of_address[address] = self._of_address.get(address, 0) + 1
        self._since[connection.state][connection] = self._now()

    def move(self, connection: WatchedConnection, state: State) -> None:
        del self._since[connection.state][connection]
        connection.state = state
        self._since[state][connection] = self._now()

    def leave(self, connection: WatchedConnection) -> None:
        address = network_of(connection.host)
        self._count -= 1
        del self._since[connection.state][connection]
        self._stalled.pop(connection, None)
        left = self._of_address.pop(address) - 1
        if left:
            self._of_address[address] = left

    def stall(self, connection: WatchedConnection) -> None:
        """Note that the client reads more slowly than it is answered, until `flow`."""
        self._stalled[connection] = (self._now(), connection.unread)

    def flow(self, connection: WatchedConnection) -> None:
        self._stalled.pop(connection, None)
        self.move(connection, connection.state)

    async def end_late(self) -> None:
        """End connections beyond their time-out, at most `ENDED_AT_ONCE`."""
        async for connection, state, reason in by_few(self._late()[:ENDED_AT_ONCE], ENDED_TOGETHER):
            if connection.state == state and connection in self._since[state]:
                connection.end(reason)

    def _late(self) -> Sequence[tuple[WatchedConnection, State, Reason]]:
        now, limits = self._now(), self.limits
        seconds: list[tuple[State, float, Reason]] = [
            ("reading", limits.head_seconds, "slow_head"),
            ("idle", limits.idle_seconds, "idle"),
            ("closing", limits.reader_seconds, "slow_reader"),
        ]
        late: list[tuple[WatchedConnection, State, Reason]] = []
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

    def _made_room(self) -> bool:
        for state in CLIENT_STATES:
            if self._since[state]:
                next(iter(self._since[state])).end("gave_way")
                return True
        return False


@lru_cache(maxsize=10_000)
def is_within(host: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
