"""Listening to events as they happen: what was sent, understood; and a caller who listens."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import httpx

from tests.support.api_client import Api

PATIENCE = 20.0


class ReceivedEvents:
    """What was sent so far."""

    def __init__(self) -> None:
        self.sent = b""

    @property
    def parts(self) -> list[dict[str, str]]:
        whole = self.sent.decode().rpartition("\n\n")[0]
        return [dict(line.split(": ", 1) for line in block.split("\n") if line) for block in whole.split("\n\n")]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(part["data"]) for part in self.parts if "data" in part and "event" not in part]

    @property
    def positions(self) -> list[str]:
        return [event["position"] for event in self.events]

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(part["data"]) for part in self.parts if part.get("event") == "state"]

    @property
    def states(self) -> list[str]:
        return [told["state"] for told in self.told]

    @property
    def place(self) -> str:
        """What a client would come back with."""
        return [part["id"] for part in self.parts if "id" in part][-1]

    async def until(self, chunks: AsyncIterator[bytes], heard: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not heard():
                self.sent += await anext(chunks)


class EventStreamClient(ReceivedEvents):
    """A caller who listens while `with` lasts. `after`: the place from which he goes on."""

    def __init__(self, api: Api, query: str = "", after: str | None = None) -> None:
        super().__init__()
        self._api = api
        self._query = query
        self._headers = {"Last-Event-ID": after} if after else {}
        self._stack = ExitStack()
        self._chunks: Iterator[bytes] = iter(())

    def __enter__(self) -> Self:
        path = f"/events/stream{self._query}"
        streaming = self._api.client.stream("GET", path, headers=self._headers, timeout=httpx.Timeout(PATIENCE))
        self.answer = self._stack.enter_context(streaming)
        if self.answer.status_code == httpx.codes.OK:
            self._chunks = self.answer.iter_raw()
        else:
            self.answer.read()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def hear(self, heard: Callable[[], Any]) -> Self:
        """Listens until that is so; it fails when nothing comes for a while, and when the stream ends."""
        while not heard():
            self.sent += next(self._chunks)
        return self

    def live(self) -> Self:
        """Listens until all that was missed is here."""
        return self.hear(lambda: "live" in self.states)

    def to_the_end(self) -> Self:
        """Listens until the server ends the stream."""
        for chunk in self._chunks:
            self.sent += chunk
        return self
