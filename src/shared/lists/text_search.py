"""Search by how words begin. Words are made by `shared.text.forms`; PostgreSQL's full text is only the index of them.

The database is given words and takes them as they are. Its parser is not asked: it would take `acme.com` for one host
name and `a/b` for a file, and where words end would depend on the locale the database was made with.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, Text, text

from shared.lists.keyset import Turn, Where
from shared.text.forms import beginning_key, search_text, searched_words

MAX_WORDS = 8
LAST_CHARACTER = 0x10FFFF
DIGITS = "0123456789"

SORT_KEY = "sort_key"
WORDS = "array_to_tsvector(string_to_array(search_text, ' '))"
"""The words of a row, as its GIN index has them."""

COLUMNS = f"search_text, {SORT_KEY}"
"""What `words_begin` and `beginnings_first` look at."""

# A GIN index that gathers its news in a list has every search read the list.
AT_ONCE = {"fastupdate": "off"}


def search_column() -> "Column[Any]":
    """The words of a row. One that an older version wrote has none until the next migration fills it."""
    return Column("search_text", Text, nullable=False, server_default=text("''"))


def sort_column() -> "Column[Any]":
    """Where a row stands among those sorted by name: compared by bytes, in every database alike."""
    return Column(SORT_KEY, Text(collation="C"), nullable=False, server_default=text("''"))


def words_begin(q: str) -> Where:
    """Every word of `q`, the first eight at most, begins a word of the row. Without any word, nothing does."""
    lexemes = [word.replace("\\", "\\\\").replace("'", "''") for word in searched_words(q, MAX_WORDS)]
    return Where(f"{WORDS} @@ {{0}}::text::tsquery", (" & ".join(f"'{lexeme}':*" for lexeme in lexemes),))


def beginnings_first(turn: Turn, q: str, *, descending: bool = False) -> Sequence[Turn]:
    """Those that begin with `q`, then those before and after them, as the order has it.

    In the order of sort keys they lie side by side, unless `q` ends within a number: `Shop 2` comes between `Shop 1`
    and `Shop 10`. Then what has the words before the number is looked through for those that begin with `q`.
    """
    text = search_text(q)
    shorter = text.rstrip(DIGITS)
    begin, end = beginning_key(shorter), f"{SORT_KEY} < {{0}} || chr({LAST_CHARACTER})"
    inside = [Where(f"{SORT_KEY} >= {{0}}", (begin,)), Where(end, (begin,))]
    before = along(turn, Where(f"{SORT_KEY} < {{0}}", (begin,)))
    beyond = along(turn, Where(end.replace("<", ">="), (begin,)))
    first, between = along(turn, *inside), list[Turn]()
    if shorter != text:
        between = [tested(first, Where("NOT starts_with(search_text, {0})", (text,)))]
        first = tested(first, Where("starts_with(search_text, {0})", (text,)))
    if not begin:
        return [first, *between]
    return [first, beyond, *between, before] if descending else [first, before, *between, beyond]


def along(turn: Turn, *ranges: Where) -> Turn:
    """The same within a stretch of the order."""
    return msgspec.structs.replace(turn, along=[*turn.along, *ranges])


def tested(turn: Turn, test: Where) -> Turn:
    """The same with a further test of each row."""
    return msgspec.structs.replace(turn, tests=[*turn.tests, test])
