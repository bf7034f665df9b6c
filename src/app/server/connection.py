"""One connection from a caller: the server's own, which tells what it is at and ends when it is waited for too long."""

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
FAREWELL_SECONDS, MAX_TURNED_AWAY = 1.0, 200
"""So long, and so many at a time, who are not let in are given to hear why."""

LAST_REQUEST_SECONDS = 1.0
"""How long a process that ends waits for the first request of a connection: it may be on its way."""

UNWANTED_BYTES = 2 * 1024 * 1024
"""Of a body whose request is answered already; who sends more is cut off."""

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
    """Uvicorn's protocol, bounded. Its `state` says who is to do something next, the caller or the service."""

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
        self._is_known = False
        self._farewell: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = self._has_begun = self._is_last = False
        self._bytes_of_part = 0

    @property
    def unread(self) -> int:
        """Bytes that its caller has not taken yet."""
        return self.transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Lets the caller in, or tells him why not."""
        peer = transport.get_extra_info("peername")
        self.host = str(peer[0]) if peer else ""
        refused = self._connections.refusal(self.host)
        if refused is not None:
            HTTP_CONNECTIONS_CLOSED.labels(reason=refused).inc()
            transport.write(answer_of(*ANSWERS[refused]))
            self._turn_away(transport)
            return
        super().connection_made(transport)
        self._is_known = True
        self._connections.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed, by whomever."""
        if self._farewell is not None:
            self._farewell.cancel()
            self._connections.turned_away -= 1
        elif self._is_known:
            self._is_known = False
            self._connections.leave(self)
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something of a request, or of several."""
        if not self._is_known:
            return
        self._bytes_of_part += len(data)
        super().data_received(data)
        self._settle()
        if self.state == "closing":
            if self._bytes_of_part > UNWANTED_BYTES:
                self.transport.abort()
        elif self._in_head and self._bytes_of_part > MAX_HEAD_BYTES:
            self.end("large_head")

    def on_message_begin(self) -> None:
        """A request's first byte."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The request can be answered from now on."""
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("Too many requests wait for the answers before them.")
        self._in_head, self._in_body, self._bytes_of_part = False, True, 0
        super().on_headers_complete()
        self._has_begun = True
        if self._is_last:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A part of the body. Small ones are kept until they are worth the application's while, or are the last."""
        if not self.cycle.response_complete and len(self.cycle.body) + len(body) < PART_BYTES:
            self.cycle.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here as a whole."""
        self._in_body = False
        self._bytes_of_part = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The request is answered."""
        self._bytes_of_part = 0
        super().on_response_complete()
        self._settle()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing: this is seen to where all others are ended."""

    def pause_writing(self) -> None:
        """The caller does not read as fast as he is answered."""
        super().pause_writing()
        self._connections.stall(self)

    def resume_writing(self) -> None:
        """He caught up."""
        super().resume_writing()
        self._connections.flow(self)

    def shutdown(self) -> None:
        """The process is about to end: what has begun is answered, and whoever has just come is heard once."""
        self._is_last = True
        if not self._has_begun and not self.transport.is_closing():
            self.loop.call_later(LAST_REQUEST_SECONDS, self._close_unused)
        else:
            super().shutdown()
        self._settle()

    def _close_unused(self) -> None:
        if not self._has_begun:
            self.transport.close()
            self._settle()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP."""
        self.transport.write(answer_of(*BAD_REQUEST))
        self.transport.close()

    def end(self, reason: Reason) -> None:
        """Ends it, with an answer where one is due; at once when it is not even read what was sent before."""
        HTTP_CONNECTIONS_CLOSED.labels(reason=reason).inc()
        if self.transport.is_closing() or self.unread or self.state in {"receiving", "serving", "closing"}:
            self.transport.abort()
            return
        if self._in_head and reason in ANSWERS:
            self.transport.write(answer_of(*ANSWERS[reason]))
        self.transport.close()
        self._settle()

    def _turn_away(self, transport: asyncio.Transport) -> None:
        # Closed at once, what the caller sent meanwhile would make his kernel forget the answer.
        if self._connections.turned_away >= MAX_TURNED_AWAY:
            transport.close()
            return
        self._connections.turned_away += 1
        transport.write_eof()
        self._farewell = self.loop.call_later(FAREWELL_SECONDS, transport.abort)

    def _settle(self) -> None:
        state = self._present_state()
        if self._is_known and state != self.state:
            self._connections.move(self, state)

    def _present_state(self) -> State:
        if self.transport.is_closing():
            return "closing"
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            return "receiving" if self._in_body else "serving"
        if self._in_body:
            return "closing"
        return "reading" if self._in_head or cycle is None else "idle"


def answer_of(status: HTTPStatus, kind: Kind, code: str, detail: str) -> bytes:
    """A whole answer to a request that never came to a path: a problem, after which the connection is closed."""
    body = problem_body("", Refusal(kind, code, detail), status)
    head = [f"HTTP/1.1 {status.value} {status.phrase}", f"content-type: {PROBLEM_JSON}", f"content-length: {len(body)}"]
    head += ["retry-after: 2"] if kind in {"too_many", "unavailable"} else []
    return "\r\n".join([*head, "connection: close", "", ""]).encode() + body
