"""Keyset pages: a cursor is the last sort key, opaque to whoever carries it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, TypeVar

import msgspec
from litestar.params import QueryParameter

from shared.errors import FieldError, Malformed

Key = TypeVar("Key")

DEFAULT_LIMIT = 50

# Litestar reads the bounds of a query parameter here alone: msgspec's Meta beside it is dropped without a word.
PageLimit = Annotated[int, QueryParameter(ge=1, le=200)]
PageCursor = Annotated[str | None, QueryParameter(max_length=2000)]


class BadCursor(Malformed):
    """The cursor is none that this list gave."""


def cursor_after(key: Any) -> str:
    """The cursor of the page that begins after this sort key."""
    return urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def key_of(cursor: str, type_: type[Key]) -> Key:
    """The sort key in a cursor. Raises `BadCursor`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return msgspec.json.decode(urlsafe_b64decode(padded.encode()), type=type_)
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadCursor(
            "This cursor was not given by this list. Leave it out to begin anew.",
            errors=[FieldError("cursor", "unreadable")],
        ) from error
