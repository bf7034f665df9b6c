"""One HTTP connection: uvicorn's protocol with a state, bounds and time-outs."""

import asyncio
from http import HTTPStatus
from typing import Any, TypeAlias

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app.server.connections import Connections, Reason, State
from shared.errors import Kind, Refusal
from shared.http.problems import PROBLEM_JSON, problem_body
from shared.telemetry.metrics import HTTP_CONNECTIONS_CLOSED

MAX_HEAD_BYTES = 64 * 1024
MAX_PIPELINED = 100
PART_BYTES = 16 * 1024
FAREWELL_SECONDS, MAX_REFUSED = 1.0, 200
"""How long a refused client may read the reason, and how many clients at a time."""

LAST_REQUEST_SECONDS = 1.0
"""How long a process that ends waits for a connection's first request, which may be on its way."""

UNWANTED_BYTES = 2 * 1024 * 1024
"""Bytes read of a body whose request is answered already, before the connection is aborted."""

Answer: TypeAlias = tuple[HTTPStatus, Kind, str, str]

BAD_REQUEST: Answer = (HTTPStatus.BAD_REQUEST, "malformed", "malformed", "This is no HTTP request.")
ANSWERS: dict[Reason, Answer] = {
    "slow_head": (
        HTTPStatus.REQUEST_TIMEOUT, "malformed", "request_timed_out",
        "The request did not come to the end of its head in time. Send it again, as a whole.",
    ),
    "large_head": (
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too_large", "head_too_large",
        f"The request's head is larger than {MAX_HEAD_BYTES} bytes.",
    ),
    "address_full": (
        HTTPStatus.TOO_MANY_REQUESTS, "too_many", "too_many_connections",
        "Too many connections are open from this address. Close some, or try again later.",
    ),
    "full": (
        HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "connections_full",
        "As many connections are open as this process takes. Try again later.",
    ),
}  # fmt: skip


class HttpConnection(HttpToolsProtocol):
    """Uvicorn's protocol, bounded. Its `state` says whose turn it is, the client's or the service's."""

    def __init__(
        self,
        connections: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.host = ""
        self.state: State = "reading"
        self._connections = connections
        self._is_admitted = False
        self._farewell: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = self._has_begun = self._is_last = False
        self._bytes_of_part = 0

    @property
    def unread(self) -> int:
        return self.transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        peer = transport.get_extra_info("peername")
        self.host = str(peer[0]) if peer else ""
        refused = self._connections.refusal(self.host)
        if refused is not None:
            HTTP_CONNECTIONS_CLOSED.labels(reason=refused).inc()
            transport.write(format_response(*ANSWERS[refused]))
            self._refuse(transport)
            return
        super().connection_made(transport)
        self._is_admitted = True
        self._connections.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._farewell is not None:
            self._farewell.cancel()
            self._connections.being_refused -= 1
        elif self._is_admitted:
            self._is_admitted = False
            self._connections.leave(self)
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_admitted:
            return
        self._bytes_of_part += len(data)
        super().data_received(data)
        self._update_state()
        if self.state == "closing":
            if self._bytes_of_part > UNWANTED_BYTES:
                self.transport.abort()
        elif self._in_head and self._bytes_of_part > MAX_HEAD_BYTES:
            self.end("large_head")

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("Too many requests wait for the answers before them.")
        self._in_head, self._in_body, self._bytes_of_part = False, True, 0
        super().on_headers_complete()
        self._has_begun = True
        if self._is_last:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Collect small parts of a body, so that the application is not woken for each."""
        if not self.cycle.response_complete and len(self.cycle.body) + len(body) < PART_BYTES:
            self.cycle.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._bytes_of_part = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._bytes_of_part = 0
        super().on_response_complete()
        self._update_state()

    def timeout_keep_alive_handler(self) -> None:
        """Do nothing: `Connections.end_late` ends idle connections."""

    def pause_writing(self) -> None:
        super().pause_writing()
        self._connections.stall(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._connections.flow(self)

    def shutdown(self) -> None:
        """Answer requests that have begun, and one more of a connection that has sent none yet."""
        self._is_last = True
        if not self._has_begun and not self.transport.is_closing():
            self.loop.call_later(LAST_REQUEST_SECONDS, self._close_unused)
        else:
            super().shutdown()
        self._update_state()

    def _close_unused(self) -> None:
        if not self._has_begun:
            self.transport.close()
            self._update_state()

    def send_400_response(self, msg: str) -> None:
        self.transport.write(format_response(*BAD_REQUEST))
        self.transport.close()

    def end(self, reason: Reason) -> None:
        """Close the connection, with an answer if one is due; abort it while earlier answers are unread."""
        HTTP_CONNECTIONS_CLOSED.labels(reason=reason).inc()
        if self.transport.is_closing() or self.unread or self.state in {"receiving", "serving", "closing"}:
            self.transport.abort()
            return
        if self._in_head and reason in ANSWERS:
            self.transport.write(format_response(*ANSWERS[reason]))
        self.transport.close()
        self._update_state()

    def _refuse(self, transport: asyncio.Transport) -> None:
        # If it closed at once, data sent meanwhile would reset the connection before the client reads the answer.
        if self._connections.being_refused >= MAX_REFUSED:
            transport.close()
            return
        self._connections.being_refused += 1
        transport.write_eof()
        self._farewell = self.loop.call_later(FAREWELL_SECONDS, transport.abort)

    def _update_state(self) -> None:
        state = self._current_state()
        if self._is_admitted and state != self.state:
            self._connections.move(self, state)

    def _current_state(self) -> State:
        if self.transport.is_closing():
            return "closing"
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            return "receiving" if self._in_body else "serving"
        if self._in_body:
            return "closing"
        return "reading" if self._in_head or cycle is None else "idle"


def format_response(status: HTTPStatus, kind: Kind, code: str, detail: str) -> bytes:
    """Format a whole response with a problem, after which the connection closes."""
    body = problem_body("", Refusal(kind, code, detail), status)
    head = [f"HTTP/1.1 {status.value} {status.phrase}", f"content-type: {PROBLEM_JSON}", f"content-length: {len(body)}"]
    head += ["retry-after: 2"] if kind in {"too_many", "unavailable"} else []
    return "\r\n".join([*head, "connection: close", "", ""]).encode() + body
