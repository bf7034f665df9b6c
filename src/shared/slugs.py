"""Ids that users choose: module ids and industry codes."""

from typing import Annotated

from msgspec import Meta

SLUG_PATTERN = r"^[a-z][a-z0-9_]{1,62}(?!\n)$"
MAX_SLUG = 63

Slug = Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=MAX_SLUG)]
