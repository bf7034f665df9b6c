"""Ids that users choose: module ids and industry codes."""

from typing import Annotated

import msgspec
from msgspec import Meta

SLUG_PATTERN = r"^[a-z][a-z0-9_]{1,62}(?!\n)$"
MAX_SLUG = 63

Slug = Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=MAX_SLUG)]


def require_slug(text: str, absent: Exception) -> str:
    """Return a slug from a path. Raises `absent` for other text, before a key is made or the database is read."""
    try:
        return msgspec.convert(text, Slug)
    except msgspec.ValidationError as error:
        raise absent from error
