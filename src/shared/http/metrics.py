"""Requests by route, method and status, with the time to the answer's first byte.

Counted in plain lists: the default client's histogram costs several times as much, on every request there is.
"""

from bisect import bisect_left
from collections.abc import Awaitable, Iterator
from itertools import accumulate
from time import perf_counter
from typing import TypeAlias

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import REGISTRY
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from shared.telemetry.metrics import SECONDS

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
UNROUTED = "unrouted"

Key: TypeAlias = tuple[str, str, int]


class Cell:
    """One histogram: requests by the first bound they fit, and the sum of their seconds."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(SECONDS) + 1)
        self.seconds = 0.0


class RequestMeter(Collector):
    """All requests of the process. There are as many series as own routes times statuses they answer with."""

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
    """ASGI middleware around all others, so that every answer is measured."""

    def __init__(self, app: ASGIApp, meter: RequestMeter = METER) -> None:
        self._app = app
        self._note = meter.note

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Measure until the answer begins; what is cut off before that is not an answer.

        Returns awaitables instead of awaiting them: two coroutines less on every request.
        """
        if scope["type"] != ScopeType.HTTP:
            return self._app(scope, receive, send)
        started, note = perf_counter(), self._note

        def noting(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                note(scope, message["status"], perf_counter() - started)
            return send(message)

        return self._app(scope, receive, noting)
