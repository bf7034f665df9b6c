"""HEAD for every GET (RFC 9110, section 9.3.2)."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send


class HeadAsGet:
    """ASGI middleware: answer HEAD as GET, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == ScopeType.HTTP and scope["method"] == "HEAD":
            return self._head(scope, receive, send)
        return self._app(scope, receive, send)

    async def _head(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        sent = asyncio.Event()
        asked = False

        async def until_sent() -> Any:
            # the caller has everything once the headers are sent: this ends an answer without an end
            nonlocal asked
            if not asked:
                asked = True
                return await receive()
            await sent.wait()
            return {"type": "http.disconnect"}

        async def send_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                sent.set()

        reading = scope.copy()
        reading["method"] = "GET"
        await self._app(reading, until_sent, send_headers)
