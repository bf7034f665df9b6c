"""Moments in UTC, from the forms in which clients write them."""

import re
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

# Decoding a query turns a `+` that was not encoded into a space.
LOST_PLUS = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d(?::?\d\d)?)")
SHORT = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d)(:\d\d(?:\.\d+)?)?(?:([Zz])|([+-]\d\d)(?::?(\d\d))?)")

Moment = Annotated[datetime, Meta(tz=True)]


def in_utc(moment: datetime) -> datetime | None:
    """Convert to UTC; None when it lies outside the calendar there."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def moment_of(text: str) -> datetime | None:
    """Read a moment with its offset, in UTC; None when it is none, or lies outside the calendar.

    Seconds and the offset's minutes may be left out, as some clients do, and its `+` may have become a space.
    """
    written = LOST_PLUS.sub(r"\1+\2", text) if LOST_PLUS.fullmatch(text) else text
    if (short := SHORT.fullmatch(written)) is not None:
        minutes, seconds, utc, hours, rest = short.groups()
        written = minutes + (seconds or ":00") + (utc or f"{hours}:{rest or '00'}")
    try:
        return in_utc(msgspec.convert(written, Moment))
    except msgspec.ValidationError:
        return None
