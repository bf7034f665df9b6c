"""How long a request waits for its body: as long as it keeps coming."""

import asyncio
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any

from litestar.enums import ScopeType
from litestar.exceptions import ClientException
from litestar.types import ASGIApp, Receive, Scope, Send

from shared.telemetry.metrics import HTTP_CONNECTIONS_CLOSED

BYTES_A_SECOND = 16 * 1024
GOLDEN_RATIO, SPREAD = 0.618, 0.2
WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


class BodyTimedOut(ClientException):
    """The body did not come in time."""

    status_code = HTTPStatus.REQUEST_TIMEOUT


class BodyBrokenOff(ClientException):
    """The caller left before the end of the body: nobody is there to be answered."""


class Body:
    """One request's body on its way. Its time is what it is waited for: who is slow to ask for it takes none of it."""

    __slots__ = ("_is_complete", "_receive", "_seconds")

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._is_complete = False

    async def receive(self) -> Any:
        """The next part, for which it gets more time. Raises `BodyTimedOut` or `BodyBrokenOff` before its end."""
        if self._is_complete:
            return await self._receive()
        now = asyncio.get_running_loop().time
        began = now()
        try:
            async with asyncio.timeout(self._seconds):
                message: Any = await self._receive()
        except TimeoutError:
            HTTP_CONNECTIONS_CLOSED.labels(reason="slow_body").inc()
            raise BodyTimedOut(
                "The request's body did not come in time. Send it again, as a whole.", headers={"Connection": "close"}
            ) from None
        if message["type"] == "http.disconnect":
            raise BodyBrokenOff("The request ended before its body did.")
        self._seconds += len(message["body"]) / BYTES_A_SECOND - (now() - began)
        self._is_complete = not message.get("more_body", False)
        return message


class PatientWithBodies:
    """ASGI middleware: a body has `seconds`, or up to a fifth more, and further ones for each part of it that comes."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._spread = 0.0

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Watches requests that may have a body."""
        if scope["type"] != ScopeType.HTTP or scope["method"] in WITHOUT_BODY:
            return self._app(scope, receive, send)
        # Thousands that came together are not refused in one go.
        self._spread = (self._spread + GOLDEN_RATIO) % 1
        return self._app(scope, Body(receive, self._seconds * (1 + SPREAD * self._spread)).receive, send)
