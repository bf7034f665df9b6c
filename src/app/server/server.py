"""The HTTP server of a process: uvicorn, with bounded connections."""

import asyncio
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import Any, cast

import msgspec
import structlog
import uvicorn
from litestar import Litestar

from app.server.connection import HttpConnection
from app.server.connections import ConnectionLimits, Connections

log = structlog.get_logger(__name__)

BACKLOG = 4096
OTHER_FILES = 512
"""Open files of a process beside its clients: pools, its own files, and a reserve."""

UNREACHABLE_MS = 60_000
"""How long data may stay unacknowledged, or a client read nothing, until the kernel ends a connection."""

GRACE_SECONDS = 5
EXIT_SECONDS = 9.0
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class AddressNotFree(OSError):  # noqa: N818 - named after the fault
    """The service cannot listen on the address."""


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, limits: ConnectionLimits) -> None:
        super().__init__(config)
        self._limits = limits
        self._connections: Connections | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._connections = Connections(fit_open_files(self._limits), asyncio.get_running_loop().time)
        # Called by the server where it would make a protocol of its class.
        self.config.http_protocol_class = cast("Any", partial(HttpConnection, self._connections))
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept what has connected already, which the kernel would reset, then close the listeners."""
        loop, backlog = asyncio.get_running_loop(), list(accept_backlog(sockets or []))
        for server in self.servers:
            server.close()
        for accepted in backlog:
            await loop.connect_accepted_socket(self._protocol, accepted)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        make: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        if self._connections is not None:
            await self._connections.end_late()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End within `EXIT_SECONDS`; at a second Ctrl-C, without waiting for requests."""
        if not self.should_exit:
            watchdog = threading.Timer(EXIT_SECONDS, os._exit, (1,))
            watchdog.daemon = True
            watchdog.start()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def serve(create_app: Callable[[], Litestar], host: str, port: int, limits: ConnectionLimits) -> None:
    """Serve until SIGTERM or SIGINT. Raises `AddressNotFree`."""
    config = uvicorn.Config(
        create_app,
        factory=True,
        interface="asgi3",
        loop="uvloop",
        http=HttpConnection,
        ws="none",
        lifespan="on",
        workers=1,
        backlog=BACKLOG,
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Server(config, limits)
    server.run(listeners(host, port))
    if not server.started:
        sys.exit(1)


def listeners(host: str, port: int) -> list[socket.socket]:
    """Bind a socket to every address of the host. Raises `AddressNotFree`."""
    bound: list[socket.socket] = []
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(addresses):
            listener = socket.socket(family, kind, protocol)
            bound.append(listener)
            for level, option, value in socket_options():
                listener.setsockopt(level, option, value)
            listener.bind(address)
    except OSError as error:
        for listener in bound:
            listener.close()
        raise AddressNotFree(f"The service cannot listen on {host}, port {port}: {error.strerror or error}.") from error
    return bound


def accept_backlog(listeners: Sequence[socket.socket]) -> Iterator[socket.socket]:
    for listener in listeners:
        listener.setblocking(False)
        with suppress(OSError):
            while True:
                accepted, _ = listener.accept()
                accepted.setblocking(False)
                yield accepted


def socket_options() -> Sequence[tuple[int, int, int]]:
    """Return options of listening sockets, which accepted ones inherit."""
    options = [(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    # Elsewhere than on Linux the kernel's own limits hold.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREACHABLE_MS))
        options.append((socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, UNREACHABLE_MS // 1000))
    return options


def fit_open_files(limits: ConnectionLimits) -> ConnectionLimits:
    """Limit connections to what the limit of open files allows; log it when that is fewer than configured."""
    needed = limits.most + OTHER_FILES
    files = raise_open_files(needed)
    if files >= needed:
        return limits
    most = max(1, files - OTHER_FILES)
    log.warning("open_files_limit_low", open_files=files, needed=needed, connections=most)
    return msgspec.structs.replace(limits, most=most)


def raise_open_files(wanted: int) -> int:
    """Raise the process's limit of open files towards `wanted` as far as allowed, and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = allowed
    return wanted if soft == resource.RLIM_INFINITY else soft


@contextmanager
def call_at_shutdown(callback: Callable[[], None]) -> Iterator[None]:
    """Call back in the loop at a signal to end, beside the server's own handling.

    The server waits for open requests before it stops the application, and a stream of events never ends by itself.
    """
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        if callable(then := before[signal.Signals(number)]):
            then(number, frame)

    # A signal without a handler ends the process at once, and that stays so.
    handled = [number for number in SIGNALS if callable(before[number])]
    for number in handled:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])
