"""Names are visible, one line and comparable, whatever Unicode they are of; words and order are the same everywhere."""

import unicodedata
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from shared.text.forms import (
    LINE,
    LINES,
    SEARCH,
    UnreadableText,
    beginning_key,
    cleaned,
    comparable,
    composed,
    flaw_of,
    flaws_in,
    folded,
    is_blank,
    search_text,
    searched_words,
    sort_key,
    words,
)

ANYTHING = st.text(st.characters(), max_size=40)
STORABLE = st.text(st.characters(codec="utf-8"), max_size=200)
BOUNDED = settings(max_examples=300, derandomize=True, deadline=None)


class Named(Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=12, extra=LINE)]
    note: Annotated[str, Meta(max_length=20, extra=LINES)] | UnsetType | None = UNSET
    code: str = "\u200b"


class Asked(Struct, frozen=True):
    thing: Named
    q: Annotated[str, Meta(extra=SEARCH)] | None = None


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Acme",
            "Acme\u00a0GmbH",
            "ООО «Ромашка»",
            "می\u200cخواهم",
            "क्\u200dष",
            "葛\U000e0100飾",
            "❤\ufe0f Love",
            "1\ufe0f\u20e3",
        ),
        *("👩\u200d💻", "🏳\ufe0f\u200d🌈", "👩🏽\u200d💻", "Zoë\u0323", "C++", "☕", "!"),
    ],
)
def test_a_name_that_can_be_read_is_kept(name: str) -> None:
    assert flaw_of(composed(name)) is None


@pytest.mark.parametrize(
    "name",
    [
        *("", "   ", "\u00a0\u3000", "\u200b", "\u2800", "\u3164", "\ufeff\u00ad", "\u0301a"),
        *(
            "Acme\u202elive",
            "Acme\nevil",
            "Acme\tevil",
            "a\u2028b",
            "a\u0085b",
            "a\u200bb",
            "a\u00adb",
            "\ufeffa",
            "a\u2066b",
        ),
        *(
            "Ac\u200dme",
            "Ac\u200cme",
            "a\ufe0f",
            "\u200dका",
            "👩\u200d",
            "a\x7fb",
            "a\ud800",
            "a\ufffe",
            "a\U000e0041",
            "a\u061cb",
        ),
    ],
)
def test_a_name_nobody_could_read_is_refused(name: str) -> None:
    assert flaw_of(composed(name)) is not None


def test_lines_may_break_and_may_be_none_but_hide_nothing() -> None:
    assert flaw_of("One\r\n\tTwo", "lines") is None
    assert flaw_of("", "lines") is None
    assert flaw_of("One\u202eTwo", "lines") == "has a character that cannot be seen or shown, U+202E, at place 4"


def test_a_command_is_cleaned_as_its_types_say() -> None:
    assert cleaned(Named("  Cafe\u0301\n", " a\nb ")) == Named("Café", "a\nb")
    assert cleaned(Named("a")) == Named("a")
    assert cleaned(Named("a", None)) == Named("a", None)
    with pytest.raises(UnreadableText) as refused:
        cleaned(Named("a\nb", "c\x00"))
    assert [error.pointer for error in refused.value.errors] == ["/name", "/note"]
    with pytest.raises(UnreadableText):
        cleaned(Named("\U0001d160" * 12))  # composed, it is three characters each


def test_what_a_body_has_of_text_is_named_where_it_stands() -> None:
    found = [(kind, error.pointer) for kind, error in flaws_in(Asked(Named("\u200b", "\x00"), " \u200b"))]
    assert found == [("line", "/thing/name"), ("lines", "/thing/note"), ("search", "/q")]
    assert list(flaws_in(Asked(Named("a"), "!"))) == list(flaws_in({"name": ""})) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Retail ", "Retail"),
        ("RETAIL", "retail"),
        ("Straße", "STRASSE"),
        ("Cafe\u0301", "CAFÉ"),
        ("Ｒｅｔａｉｌ", "Retail"),
        ("Re\u00adtail", "Retail"),
        ("Big \u00a0 Retail", "big retail"),
        ("ﬁsh", "FISH"),
    ],
)
def test_names_that_look_alike_are_the_same(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


def test_names_that_differ_for_people_differ() -> None:
    assert len({comparable(name) for name in ("Retail", "Retail 2", "Re tail", "Rétail", "Retail!")}) == 5


@pytest.mark.parametrize(
    "ordered",
    [
        ["Ärzte", "Bau", "Zoo"],
        ["9", "10", "a"],
        ["Shop 2", "Shop 10", "Shop 10b", "Shop 100", "Shop A"],
        ["Ahre", "ahre", "Ähre", "Ahri"],
        ["Lodz", "Łódź", "Lz", "ma"],
        ["1.9", "1.10", "1.100"],
        ["A-c", "Ab", "Ab c", "Abc"],
        ["Еда", "Ёлка", "Жук", "ива", "йод", "к"],
        ["Oslo", "Østby", "Ota"],
    ],
)
def test_names_sort_as_people_do_by_bytes(ordered: list[str]) -> None:
    assert sorted(sorted(ordered), key=lambda name: sort_key(name).encode()) == ordered


def test_symbols_are_searched_only_where_there_is_nothing_else() -> None:
    assert words("Zebra® ☕") == ["zebra", "®", "☕"]
    assert searched_words("Zebra ®", 8) == ["zebra"]
    assert searched_words("☕ ®", 1) == ["☕"]
    assert searched_words("!%", 8) == []


@BOUNDED
@given(ANYTHING)
def test_any_text_is_kept_as_it_comes_back_or_refused(text: str) -> None:
    kept = composed(text)
    assert composed(kept) == kept
    if flaw_of(kept) is None:
        assert kept.encode().decode() == kept
        assert not is_blank(kept)
        assert "\n" not in kept
    assert comparable(comparable(text)) == comparable(text) == comparable(unicodedata.normalize("NFD", text))


@BOUNDED
@given(ANYTHING, st.integers(0, 40))
def test_a_name_is_found_by_itself_and_by_how_its_words_begin(text: str, length: int) -> None:
    stored = search_text(text).split(" ")
    assert stored == (words(text) or [""])
    assert folded(folded(text)) == folded(text)
    for typed in (text, unicodedata.normalize("NFD", text), text.swapcase() if text.isascii() else text.casefold()):
        assert all(any(kept.startswith(word) for kept in stored) for word in searched_words(typed, 100))
    for word in stored:
        assert " " not in word
        assert all(any(kept.startswith(each) for kept in stored) for each in searched_words(word[:length], 100))


@BOUNDED
@given(STORABLE, STORABLE)
def test_a_key_begins_as_the_keys_of_what_the_name_begins_with(one: str, other: str) -> None:
    key = sort_key(one)
    assert len(key.encode()) < 2600
    begins = " ".join([*words(one), *words(other)])
    if not search_text(one)[-1:].isdigit():
        assert beginning_key(begins).startswith(beginning_key(search_text(one)))
