"""How long a request waits for its body."""

import asyncio
from typing import Any, cast

import pytest
from litestar.types import Scope

from shared.http.bodies import BYTES_A_SECOND, BodyBrokenOff, BodyTimedOut, BodyTimeouts


class Sender:
    """A server's end of a request: parts when they are put, silence until then."""

    def __init__(self, *parts: Any) -> None:
        self._parts: asyncio.Queue[Any] = asyncio.Queue()
        for each in parts:
            self.put(each)

    def put(self, each: Any) -> None:
        self._parts.put_nowait(each)

    async def receive(self) -> Any:
        return await self._parts.get()


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


LEFT = {"type": "http.disconnect"}


async def read(sender: Sender, seconds: float, method: str = "POST") -> list[Any]:
    """What an application gets that reads until its caller left."""
    got: list[Any] = []

    async def app(_: Scope, receive: Any, __: Any) -> None:
        while not got or got[-1] != LEFT:
            got.append(await receive())

    scope = cast("Scope", {"type": "http", "method": method, "headers": []})
    async with asyncio.timeout(30):
        await BodyTimeouts(app, seconds)(scope, cast("Any", sender.receive), cast("Any", None))
    return got


async def test_a_body_that_comes_is_handed_on_and_afterwards_its_caller_may_stay_as_long_as_he_likes() -> None:
    sender = Sender(part(b"one"), part(b"two", more=False))
    asyncio.get_running_loop().call_later(0.2, sender.put, LEFT)
    assert await read(sender, 0.1) == [part(b"one"), part(b"two", more=False), LEFT]


@pytest.mark.parametrize("parts", [(), (part(b"half"),), (part(b"h"), part(b"a"))])
async def test_a_body_that_does_not_come_to_its_end_is_refused(parts: tuple[Any, ...]) -> None:
    with pytest.raises(BodyTimedOut) as refused:
        await read(Sender(*parts), 0.05)
    assert refused.value.status_code == 408
    assert refused.value.headers == {"Connection": "close"}


async def test_a_body_that_only_trickles_is_refused_though_something_always_comes() -> None:
    sender = Sender()

    async def trickle() -> None:
        while True:
            sender.put(part(b"x"))
            await asyncio.sleep(0.01)

    trickling = asyncio.create_task(trickle())
    with pytest.raises(BodyTimedOut):
        await read(sender, 0.2)
    trickling.cancel()


async def test_each_part_brings_time_for_the_next() -> None:
    sender = Sender(part(b"x" * 30 * BYTES_A_SECOND))
    asyncio.get_running_loop().call_later(0.3, sender.put, part(b"end", more=False))
    sender_left = asyncio.get_running_loop().call_later(0.4, sender.put, LEFT)
    assert len(await read(sender, 0.1)) == 3
    sender_left.cancel()


async def test_an_application_that_is_slow_to_ask_costs_its_caller_no_time() -> None:
    sender = Sender(part(b"all", more=False), LEFT)

    async def app(_: Scope, receive: Any, __: Any) -> None:
        await asyncio.sleep(0.1)
        assert await receive() == part(b"all", more=False)

    scope = cast("Scope", {"type": "http", "method": "PUT", "headers": []})
    await BodyTimeouts(app, 0.02)(scope, cast("Any", sender.receive), cast("Any", None))


async def test_a_caller_who_leaves_before_the_end_is_at_fault_himself() -> None:
    with pytest.raises(BodyBrokenOff) as refused:
        await read(Sender(part(b"half"), LEFT), 10)
    assert refused.value.status_code == 400


async def test_requests_without_a_body_wait_for_nothing() -> None:
    sender = Sender()
    asyncio.get_running_loop().call_later(0.1, sender.put, LEFT)
    assert await read(sender, 0.01, "GET") == [LEFT]
