import asyncio
from collections.abc import Iterator

import pytest

from access.adapters.passwords import Argon2Passwords, PasswordsBusy


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    passwords = Argon2Passwords(max_waiting=4)
    yield passwords
    passwords.close()


async def test_a_password_verifies_against_its_own_hash_alone(passwords: Argon2Passwords) -> None:
    hashed = await passwords.hash("correct horse battery")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verifies(hashed, "correct horse battery")
    assert not await passwords.verifies(hashed, "correct horse batterz")


async def test_two_hashes_of_one_password_differ(passwords: Argon2Passwords) -> None:
    assert await passwords.hash("correct horse battery") != await passwords.hash("correct horse battery")


async def test_no_password_verifies_where_there_is_no_hash(passwords: Argon2Passwords) -> None:
    assert not await passwords.verifies(None, "correct horse battery")
    assert not await passwords.verifies(None, "")


async def test_composed_and_decomposed_letters_are_the_same_password(passwords: Argon2Passwords) -> None:
    assert await passwords.verifies(
        await passwords.hash("caf\u00e9 caf\u00e9 caf\u00e9"), "cafe\u0301 " * 2 + "cafe\u0301"
    )


async def test_who_comes_when_too_many_wait_is_refused_and_later_served(passwords: Argon2Passwords) -> None:
    answers = await asyncio.gather(*(passwords.hash(f"password {n}") for n in range(6)), return_exceptions=True)
    assert [type(answer) for answer in answers].count(PasswordsBusy) == 2
    assert await passwords.hash("password 7")
