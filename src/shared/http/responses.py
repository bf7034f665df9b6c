"""Responses with ready bytes: cached ones with their ETag, and streams without a length."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from typing import Any

import structlog
from litestar import Request
from litestar.openapi import ResponseSpec
from litestar.response.base import ASGIResponse
from litestar.types import HTTPScope, Message, Receive, Send

from shared.cache.generations import Cached
from shared.errors import Refused

log = structlog.get_logger(__name__)

Chunks = AsyncGenerator[bytes, None]


def documented(shape: Any, status: int = 200) -> dict[int, ResponseSpec]:
    return {status: ResponseSpec(shape, media_type="application/json", generate_examples=False, description="Done.")}


def send_cached(request: Request[Any, Any, Any], cached: Cached) -> ASGIResponse:
    wanted = request.headers.get("if-none-match")
    headers = [("etag", cached.etag), ("cache-control", "private, no-cache")]
    if wanted is not None and not_modified(wanted, cached.etag):
        return ASGIResponse(body=b"", status_code=304, headers=headers, media_type="application/json")
    return ASGIResponse(body=cached.body, headers=headers, media_type="application/json")


def not_modified(wanted: str, etag: str) -> bool:
    """Whether If-None-Match names the ETag (weak comparison, RFC 9110)."""
    return wanted.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in wanted.split(","))


async def respond(scope: HTTPScope, send: Send, cached: Cached) -> None:
    """Send the bytes with their ETag, or 304 when the caller has them."""
    wanted = next((value for name, value in scope["headers"] if name == b"if-none-match"), None)
    unchanged = wanted is not None and not_modified(wanted.decode("latin-1"), cached.etag)
    body = b"" if unchanged else cached.body
    headers = [(b"etag", cached.etag.encode()), (b"cache-control", b"private, no-cache")]
    if not unchanged:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    start: Message = {"type": "http.response.start", "status": 304 if unchanged else 200, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body, "more_body": False})


class StreamedAnswer(ASGIResponse):
    """Send chunks until there are none, the caller leaves, or `cut` is done: a stream that is cut has no proper end."""

    __slots__ = ("_chunks", "_cut")
    _should_set_content_length = False

    def __init__(
        self, chunks: Chunks, cut: "asyncio.Future[None]", *, media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(media_type=media_type, headers={**headers, "Cache-Control": "no-store"})
        self._chunks = chunks
        self._cut = cut

    async def send_body(self, send: Send, receive: Receive) -> None:
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
    return {"type": "http.response.body", "body": chunk, "more_body": more}


async def until_left(receive: Receive) -> None:
    while (await as_coroutine(receive()))["type"] != "http.disconnect":
        pass


async def as_coroutine(answer: Awaitable[Any]) -> Any:
    # servers may return awaitables that are no coroutines
    return await answer
