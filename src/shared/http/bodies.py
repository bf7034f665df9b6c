"""Request bodies: decoded strictly, and awaited as long as they keep coming."""

import asyncio
import re
from codecs import BOM_UTF8
from collections.abc import Awaitable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec
from litestar import Request
from litestar.enums import ScopeType
from litestar.exceptions import ClientException
from litestar.types import ASGIApp, Receive, Scope, Send

from shared.errors import FieldError, Malformed, UnsupportedMedia
from shared.json.documents import duplicate_keys
from shared.json.patches import has_nul
from shared.telemetry.metrics import HTTP_CONNECTIONS_CLOSED
from shared.text.forms import flaws_in, unreadable

MAX_BODY_BYTES = 1024 * 1024
LARGE_BODY_BYTES = 16 * 1024
"""From here on reading a body once more takes longer than the event loop may be held."""
NO_BODY = (b"", b"{}", b"null")
BYTES_A_SECOND = 16 * 1024
GOLDEN_RATIO, SPREAD = 0.618, 0.2
WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})

AnyRequest: TypeAlias = Request[Any, Any, Any]


class InvalidBody(Malformed):
    """The body is not of the documented form."""


class UnsupportedContentEncoding(UnsupportedMedia):
    """The body is compressed."""


@lru_cache
def strict_decoder(type_: Any) -> "msgspec.json.Decoder[Any]":
    """Decode strictly: no numbers from text, no unknown fields where the struct forbids them."""
    return msgspec.json.Decoder(type_)


class PlainRequest(Request[Any, Any, Any]):
    """A request whose body is read without the byte order mark that some clients put before UTF-8."""

    async def body(self) -> bytes:
        return (await super().body()).removeprefix(BOM_UTF8)


async def strict_body(request: Request[Any, Any, Any]) -> None:
    """Raise `InvalidBody` for a body only a lax reading would accept, and `UnsupportedContentEncoding`."""
    if (encoding := request.headers.get("content-encoding", "identity").strip().lower()) not in {"", "identity"}:
        raise UnsupportedContentEncoding(
            f"Send the body as it is, without Content-Encoding: {encoding[:50]} is not taken here."
        )
    definition = request.route_handler.parsed_fn_signature.parameters.get("data")
    if definition is None:
        await refuse_body(request)
        return
    body = await request.body()
    try:
        decoded = strict_decoder(definition.annotation).decode(body)
    except msgspec.ValidationError as error:
        raise InvalidBody(f"The body does not fit: {error}", errors=[field_error(str(error))]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"The body is not JSON: {error}") from error
    if b"\\u0000" in body and has_nul(msgspec.json.decode(body)):
        raise InvalidBody("Text may not contain the character NUL (\\u0000).")
    large = len(body) > LARGE_BODY_BYTES
    if duplicates := await asyncio.to_thread(duplicate_keys, body) if large else duplicate_keys(body):
        raise InvalidBody("A key may be in an object once: which of its values is meant?", errors=duplicates)
    refuse_unreadable(decoded)


async def refuse_body(request: Request[Any, Any, Any]) -> None:
    """Raise `InvalidBody` for a body the route would overlook; an empty object or null counts as none."""
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    if (await request.body()).strip() not in NO_BODY:
        raise InvalidBody("This route takes no body. Nothing was done: put what it takes into the address.")


def refuse_unreadable(decoded: Any) -> None:
    """Raise `UnreadableText` for names that nobody could read, and `InvalidBody` for an empty search."""
    flaws = list(flaws_in(decoded))
    if errors := [error for kind, error in flaws if kind == "search"]:
        raise InvalidBody("A filter may not be empty: leave out what is not to be searched.", errors=errors)
    if flaws:
        raise unreadable([error for _, error in flaws])


def field_error(message: str) -> FieldError:
    """Turn msgspec's path into a JSON pointer: "… - at `$.modules[3]`" is `/modules/3`."""
    text, _, path = message.partition(" - at `$")
    pointer = "".join("/" + part for part in re.findall(r"[^.\[\]`]+", path))
    named = re.search(r"(?:unknown|required) field `(.+?)`", text)
    return FieldError(f"{pointer}/{named.group(1)}" if named else pointer, text)


class BodyTimedOut(ClientException):
    """The body did not come in time."""

    status_code = HTTPStatus.REQUEST_TIMEOUT


class BodyBrokenOff(ClientException):
    """The caller left before the end of the body."""


class Body:
    """One request's body. Only the time spent waiting for it counts, not that before the application reads it."""

    __slots__ = ("_is_complete", "_receive", "_seconds")

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._is_complete = False

    async def receive(self) -> Any:
        """Return the next part, which earns more time. Raises `BodyTimedOut` or `BodyBrokenOff` before the end."""
        if self._is_complete:
            return await self._receive()
        now = asyncio.get_running_loop().time
        began = now()
        try:
            async with asyncio.timeout(self._seconds):
                message: Any = await self._receive()
        except TimeoutError:
            HTTP_CONNECTIONS_CLOSED.labels(reason="slow_body").inc()
            raise BodyTimedOut(
                "The request's body did not come in time. Send it again, as a whole.", headers={"Connection": "close"}
            ) from None
        if message["type"] == "http.disconnect":
            raise BodyBrokenOff("The request ended before its body did.")
        self._seconds += len(message["body"]) / BYTES_A_SECOND - (now() - began)
        self._is_complete = not message.get("more_body", False)
        return message


class BodyTimeouts:
    """ASGI middleware: a body has `seconds`, or up to a fifth more, and further ones for each part of it that comes."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._spread = 0.0

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != ScopeType.HTTP or scope["method"] in WITHOUT_BODY:
            return self._app(scope, receive, send)
        # Thousands that came together are not refused in one go.
        self._spread = (self._spread + GOLDEN_RATIO) % 1
        return self._app(scope, Body(receive, self._seconds * (1 + SPREAD * self._spread)).receive, send)
