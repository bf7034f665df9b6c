"""Passwords: the quick fake and argon2id keep the same promises."""

import asyncio
from collections.abc import Iterator

import pytest

from access.adapters.passwords import Argon2Passwords
from access.ports import Passwords
from tests.access.conftest import FakePasswords


@pytest.fixture(params=["fake", "argon2"])
def passwords(request: pytest.FixtureRequest) -> Iterator[Passwords]:
    if request.param == "fake":
        yield FakePasswords()
        return
    argon2 = Argon2Passwords()
    yield argon2
    argon2.close()


async def test_a_password_verifies_against_its_own_hash_alone(passwords: Passwords) -> None:
    first, second = await asyncio.gather(*(passwords.hash(each) for each in ("correct horse", "battery staple")))
    assert "battery staple" != second != first
    for hashed, password, expected in (
        (first, "correct horse", True),
        (first, "battery staple", False),
        (second, "battery staple", True),
        (first, "", False),
        (None, "correct horse", False),
        (None, "", False),
    ):
        assert await passwords.verifies(hashed, password) is expected
