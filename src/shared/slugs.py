"""Ids that people choose: module ids and industry codes."""

from typing import Annotated

from msgspec import Meta

Slug = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{1,62}(?!\n)$", max_length=63)]
