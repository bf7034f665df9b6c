"""Cursors of keyset pages: where a page ended, signed for one list, filter and order."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Protocol, TypeVar

import msgspec
from litestar.params import QueryParameter

from shared.errors import FieldError, Malformed
from shared.ports import Database
from shared.text.forms import MAX_SEARCH, VISIBLE

Place = TypeVar("Place")
Row = TypeVar("Row")

DEFAULT_LIMIT = 50
KEY_BYTES = 32
SIGNATURE_BYTES = 12

KEY = "SELECT key FROM shared.cursor_key"
ADD_KEY = "INSERT INTO shared.cursor_key (id, key) VALUES (1, $1) ON CONFLICT DO NOTHING"

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
    """The cursor was not issued by this list for these parameters."""


class ParameterMissing(Malformed):
    """A parameter has no meaning without another one."""


class CursorKey(Protocol):
    async def key(self) -> bytes:
        """Return 32 bytes, the same on all replicas."""
        ...


class PostgresCursorKey:
    """The key in `shared.cursor_key`, made by the first process that needs it, and read once per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key: bytes | None = None

    async def key(self) -> bytes:
        if self._key is None:
            self._key = await self._stored() or await self._created()
        return self._key

    async def _stored(self) -> bytes | None:
        async with self._database.snapshot() as transaction:
            key: bytes | None = await transaction.fetchval(KEY)
        return key

    async def _created(self) -> bytes:
        async with self._database.writing() as transaction:
            await transaction.execute(ADD_KEY, secrets.token_bytes(KEY_BYTES))
            key: bytes = await transaction.fetchval(KEY)
        return key


class Cursors:
    """Issues and verifies cursors on any replica. Their content is readable, but cannot be forged or changed."""

    def __init__(self, key: CursorKey) -> None:
        self._key = key

    async def of(self, name: str, *parameters: Any) -> "ListCursors":
        """Return the cursors of one list for its filters and its order: all parameters but `limit` and `cursor`."""
        bound_to = msgspec.json.encode([name, parameters])
        return ListCursors(hashlib.blake2b(bound_to, key=await self._key.key(), digest_size=32).digest())


class ListCursors:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def after(self, place: Any) -> str:
        encoded = msgspec.json.encode(place)
        return unpadded(self._signature(encoded) + encoded)

    def following(self, place: Any | None) -> str | None:
        return None if place is None else self.after(place)

    def place(self, cursor: str | None, type_: type[Place]) -> Place | None:
        """Return where the page before ended; None without a cursor. Raises `BadCursor`."""
        if cursor is None:
            return None
        try:
            return msgspec.json.decode(self._verified(cursor), type=type_)
        except ValueError as error:
            raise BadCursor(
                "This list gave no such cursor to these parameters. Leave it out to begin anew.",
                errors=[FieldError("cursor", "unreadable, changed, or of another list, filter or order")],
            ) from error

    def beyond(self, rows: Sequence[Row], limit: int, place: Callable[[Row], Any]) -> str | None:
        """Return the cursor after row number `limit`; None unless a further row proves that there is a next page."""
        return self.following(place(rows[limit - 1]) if len(rows) > limit else None)

    def _verified(self, cursor: str) -> bytes:
        """Raise `ValueError`."""
        signed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        signature, encoded = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
        # Several texts decode to the same bytes: only the one that was issued is valid.
        if not hmac.compare_digest(signature, self._signature(encoded)) or unpadded(signed) != cursor:
            raise ValueError(cursor)
        return encoded

    def _signature(self, encoded: bytes) -> bytes:
        return hashlib.blake2b(encoded, key=self._key, digest_size=SIGNATURE_BYTES).digest()


def unpadded(signed: bytes) -> str:
    return urlsafe_b64encode(signed).decode().rstrip("=")
