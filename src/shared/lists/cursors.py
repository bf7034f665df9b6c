"""Keyset pages: a cursor is the place where a page ended, sealed for its list and for what was asked of it."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from litestar.params import QueryParameter

from shared.errors import FieldError, Malformed
from shared.text.forms import MAX_SEARCH, VISIBLE

Place = TypeVar("Place")
Row = TypeVar("Row")

DEFAULT_LIMIT = 50
SEAL_BYTES = 12

# Litestar reads the bounds of a query parameter here alone: msgspec's Meta beside it is dropped without a word.
PageLimit = Annotated[int, QueryParameter(ge=1, le=200, description="How many items at most.")]
SomeOrAll = Annotated[
    int | None,
    QueryParameter(
        ge=1, le=200, description="How many items at most. 50 when left out; but all, where nothing else is asked for."
    ),
]
PageCursor = Annotated[
    str | None, QueryParameter(max_length=2000, description="`next_cursor` of a page of this list, asked the same way.")
]
PAGE_ORDER = QueryParameter(description="The order; `-` turns it round.")
PageSearch = Annotated[
    str | None,
    QueryParameter(
        max_length=MAX_SEARCH, pattern=VISIBLE, description="Each of its words begins a word of a name or code."
    ),
]


class BadCursor(Malformed):
    """The cursor is none that this list gave to this question."""


class ParameterMissing(Malformed):
    """A parameter says nothing without another one."""


class CursorKey(Protocol):
    """The key that seals cursors."""

    async def key(self) -> bytes:
        """32 bytes, the same on all replicas."""
        ...


class Cursors:
    """Gives cursors and takes them back, on whatever replica. They hide nothing; they cannot be made up or changed."""

    def __init__(self, key: CursorKey) -> None:
        self._key = key

    async def of(self, name: str, *asked: Any) -> "ListCursors":
        """Those of one list for one question: its filters and its order, all but `limit` and `cursor`."""
        question = msgspec.json.encode([name, asked])
        return ListCursors(hashlib.blake2b(question, key=await self._key.key(), digest_size=32).digest())


class ListCursors:
    """The cursors of one list for one question."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def after(self, place: Any) -> str:
        """The cursor of the page that begins after this place."""
        told = msgspec.json.encode(place)
        return unpadded(self._seal(told) + told)

    def following(self, place: Any | None) -> str | None:
        """The same; None without a place, after the last page."""
        return None if place is None else self.after(place)

    def place(self, cursor: str | None, type_: type[Place]) -> Place | None:
        """Where the page before ended; None without a cursor. Raises `BadCursor`."""
        if cursor is None:
            return None
        try:
            return msgspec.json.decode(self._opened(cursor), type=type_)
        except ValueError as error:
            raise BadCursor(
                "This list gave no such cursor to these parameters. Leave it out to begin anew.",
                errors=[FieldError("cursor", "unreadable, changed, or of another list, filter or order")],
            ) from error

    def beyond(self, rows: Sequence[Row], limit: int, place: Callable[[Row], Any]) -> str | None:
        """The cursor after row number `limit`; None unless a further row shows that there is a next page."""
        return self.following(place(rows[limit - 1]) if len(rows) > limit else None)

    def _opened(self, cursor: str) -> bytes:
        """The place as it was told. Raises `ValueError`."""
        sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        seal, told = sealed[:SEAL_BYTES], sealed[SEAL_BYTES:]
        # A text that decodes to the same bytes is another text all the same.
        if not hmac.compare_digest(seal, self._seal(told)) or unpadded(sealed) != cursor:
            raise ValueError(cursor)
        return told

    def _seal(self, told: bytes) -> bytes:
        return hashlib.blake2b(told, key=self._key, digest_size=SEAL_BYTES).digest()


def unpadded(sealed: bytes) -> str:
    """As it goes into an address."""
    return urlsafe_b64encode(sealed).decode().rstrip("=")
