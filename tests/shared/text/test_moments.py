"""Moments as people and programs write them, in UTC."""

from datetime import UTC, datetime

import pytest

from shared.text.moments import moment_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-23T12:00:00Z", "2026-11-23T14:00:00+02:00", "2026-11-23T14:00:00 02:00", "2026-11-23T14:00:00+0200"),
        *("2026-11-23 14:00:00+02:00", "2026-11-23 14:00:00 02:00", "2026-11-23T12:00Z", "2026-11-23T14:00+02"),
        *("2026-11-23T12:00:00.000000000Z", "2026-11-23t07:00:00-05:00"),
    ],
)
def test_what_common_clients_send_is_understood(text: str) -> None:
    assert moment_of(text) == NOON


@pytest.mark.parametrize(
    "text",
    [
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00+00:01"),
        *("", "2026-11-23", "2026-11-23T12:00:00", "2026-11-23 12:00:00", "12:00", "2026-11-23T25:00:00Z", "null", "0"),
    ],
)
def test_what_has_no_offset_or_no_place_in_the_calendar_is_none(text: str) -> None:
    assert moment_of(text) is None
