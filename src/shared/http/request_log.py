"""Log requests by route, never by what a caller wrote into the path."""

from collections.abc import Awaitable
from time import perf_counter

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

OPERATION = b"modplane-operation-id"


class RequestLog:
    """ASGI middleware: log route, status, duration, and operation of each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != ScopeType.HTTP:
            return self._app(scope, receive, send)
        started = perf_counter()

        def telling(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                operation = next((value.decode() for name, value in message["headers"] if name == OPERATION), None)
                log.debug(
                    "request",
                    method=scope["method"],
                    route=scope.get("path_template", ""),
                    status=message["status"],
                    milliseconds=round((perf_counter() - started) * 1000, 1),
                    **({"operation_id": operation} if operation else {}),
                )
            return send(message)

        return self._app(scope, receive, telling)
