"""Callers in a closed loop: each has a connection of its own and asks again as soon as it was answered."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

HEAD_ENDS = b"\r\n\r\n"
LENGTH = b"content-length: "


@dataclass
class Load:
    """What callers saw: how long each answer took, in seconds, and what was no success."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0.0
    refused: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.took) / self.seconds

    def quantile(self, share: float) -> float:
        """Return the latency of this quantile, in milliseconds."""
        return sorted(self.took)[min(len(self.took) - 1, int(len(self.took) * share))] * 1000


class Connection(asyncio.Protocol):
    """HTTP/1.1 for one request at a time, and no more of it than answers with a length need."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answered: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("The service closed the connection."))

    async def ask(self, request: bytes) -> bytes:
        """Return the whole answer."""
        assert self._transport is not None
        self._received.clear()
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        head = received.find(HEAD_ENDS)
        if head < 0 or self._answered is None or self._answered.done():
            return
        at = received.lower().find(LENGTH, 0, head)
        length = int(received[at + len(LENGTH) : received.find(b"\r", at)]) if at >= 0 else 0
        if len(received) >= head + len(HEAD_ENDS) + length:
            self._answered.set_result(bytes(received))

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


async def called(url: str, following: Callable[[], bytes], callers: int, seconds: float) -> Load:
    """Send requests one after another from `callers` connections for so many seconds, and return what they measured."""
    place, loop, load = urlsplit(url), asyncio.get_running_loop(), Load()
    assert place.hostname is not None
    assert place.port is not None
    connections = [(await loop.create_connection(Connection, place.hostname, place.port))[1] for _ in range(callers)]
    started = time.perf_counter()

    async def call(connection: Connection) -> None:
        while (asked := time.perf_counter()) - started < seconds:
            answer = await connection.ask(following())
            load.took.append(time.perf_counter() - asked)
            if not answer.startswith(b"HTTP/1.1 20"):
                load.refused.append(answer)

    await asyncio.gather(*map(call, connections))
    load.seconds = time.perf_counter() - started
    for connection in connections:
        connection.close()
    if load.refused:
        raise SystemExit(f"{len(load.refused)} of {len(load.took)} requests were refused: {load.refused[0]!r}")
    return load


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """Encode a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: application/json"] if body else []
    lines += [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join(lines).encode() + HEAD_ENDS + body
