"""ASGI middleware: HEAD, the request log, request metrics, and reads answered before routing."""

import asyncio
import re
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterator
from itertools import accumulate
from time import perf_counter
from typing import Any, TypeAlias

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import REGISTRY
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from shared.cache.generations import Cached
from shared.errors import Refused
from shared.http.authentication import bearer_token, may_read, within_scopes
from shared.http.responses import respond
from shared.ports import Authenticator
from shared.telemetry.metrics import SECONDS

log = structlog.get_logger(__name__)
OPERATION = b"modplane-operation-id"
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
UNROUTED = "unrouted"
Key: TypeAlias = tuple[str, str, int]
CANONICAL_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
Read = Callable[[str], Awaitable[Cached | None]]


class HeadAsGet:
    """Answer HEAD as GET, without the body (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == ScopeType.HTTP and scope["method"] == "HEAD":
            return self._head(scope, receive, send)
        return self._app(scope, receive, send)

    async def _head(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        sent = asyncio.Event()
        is_forwarded = False

        async def until_sent() -> Any:
            # the caller has everything once the headers are sent: this ends an answer without an end
            nonlocal is_forwarded
            if not is_forwarded:
                is_forwarded = True
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


class RequestLog:
    """Log requests by route, never by what a caller wrote into the path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != ScopeType.HTTP:
            return self._app(scope, receive, send)
        started = perf_counter()

        def send_and_log(message: Message) -> Awaitable[None]:
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

        return self._app(scope, receive, send_and_log)


class Cell:
    """One histogram in plain lists: the client's own costs several times as much on every request."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(SECONDS) + 1)
        self.seconds = 0.0


class RequestMeter(Collector):
    """All requests of the process: as many series as own routes times statuses they answer with."""

    def __init__(self) -> None:
        self._cells: dict[Key, Cell] = {}

    def note(self, scope: HTTPScope, status: int, seconds: float) -> None:
        """Count one answered request. All without a route count as one."""
        method = scope["method"]
        key = (scope.get("path_template") or UNROUTED, method if method in METHODS else "other", status)
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = Cell()
        cell.counts[bisect_left(SECONDS, seconds)] += 1
        cell.seconds += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily(
            "modplane_http_request_seconds",
            "Requests, with the time to the answer's first byte.",
            labels=["route", "method", "status"],
        )
        bounds = [*map(str, map(float, SECONDS)), "+Inf"]
        for (route, method, status), cell in self._cells.items():
            buckets = list(zip(bounds, accumulate(cell.counts), strict=True))
            family.add_metric([route, method, str(status)], buckets, cell.seconds)
        yield family


METER = RequestMeter()
REGISTRY.register(METER)


class Measured:
    """Stands around all other middleware, so that every answer is measured."""

    def __init__(self, app: ASGIApp, meter: RequestMeter = METER) -> None:
        self._app = app
        self._note = meter.note

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Return awaitables instead of awaiting them: two coroutines less on every request."""
        if scope["type"] != ScopeType.HTTP:
            return self._app(scope, receive, send)
        started, note = perf_counter(), self._note

        def send_and_count(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                note(scope, message["status"], perf_counter() - started)
            return send(message)

        return self._app(scope, receive, send_and_count)


class FastPath:
    """Answer the successes of one GET route of organizations before routing, with the same bytes and headers."""

    def __init__(self, app: ASGIApp, route: str, authenticator: Authenticator, read: Read) -> None:
        self._app = app
        self._route = route
        self._path = re.compile(route.replace("{organization_id}", f"({CANONICAL_UUID})"))
        self._authenticator = authenticator
        self._read = read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] == "GET" and not scope["query_string"]:
            match = self._path.fullmatch(scope["path"])
            if match is not None and (cached := await self._cached(scope, match[1])) is not None:
                scope["path_template"] = self._route  # as routing would have set it, for the metrics
                await respond(scope, send, cached)
                return
        await self._app(scope, receive, send)

    async def _cached(self, scope: HTTPScope, organization_id: str) -> Cached | None:
        token = bearer_token(scope)
        if not token:
            return None
        try:
            caller = within_scopes(await self._authenticator.authenticate(token), scope["method"], scope["path"])
            return await self._read(organization_id) if may_read(caller, organization_id) else None
        except Refused:
            return None
