"""The regular expression engine, which runs in linear time: what it accepts, and how it is called."""

import re
from collections.abc import Callable, Iterator

from jsonschema_rs import Draft202012Validator, FancyRegexOptions, RegexOptions, ValidationError

from shared.errors import FieldError
from shared.json.documents import CONFIG_BYTES, json_pointer
from shared.json.schema_copy import SchemaCopy
from shared.patterns.translation import Pattern

USUAL_BYTES = 500_000
LARGE_BYTES = 8_000_000
CACHE_BYTES = 500_000
MAX_LARGE = 4

USUAL = RegexOptions(size_limit=USUAL_BYTES, dfa_size_limit=CACHE_BYTES)
LARGE = RegexOptions(size_limit=LARGE_BYTES, dfa_size_limit=CACHE_BYTES)
# For patterns that look around only at their beginning: matching fails at once anywhere but at the start of the text.
LOOKING = FancyRegexOptions(backtrack_limit=4 * CONFIG_BYTES, size_limit=LARGE_BYTES, dfa_size_limit=CACHE_BYTES)
PROPERTY = re.compile(r"\\[pP]\{[^}]*\}")

TOO_LARGE = (
    f"is a pattern that is not taken: it takes more than {LARGE_BYTES:,} bytes, or is one of more than {MAX_LARGE} "
    f"that take more than {USUAL_BYTES:,}: repeat less often, or fewer characters"
)
UNKNOWN_PROPERTY = "is a pattern that is not taken: it names a property of characters that is not known here"


def pattern_flaws(copy: SchemaCopy) -> Iterator[FieldError]:
    large = 0
    for pattern, path in copy.sources.items():
        if _is_taken(pattern, USUAL):
            continue
        large += 1
        if not all(_is_taken(each, USUAL) for each in PROPERTY.findall(pattern)):
            yield FieldError(json_pointer(path), UNKNOWN_PROPERTY)
        elif large > MAX_LARGE or not _is_taken(pattern, LARGE):
            yield FieldError(json_pointer(path), TOO_LARGE)


def finder(pattern: Pattern) -> Callable[[str], bool]:
    """Compile a check for a pattern that looks around."""
    cases = [
        {
            "allOf": [{"pattern": each} for each in (case.rest, *case.fits)],
            "not": {"anyOf": [False, *({"pattern": each} for each in case.misses)]},
        }
        for case in pattern.cases
    ]
    return Draft202012Validator({"anyOf": cases}, pattern_options=LARGE).is_valid


def _is_taken(pattern: str, options: RegexOptions) -> bool:
    try:
        Draft202012Validator({"pattern": pattern}, pattern_options=options)
    except ValidationError:
        return False
    return True
