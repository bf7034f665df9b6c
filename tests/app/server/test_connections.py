"""How many connections there may be, from whom, and who ends or gives way."""

from ipaddress import ip_network
from typing import Any

import pytest
from prometheus_client import REGISTRY

from app.server import connections as module
from app.server.connections import ConnectionLimits, Connections, Reason, State, WatchedConnection


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Connection(WatchedConnection):
    """One that closes at once when it is ended."""

    def __init__(self, all_of_them: Connections, host: str = "192.0.2.1", state: State = "reading") -> None:
        self.host, self.state, self.reason = host, state, ""
        self.waiting = 0
        self._all = all_of_them
        all_of_them.enter(self)

    @property
    def unread(self) -> int:
        return self.waiting

    def end(self, reason: Reason) -> None:
        self.reason = reason
        self._all.leave(self)


LIMITS = ConnectionLimits(
    most=10, per_address=3, exempt=(ip_network("10.0.0.0/8"),), head_seconds=10, idle_seconds=60, reader_seconds=30
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connections(clock: Clock) -> Connections:
    return Connections(LIMITS, clock)


@pytest.mark.parametrize(
    ("state", "seconds", "reason"), [("reading", 10, "slow_head"), ("idle", 60, "idle"), ("closing", 30, "slow_reader")]
)
async def test_whoever_is_waited_for_ends_after_his_time_and_not_before(
    connections: Connections, clock: Clock, state: State, seconds: float, reason: Reason
) -> None:
    waited_for, served = Connection(connections), Connection(connections)
    clock.seconds += 5
    connections.move(waited_for, state)
    connections.move(served, "serving")
    clock.seconds += seconds - 0.1
    await connections.end_late()
    assert waited_for.reason == ""
    clock.seconds += 0.2
    await connections.end_late()
    assert (waited_for.reason, served.reason) == (reason, "")
    assert len(connections) == 1


async def test_who_does_not_take_his_answer_ends_and_who_takes_it_slowly_does_not(
    connections: Connections, clock: Clock
) -> None:
    deaf, slow, late = (Connection(connections, state="serving") for _ in range(3))
    for connection in (deaf, slow, late):
        connection.waiting = 1_000_000
        connections.stall(connection)
    for _ in range(2):
        clock.seconds += 31
        slow.waiting -= module.READER_BYTES
        connections.flow(late)
        await connections.end_late()
    assert (deaf.reason, slow.reason, late.reason) == ("slow_reader", "", "")


async def test_thousands_do_not_end_at_one_look(connections: Connections, clock: Clock) -> None:
    many = [Connection(connections) for _ in range(250)]
    clock.seconds += 11
    ended = []
    for _ in range(3):
        await connections.end_late()
        ended.append(sum(bool(each.reason) for each in many))
    assert ended == [100, 200, 250]


@pytest.mark.parametrize("kin", ["192.0.2.1", "::ffff:192.0.2.1"])
def test_an_address_has_its_share_however_it_is_written(connections: Connections, kin: str) -> None:
    for _ in range(2):
        Connection(connections)
    assert connections.refusal(kin) is None
    last = Connection(connections, kin)
    assert connections.refusal("192.0.2.1") == "address_full"
    assert connections.refusal("192.0.2.2") is None
    connections.leave(last)
    assert connections.refusal("192.0.2.1") is None


def test_an_ipv6_customer_has_one_share_for_all_of_his_network(connections: Connections) -> None:
    for number in range(3):
        Connection(connections, f"2001:db8:0:7::{number}")
    assert connections.refusal("2001:db8:0:7:ffff::1") == "address_full"
    assert connections.refusal("2001:db8:0:8::1") is None


@pytest.mark.parametrize("proxy", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_a_proxy_may_have_as_many_as_there_may_be(connections: Connections, proxy: str) -> None:
    for _ in range(10):
        assert connections.refusal(proxy) is None
        Connection(connections, proxy, "serving")
    assert connections.refusal(proxy) == "full"


def test_without_a_limit_an_address_may_have_them_all(clock: Clock) -> None:
    connections = Connections(ConnectionLimits(most=10, per_address=0, head_seconds=1, idle_seconds=1), clock)
    for _ in range(9):
        Connection(connections)
    assert connections.refusal("192.0.2.1") is None


def test_where_there_is_no_room_whoever_is_waited_for_longest_gives_way_and_nobody_who_is_served(
    connections: Connections,
) -> None:
    served: list[State] = ["serving"] * 6
    states: list[State] = [*served, "receiving", "idle", "reading", "reading"]
    many = [Connection(connections, f"192.0.2.{place}", state) for place, state in enumerate(states)]
    gone = []
    for place in range(4):
        assert connections.refusal(f"198.51.100.{place}") is None
        Connection(connections, f"198.51.100.{place}", "serving")
        gone.append(next(place for place, each in enumerate(many) if each.reason and place not in gone))
    assert gone == [8, 9, 7, 6]
    assert connections.refusal("198.51.100.9") == "full"
    assert {each.reason for each in many[6:]} == {"gave_way"}


def test_how_many_are_at_what_is_told(connections: Connections) -> None:
    connections.move(Connection(connections), "serving")
    Connection(connections)

    def told(name: str, **labels: Any) -> float | None:
        return REGISTRY.get_sample_value(f"modplane_http_connections{name}", labels)

    assert [told("", state=state) for state in ("reading", "serving", "idle")] == [1, 1, 0]
    assert told("_limit") == 10
    assert told("_closed_total", reason="full") is not None
