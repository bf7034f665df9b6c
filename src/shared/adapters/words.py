"""Search by how words begin, with PostgreSQL's own full text: no language, no dictionary."""

import string

from shared.adapters.long_lists import Where

MAX_WORDS = 8

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
