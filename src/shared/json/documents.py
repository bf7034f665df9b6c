"""JSON documents of users, such as configs and their schemas: bounds, pointers, duplicate keys."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec
from msgspec import UNSET

from shared.errors import FieldError

CONFIG_BYTES = 64 * 1024
CONFIG_DEPTH = 32
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1
"""The integers that every reader takes: PostgreSQL, YAML manifests, and other languages' JSON."""
MAX_ERRORS = 50
MAX_ERROR_BYTES = 32 * 1024
ABSENT = UNSET


def too_large(document: Any) -> Sequence[FieldError]:
    """Return the bound that a config, a layer, or a schema exceeds, as an error about the whole; else nothing."""
    if errors := unportable(document):
        return errors
    if len(msgspec.json.encode(document)) > CONFIG_BYTES:
        return [FieldError("", f"is larger than {CONFIG_BYTES} bytes")]
    return []


def unportable(document: Any) -> Sequence[FieldError]:
    """Return what other programs could not read: too deep nesting, and integers beyond 64 bits."""
    # Check the depth first: recursive functions would fail on a document that is nested too deeply.
    if len(nested_sizes(document)) > CONFIG_DEPTH:
        return [FieldError("", f"is nested more than {CONFIG_DEPTH} levels deep")]
    return capped(
        FieldError(json_pointer(path), f"is not between {MIN_INTEGER} and {MAX_INTEGER}: write it as text")
        for path, value in leaves(document)
        if isinstance(value, int) and not MIN_INTEGER <= value <= MAX_INTEGER
    )


def leaves(document: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every value that holds no others, with its path. Bound the depth first."""
    for path, value in _values(document):
        if not isinstance(value, dict | list):
            yield path, value


def _values(document: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    pending: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while pending:
        path, value = pending.pop()
        yield path, value
        if isinstance(value, dict):
            pending.extend(((*path, key), item) for key, item in value.items())
        elif isinstance(value, list):
            pending.extend(((*path, place), item) for place, item in enumerate(value))


class _Ambiguous(dict[str, Any]):
    """An object with keys that are there more than once."""

    repeated: Sequence[str] = ()


def duplicate_keys(text: bytes) -> Sequence[FieldError]:
    """Return the keys that are twice in one object of a valid JSON text, by their pointers (RFC 8259, section 4)."""
    ambiguous: list[_Ambiguous] = []

    def read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        known = dict(pairs)
        if len(known) == len(pairs):
            return known
        ambiguous.append(_Ambiguous(known))
        ambiguous[-1].repeated = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
        return ambiguous[-1]

    document = json.loads(text, object_pairs_hook=read)
    return capped(_repeated(document)) if ambiguous else []


def _repeated(document: Any) -> Iterator[FieldError]:
    for path, value in _values(document):
        if isinstance(value, _Ambiguous):
            yield from (FieldError(json_pointer((*path, key)), "is there more than once") for key in value.repeated)


def json_pointer(path: Iterable[str | int]) -> str:
    """Build an RFC 6901 pointer; empty for the whole."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def value_at(document: Any, pointer: str) -> Any:
    """Follow a JSON pointer; `ABSENT` when it leads nowhere."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return ABSENT
    return document


def nested_sizes(value: Any) -> list[int]:
    """Count the values at each depth of a JSON value; the first is 1, the value itself."""
    sizes, level = [], [value]
    while level:
        sizes.append(len(level))
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return sizes


def capped(errors: Iterable[FieldError]) -> list[FieldError]:
    kept: list[FieldError] = []
    length = 0
    for error in islice(errors, MAX_ERRORS):
        length += len(error.pointer) + len(error.message)
        if kept and length > MAX_ERROR_BYTES:
            break
        kept.append(error)
    return kept


def within(pointer: str, errors: Iterable[FieldError]) -> list[FieldError]:
    return [FieldError(pointer + error.pointer, error.message) for error in errors]
