import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from shared.errors import Unavailable
from shared.http.responses import StreamedAnswer
from tests.support.polling import eventually


class Caller:
    """The other end. `takes` how many messages it takes before it stops reading; `leaves` when that is set."""

    def __init__(self, takes: int = 100) -> None:
        self.messages: list[Any] = []
        self.takes = takes
        self.leaves = asyncio.Event()

    async def send(self, message: Any) -> None:
        if len(self.messages) >= self.takes:
            await asyncio.Event().wait()
        self.messages.append(message)

    async def receive(self) -> Any:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def has_all(self) -> bool:
        return self.messages[-1].get("more_body") is False


class Chunks:
    """Three chunks, and then what is to happen; `closed` once nobody wants more."""

    def __init__(self, then: BaseException | None = None, *, forever: bool = False) -> None:
        self.closed = False
        self._then = then
        self._forever = forever

    async def __call__(self) -> AsyncGenerator[bytes, None]:
        try:
            for chunk in (b"one ", b"two ", b"three"):
                yield chunk
            if self._then is not None:
                raise self._then
            if self._forever:
                await asyncio.Event().wait()
        finally:
            self.closed = True


async def send(chunks: Chunks, cut: "asyncio.Future[None]", caller: Caller) -> None:
    answer = StreamedAnswer(chunks(), cut, media_type="text/plain", headers={"X-Accel-Buffering": "no"})
    scope: Any = {}
    await answer(scope, caller.receive, caller.send)


@pytest.fixture
async def cut() -> "asyncio.Future[None]":
    return asyncio.get_running_loop().create_future()


async def test_an_answer_that_ends_says_so(cut: "asyncio.Future[None]") -> None:
    caller, chunks = Caller(), Chunks()
    await send(chunks, cut, caller)
    headers = dict(caller.messages[0]["headers"])
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"x-accel-buffering"] == b"no"
    assert b"content-length" not in headers
    assert (caller.body, caller.has_all, chunks.closed) == (b"one two three", True, True)


async def test_an_answer_that_fails_has_no_end(cut: "asyncio.Future[None]") -> None:
    caller, chunks = Caller(), Chunks(Unavailable("The log is away."))
    await send(chunks, cut, caller)
    assert (caller.body, caller.has_all, chunks.closed) == (b"one two three", False, True)


async def test_a_defect_is_not_hidden(cut: "asyncio.Future[None]") -> None:
    caller, chunks = Caller(), Chunks(KeyError())
    with pytest.raises(KeyError):
        await send(chunks, cut, caller)
    assert not caller.has_all
    assert chunks.closed


@pytest.mark.parametrize("takes", [2, 100], ids=["while it is sent to nobody", "while there is nothing to send"])
async def test_an_answer_is_cut_off_at_once(cut: "asyncio.Future[None]", takes: int) -> None:
    caller, chunks = Caller(takes), Chunks(forever=True)
    answering = asyncio.create_task(send(chunks, cut, caller))
    await eventually(lambda: len(caller.messages) == min(takes, 4), "the first chunks")
    cut.set_result(None)
    async with asyncio.timeout(10):
        await answering
    assert not caller.has_all
    assert chunks.closed


async def test_nothing_is_sent_to_who_left(cut: "asyncio.Future[None]") -> None:
    caller, chunks = Caller(), Chunks(forever=True)
    answering = asyncio.create_task(send(chunks, cut, caller))
    await eventually(lambda: len(caller.messages) == 4, "the chunks")
    caller.leaves.set()
    async with asyncio.timeout(10):
        await answering
    assert chunks.closed
