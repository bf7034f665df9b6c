"""The HTTP server of a process: uvicorn, with bounded connections."""

import asyncio
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
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
FILES_BESIDE = 512
"""Open files of a process that are no callers: the pools of its parts, its own files, and some to spare."""

UNREACHABLE_MS = 60_000
"""How long what was sent may stay unacknowledged, or its reader take nothing, until the kernel ends a connection."""

GRACE_SECONDS = 5
LAST_SECONDS = 9.0


class AddressNotFree(OSError):  # noqa: N818 - says what is not so
    """The service cannot listen there."""


class Server(uvicorn.Server):
    """Uvicorn's server. It ends late connections, and itself in time when it is told to."""

    def __init__(self, config: uvicorn.Config, limits: ConnectionLimits) -> None:
        super().__init__(config)
        self._limits = limits
        self._connections: Connections | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets the application start, then callers in."""
        self._connections = Connections(fitting(self._limits), asyncio.get_running_loop().time)
        # Called by the server where it would make a protocol of its class.
        self.config.http_protocol_class = cast("Any", partial(HttpConnection, self._connections))
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets in who has connected already, for the kernel would cut them off, and nobody else from then on."""
        loop, last = asyncio.get_running_loop(), list(waiting_at(sockets or []))
        for server in self.servers:
            server.close()
        for accepted in last:
            await loop.connect_accepted_socket(self._protocol, accepted)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        of_connection: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return of_connection(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        if self._connections is not None:
            await self._connections.end_late()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ends in the given time, whatever is under way; at the second Ctrl-C without waiting for requests."""
        if not self.should_exit:
            watchdog = threading.Timer(LAST_SECONDS, os._exit, (1,))
            watchdog.daemon = True
            watchdog.start()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def serve(create_app: Callable[[], Litestar], host: str, port: int, limits: ConnectionLimits) -> None:
    """Serves until SIGTERM or SIGINT. Raises `AddressNotFree`."""
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
    """Sockets for every address the host has. Raises `AddressNotFree`."""
    found: list[socket.socket] = []
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in dict.fromkeys(addresses):
            listener = socket.socket(family, kind, protocol)
            found.append(listener)
            for level, option, value in options():
                listener.setsockopt(level, option, value)
            listener.bind(address)
    except OSError as error:
        for listener in found:
            listener.close()
        raise AddressNotFree(f"The service cannot listen on {host}, port {port}: {error.strerror or error}.") from error
    return found


def waiting_at(listeners: Sequence[socket.socket]) -> Iterator[socket.socket]:
    """Connections that nobody has accepted yet."""
    for listener in listeners:
        listener.setblocking(False)
        with suppress(OSError):
            while True:
                accepted, _ = listener.accept()
                accepted.setblocking(False)
                yield accepted


def options() -> Sequence[tuple[int, int, int]]:
    """Of a listening socket; what is accepted there has them too."""
    told = [(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    # Elsewhere than on Linux the kernel's own limits hold.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        told.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREACHABLE_MS))
        told.append((socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, UNREACHABLE_MS // 1000))
    return told


def fitting(limits: ConnectionLimits) -> ConnectionLimits:
    """As many connections as the process may have open files for; says so when these are fewer than wanted."""
    wanted = limits.most + FILES_BESIDE
    files = raise_open_files(wanted)
    if files >= wanted:
        return limits
    most = max(1, files - FILES_BESIDE)
    log.warning("open_files_limit_low", open_files=files, needed=wanted, connections=most)
    return msgspec.structs.replace(limits, most=most)


def raise_open_files(wanted: int) -> int:
    """Raises the process's limit of open files as far as it is wanted and allowed; returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = allowed
    return wanted if soft == resource.RLIM_INFINITY else soft
