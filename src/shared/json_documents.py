"""JSON documents that people bring, such as configs and their schemas: how large one may be, and places in it."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import msgspec
from msgspec import UNSET

from shared.errors import FieldError

CONFIG_BYTES = 64 * 1024
CONFIG_DEPTH = 32
MAX_ERRORS = 50
MAX_ERROR_BYTES = 32 * 1024
ABSENT = UNSET


def too_large(document: Any) -> Sequence[FieldError]:
    """The bound that a config, a layer of one, or its schema exceeds, as an error about the whole; else nothing."""
    # depth before size: encoding, like everything else that descends, would fail on a bottomless document
    if len(nested_sizes(document)) > CONFIG_DEPTH:
        return [FieldError("", f"is nested more than {CONFIG_DEPTH} levels deep")]
    if len(msgspec.json.encode(document)) > CONFIG_BYTES:
        return [FieldError("", f"is larger than {CONFIG_BYTES} bytes")]
    return []


def json_pointer(path: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) that leads along these keys and places; empty for the whole."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def value_at(document: Any, pointer: str) -> Any:
    """The value a JSON pointer leads to; `ABSENT` when there is none."""
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
    """How many values there are at each depth of a JSON value; the first is 1, the value itself."""
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
    """The first errors, as many as an answer tells."""
    told: list[FieldError] = []
    length = 0
    for error in islice(errors, MAX_ERRORS):
        length += len(error.pointer) + len(error.message)
        if told and length > MAX_ERROR_BYTES:
            break
        told.append(error)
    return told


def within(pointer: str, errors: Iterable[FieldError]) -> list[FieldError]:
    """The errors of a part of the body, as errors of the body."""
    return [FieldError(pointer + error.pointer, error.message) for error in errors]
