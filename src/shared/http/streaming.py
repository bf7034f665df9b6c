"""Answers without a length: sent as they come into being, broken off when they cannot be completed."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from typing import Any

import structlog
from litestar.response.base import ASGIResponse
from litestar.types import Message, Receive, Send

from shared.errors import Refused

log = structlog.get_logger(__name__)

Chunks = AsyncGenerator[bytes, None]


class StreamedAnswer(ASGIResponse):
    """Sends chunks until there are none, the caller leaves, or `cut` is done.

    What was not sent to its end has no end: by that the caller knows it from a complete answer.
    """

    __slots__ = ("_chunks", "_cut")
    _should_set_content_length = False

    def __init__(
        self, chunks: Chunks, cut: "asyncio.Future[None]", *, media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(media_type=media_type, headers={**headers, "Cache-Control": "no-store"})
        self._chunks = chunks
        self._cut = cut

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Sends the body."""
        writing = asyncio.ensure_future(self._write(send))
        leaving = asyncio.ensure_future(until_left(receive))
        try:
            await asyncio.wait({writing, leaving, self._cut}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                writing.result()
        except Refused as refused:
            log.warning("answer_broken_off", reason=refused.detail)
        finally:
            writing.cancel()
            leaving.cancel()
            await asyncio.gather(writing, leaving, return_exceptions=True)
            await self._chunks.aclose()

    async def _write(self, send: Send) -> None:
        async for chunk in self._chunks:
            await send(body_message(chunk, more=True))
        await send(body_message(b"", more=False))


def body_message(chunk: bytes, *, more: bool) -> Message:
    """A part of the body."""
    return {"type": "http.response.body", "body": chunk, "more_body": more}


async def until_left(receive: Receive) -> None:
    """Returns when the caller is gone."""
    while (await as_coroutine(receive()))["type"] != "http.disconnect":
        pass


async def as_coroutine(answer: Awaitable[Any]) -> Any:
    """Servers answer with awaitables of their own."""
    return await answer
