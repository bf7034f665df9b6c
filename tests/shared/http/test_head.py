"""HEAD wherever there is GET."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
from litestar import Litestar, get
from litestar.response import Stream

from shared.http.middleware import HeadAsGet
from shared.http.problems import EXCEPTION_HANDLERS


@get("/things")
async def things() -> dict[str, str]:
    return {"a": "thing"}


@get("/endless")
async def endless() -> Stream:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"more"
            await asyncio.sleep(0)

    return Stream(chunks(), media_type="text/plain")


async def ask(method: str, path: str) -> httpx.Response:
    handlers: Any = EXCEPTION_HANDLERS
    app: Any = HeadAsGet(Litestar([things, endless], exception_handlers=handlers))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        return await client.request(method, path)


async def test_head_is_answered_as_get_would_be_without_the_body() -> None:
    get_, head = await ask("GET", "/things"), await ask("HEAD", "/things")
    assert (head.status_code, head.headers, head.content) == (200, get_.headers, b"")


async def test_head_of_what_is_not_there_is_a_404() -> None:
    assert (await ask("HEAD", "/nothing")).status_code == 404


async def test_head_of_an_endless_answer_ends() -> None:
    assert (await asyncio.wait_for(ask("HEAD", "/endless"), 60)).content == b""


async def test_a_refused_method_names_head_beside_get() -> None:
    answer = await ask("PUT", "/things")
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS"})
