"""Connections that keep a service waiting, from many addresses, opened again as soon as they are ended.

`python -m bench.flood PORT KIND NUMBER [TOKEN]`: says `open` once all are there, and stays until it is ended.
"""

import asyncio
import resource
import sys
from itertools import count

import uvloop

ADDRESSES = 200
AT_ONCE = 100
PAUSE_SECONDS = 0.2
BODY = (
    "POST /api/v1/auth/login HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"
)
SAID = {
    "idle": "",
    "heads": "GET /api/v1/industries HTTP/1.1\r\nHost: bench\r\nX-Half",
    "bodies": BODY,
    "trickles": BODY,
    "streams": "GET /api/v1/events/stream HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n",
}


class Idler(asyncio.Protocol):
    """One connection that says its part, and hears whatever comes."""

    def __init__(self, said: bytes) -> None:
        self._said = said
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's, as the protocol is
        if self._said and self.transport is not None:
            self.transport.write(self._said)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


async def stay(
    port: int, said: bytes, source: str, gate: asyncio.Semaphore, there: asyncio.Semaphore, kind: str
) -> None:
    """Keep one connection open, for ever."""
    loop, counted = asyncio.get_running_loop(), False
    while True:
        async with gate:
            try:
                _, idler = await loop.create_connection(lambda: Idler(said), "127.0.0.1", port, local_addr=(source, 0))
            except OSError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
        if not counted:
            there.release()
            counted = True
        while kind == "trickles" and not idler.ended.done() and idler.transport is not None:
            idler.transport.write(b" ")
            await asyncio.wait({idler.ended}, timeout=1)
        await idler.ended


async def flood(port: int, kind: str, number: int, token: str) -> None:
    """All of them."""
    said = SAID[kind].format(token=token).encode() if kind == "streams" else SAID[kind].encode()
    gate, there, places = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(0), count(2)
    sources = [f"127.0.{place // 250}.{place % 250 + 2}" for place, _ in zip(places, range(ADDRESSES), strict=False)]
    tasks = [
        asyncio.create_task(stay(port, said, sources[place % ADDRESSES], gate, there, kind)) for place in range(number)
    ]
    for _ in range(number):
        await there.acquire()
    sys.stdout.write("open\n")
    sys.stdout.flush()
    await asyncio.gather(*tasks)


def main() -> None:
    """Floods."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port, kind, number, *token = sys.argv[1:]
    uvloop.run(flood(int(port), kind, int(number), token[0] if token else ""))


if __name__ == "__main__":
    main()
