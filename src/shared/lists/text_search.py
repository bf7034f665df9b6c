"""Search by how words begin. PostgreSQL's own parser is not used: what it takes for a word depends on the locale."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, Text, text

from shared.lists.keyset import Segment, Where
from shared.text.forms import beginning_key, search_text, searched_words

MAX_WORDS = 8
LAST_CHARACTER = 0x10FFFF
DIGITS = "0123456789"

SORT_KEY = "sort_key"
WORDS = "array_to_tsvector(string_to_array(search_text, ' '))"
"""The words of a row, as its GIN index has them."""

COLUMNS = f"search_text, {SORT_KEY}"
"""What `words_begin` and `beginnings_first` look at."""

# A GIN index with a pending list has every search read that list.
AT_ONCE = {"fastupdate": "off"}


def search_column() -> "Column[Any]":
    """Return the column of a row's words. A row of an older version has none until the next migration fills it."""
    return Column("search_text", Text, nullable=False, server_default=text("''"))


def sort_column() -> "Column[Any]":
    """Return the column of the order by name: compared by bytes, in every database alike."""
    return Column(SORT_KEY, Text(collation="C"), nullable=False, server_default=text("''"))


def words_begin(q: str) -> Where:
    """Require that every word of `q`, at most the first eight, begins a word of the row; without words none passes."""
    lexemes = [word.replace("\\", "\\\\").replace("'", "''") for word in searched_words(q, MAX_WORDS)]
    return Where(f"{WORDS} @@ {{0}}::text::tsquery", (" & ".join(f"'{lexeme}':*" for lexeme in lexemes),))


def beginnings_first(segment: Segment, q: str, *, descending: bool = False) -> Sequence[Segment]:
    """Divide a segment: names that begin with `q` come first, then those before and after them in order.

    In the order of sort keys they lie side by side, unless `q` ends within a number: `Shop 2` comes between `Shop 1`
    and `Shop 10`. Then rows with the words before the number are tested for those that begin with `q`.
    """
    text = search_text(q)
    shorter = text.rstrip(DIGITS)
    begin, end = beginning_key(shorter), f"{SORT_KEY} < {{0}} || chr({LAST_CHARACTER})"
    inside = [Where(f"{SORT_KEY} >= {{0}}", (begin,)), Where(end, (begin,))]
    before = along(segment, Where(f"{SORT_KEY} < {{0}}", (begin,)))
    beyond = along(segment, Where(end.replace("<", ">="), (begin,)))
    first, between = along(segment, *inside), list[Segment]()
    if shorter != text:
        between = [tested(first, Where("NOT starts_with(search_text, {0})", (text,)))]
        first = tested(first, Where("starts_with(search_text, {0})", (text,)))
    if not begin:
        return [first, *between]
    return [first, beyond, *between, before] if descending else [first, before, *between, beyond]


def along(segment: Segment, *ranges: Where) -> Segment:
    return msgspec.structs.replace(segment, along=[*segment.along, *ranges])


def tested(segment: Segment, test: Where) -> Segment:
    return msgspec.structs.replace(segment, tests=[*segment.tests, test])
