from typing import Any

import pytest

from shared.errors import FieldError
from shared.json.documents import (
    ABSENT,
    CONFIG_BYTES,
    CONFIG_DEPTH,
    MAX_ERRORS,
    capped,
    duplicate_keys,
    nested_sizes,
    too_large,
    value_at,
    within,
)


def nested(depth: int) -> Any:
    document: Any = []
    for _ in range(depth - 1):
        document = [document]
    return document


def test_sizes_are_counted_level_by_level() -> None:
    assert nested_sizes({"a": [1, {"b": 2}], "c": 3}) == [1, 2, 2, 1]
    assert nested_sizes(5) == nested_sizes([]) == [1]


def test_a_document_is_bounded_in_depth_and_bytes() -> None:
    assert too_large(nested(CONFIG_DEPTH)) == []
    assert too_large({"a": "x" * (CONFIG_BYTES - len('{"a":""}'))}) == []
    assert "levels" in too_large(nested(CONFIG_DEPTH + 1))[0].message
    assert "bytes" in too_large({"a": "x" * (CONFIG_BYTES - len('{"a":""}') + 1)})[0].message


def test_a_document_holds_no_integer_that_others_cannot_read() -> None:
    assert too_large({"least": -(2**63), "most": [2**64 - 1, True]}) == []
    wrong = too_large({"a": [0, {"b/c": 2**64}], "d": -(2**63) - 1})
    assert {error.pointer for error in wrong} == {"/a/1/b~1c", "/d"}


@pytest.mark.parametrize(
    ("text", "pointers"),
    [
        (b'{"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]}', []),
        (b'"a"', []),
        (b'{"a": 1, "a": 1}', ["/a"]),
        (b'{"a": 1, "\\u0061": 2}', ["/a"]),
        (b'{"x": [{}, {"~": 1, "~": 2, "b": 1, "b": 2, "b": 3}]}', ["/x/1/~0", "/x/1/b"]),
    ],
)
def test_keys_that_stand_twice_are_found_wherever_they_are(text: bytes, pointers: list[str]) -> None:
    assert [error.pointer for error in duplicate_keys(text)] == pointers


def test_a_bottomless_document_is_judged_all_the_same() -> None:
    assert "levels" in too_large(nested(100_000))[0].message


@pytest.mark.parametrize(("length", "told"), [(10, MAX_ERRORS), (10_000, 3), (100_000, 1)])
def test_an_answer_tells_as_many_errors_as_it_can_hold(length: int, told: int) -> None:
    assert len(capped([FieldError("/a", "x" * length)] * 1000)) == told


def test_an_error_of_a_part_is_one_of_the_whole() -> None:
    assert within("/config", [FieldError("", "a"), FieldError("/x", "b")]) == [
        FieldError("/config", "a"),
        FieldError("/config/x", "b"),
    ]


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", {"a": [{"~/": 1}], "": None}),
        ("/a/0/~0~1", 1),
        ("/", None),
        ("/a", [{"~/": 1}]),
        ("/a/1", ABSENT),
        ("/a/x", ABSENT),
        ("/a/-", ABSENT),
        ("/b", ABSENT),
        ("/a/0/~0~1/c", ABSENT),
    ],
)
def test_a_pointer_leads_to_a_value_or_to_none(pointer: str, found: Any) -> None:
    assert value_at({"a": [{"~/": 1}], "": None}, pointer) == found
