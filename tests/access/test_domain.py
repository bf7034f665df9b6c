from datetime import UTC, datetime
from uuid import UUID

import pytest

from access.domain import (
    Account,
    InvalidEmail,
    InvalidName,
    PendingOwner,
    UnacceptablePassword,
    valid_email,
    valid_name,
    valid_password,
)

NOBODY = UUID(int=0)


def test_one_mailbox_has_one_spelling() -> None:
    assert valid_email("  Ada.Lovelace@EXAMPLE.com\n") == "ada.lovelace@example.com"
    assert valid_email("jose\u0301@example.com") == valid_email("JOS\u00c9@example.com")


@pytest.mark.parametrize("email", ["a@b", "admin@localhost", "a+tag@mail.example.com", "ü@bücher.example", "o'x@x-y.z"])
def test_an_address_is_accepted(email: str) -> None:
    assert valid_email(email) == email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@@example.com",
        "a b@example.com",
        "ada@-x.com",
        "ada@x..com",
        "a\x00@x.com",
        "<a>@x.com",
        "a\ud800@x.com",
        "a" * 65 + "@example.com",
        "a@" + ".".join(["x" * 60] * 5),
    ],
)
def test_what_is_no_address_is_refused_and_named(email: str) -> None:
    with pytest.raises(InvalidEmail) as refused:
        valid_email(email)
    assert refused.value.errors[0].pointer == "/email"


@pytest.mark.parametrize("password", ["abcde" + "a" * 7, "abcde" + "a" * 251, "päßwörter sind lang"])
def test_a_password_in_bounds_is_taken_as_it_is(password: str) -> None:
    assert valid_password(password) == password


@pytest.mark.parametrize("password", ["", "abcdefghijk", "abcde" * 52, "a" * 12, "abcd" * 4, "abcdefghijkl\ud800"])
def test_a_password_out_of_bounds_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(UnacceptablePassword) as refused:
        valid_password(password)
    assert not password or password not in refused.value.detail


def test_a_blank_name_is_no_name() -> None:
    assert valid_name("  ") is None
    assert valid_name(None) is None
    assert valid_name(" Ada ") == "Ada"


@pytest.mark.parametrize("name", ["a" * 201, "a\x00b", "a\nb", "a\ud800", "a\u202eb", "\u200b"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        valid_name(name)


def test_no_hash_and_no_address_shows_when_a_record_is_printed() -> None:
    owner = PendingOwner(NOBODY, "ada@example.com", None, "secret-hash", datetime(2026, 1, 1, tzinfo=UTC))
    printed = repr([Account(NOBODY, "service", None, is_active=True, password_hash="secret-hash"), owner])
    assert "secret-hash" not in printed
    assert "ada@" not in printed
