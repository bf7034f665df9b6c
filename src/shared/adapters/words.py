"""Search by how words begin, with PostgreSQL's own full text: no language, no dictionary."""

import string
from collections.abc import Sequence

import msgspec

from shared.adapters.long_lists import Turn, Where

MAX_WORDS = 8
LAST_CHARACTER = 0x10FFFF

# What stands between words. Left in, the parser would take `acme.com` for one host name and `a/b` for a file.
BETWEEN = string.punctuation
QUOTED = BETWEEN.replace("'", "''")
SPACES = str.maketrans(dict.fromkeys(BETWEEN, " "))

# A GIN index that gathers its news in a list has every search read the list.
AT_ONCE = {"fastupdate": "off"}


def words_of(text: str) -> str:
    """The words of an SQL text expression, letter for letter as the GIN indexes have them."""
    return f"to_tsvector('simple'::regconfig, translate(lower({text}), '{QUOTED}', repeat(' ', {len(BETWEEN)})))"


def words_begin(text: str, q: str) -> Where:
    """Every word of `q`, the first eight at most, begins a word of the text. Without any word, nothing does."""
    words = q.translate(SPACES).split()[:MAX_WORDS]
    expression = words_of(text).replace("{", "{{").replace("}", "}}")
    return Where(f"{expression} @@ to_tsquery('simple', lower({{0}}))", (" & ".join(f"'{word}':*" for word in words),))


def beginnings_first(turn: Turn, key: str, q: str, *, descending: bool = False) -> Sequence[Turn]:
    """Those whose key begins with `q`, then those before and after them, as the order has it.

    `key` is in lower case and compared by bytes, so that they lie side by side.
    """
    begin, end = f"{key} >= lower({{0}})", f"{key} < lower({{0}}) || chr({LAST_CHARACTER})"
    beginning, before, beyond = (
        msgspec.structs.replace(turn, along=[*turn.along, *(Where(range_, (q,)) for range_ in ranges)])
        for ranges in ([begin, end], [begin.replace(">=", "<")], [end.replace("<", ">=")])
    )
    return [beginning, beyond, before] if descending else [beginning, before, beyond]
