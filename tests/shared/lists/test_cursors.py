"""Cursors are taken back by the list that gave them, for the question they were given to, and by no other."""

import asyncio
import string
from collections.abc import Callable
from typing import Any

import pytest

from shared.lists.cursors import BadCursor, Cursors, PostgresCursorKey
from shared.postgres.database import PostgresDatabase
from tests.fakes import CURSORS

ALPHABET = string.ascii_letters + string.digits + "-_"


class AnotherKey:
    async def key(self) -> bytes:
        return b"o" * 32


@pytest.mark.parametrize("place", [7, "Zoë & Söhne\x00", ("a", 7), ("", "x" * 400)])
async def test_a_cursor_brings_back_its_place(place: Any) -> None:
    cursors = await CURSORS.of("organizations", "name", None)
    cursor = cursors.after(place)
    assert cursors.place(cursor, type(place)) == place
    assert set(cursor) <= set(ALPHABET)
    assert (await CURSORS.of("organizations", "name", None)).place(cursor, type(place)) == place
    assert cursors.place(None, type(place)) is None


async def test_every_changed_character_is_noticed() -> None:
    cursors = await CURSORS.of("organizations")
    # Of every length modulo 3, for what is left over at the end of base64 can be written in several ways.
    for text in ("a", "ab", "abc"):
        cursor = cursors.after(text)
        for position, character in enumerate(cursor):
            for other in set(ALPHABET) - {character}:
                with pytest.raises(BadCursor):
                    cursors.place(cursor[:position] + other + cursor[position + 1 :], str)


@pytest.mark.parametrize("change", [lambda text: text + "\n", lambda text: text + "=", lambda text: text[:-1]])
async def test_a_cursor_that_is_longer_or_shorter_is_refused(change: Callable[[str], str]) -> None:
    cursors = await CURSORS.of("organizations")
    with pytest.raises(BadCursor):
        cursors.place(change(cursors.after("Zoë")), str)


@pytest.mark.parametrize("cursor", ["", "é", "AAAA", "A" * 2000, "null", "\x00"])
async def test_what_never_was_a_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor) as refused:
        (await CURSORS.of("organizations")).place(cursor, str)
    assert (refused.value.code, refused.value.kind, refused.value.errors[0].pointer) == (
        "bad_cursor",
        "malformed",
        "cursor",
    )


@pytest.mark.parametrize(
    "question",
    [
        ("users", "name", None),
        ("organizations", "-name", None),
        ("organizations", "name", "acme"),
        ("organizations", "name", None, None),
    ],
)
async def test_a_cursor_of_another_list_filter_or_order_is_refused(question: tuple[str, ...]) -> None:
    cursor = (await CURSORS.of("organizations", "name", None)).after("Acme")
    with pytest.raises(BadCursor):
        (await CURSORS.of(*question)).place(cursor, str)


async def test_a_cursor_sealed_with_another_key_is_refused() -> None:
    cursor = (await Cursors(AnotherKey()).of("organizations")).after("Acme")
    with pytest.raises(BadCursor):
        (await CURSORS.of("organizations")).place(cursor, str)


async def test_a_place_of_another_form_is_refused() -> None:
    cursors = await CURSORS.of("organizations")
    with pytest.raises(BadCursor):
        cursors.place(cursors.after("Acme"), int)


async def test_only_a_further_row_makes_a_next_page() -> None:
    cursors = await CURSORS.of("organizations")
    assert cursors.beyond([], 2, str) is None
    assert cursors.beyond([1, 2], 2, str) is None
    assert cursors.place(cursors.beyond([1, 2, 3], 2, str), str) == "2"


async def test_all_replicas_seal_with_one_key_whoever_made_it(database: PostgresDatabase) -> None:
    replicas = [PostgresCursorKey(database) for _ in range(5)]
    keys = {*await asyncio.gather(*(replica.key() for replica in replicas)), await PostgresCursorKey(database).key()}
    assert [len(key) for key in keys] == [32]
