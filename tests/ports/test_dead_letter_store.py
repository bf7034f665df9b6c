"""Where records go that can never be processed: the fake and PostgreSQL keep the same promises."""

from typing import Any

import pytest

from shared.commands.consumer import DeadLetterStore
from shared.dead_letters.postgres import PostgresDeadLetterStore
from shared.postgres.database import PostgresDatabase
from tests.shared.commands.test_consumer import FakeDeadLetterStore

LETTERS = "SELECT source, kind, body FROM shared.dead_letters"


class Looked:
    """An dead_letters, and what is in it."""

    def __init__(self, dead_letters: DeadLetterStore, database: PostgresDatabase | None) -> None:
        self.dead_letters, self._database = dead_letters, database

    async def letters(self) -> dict[str, tuple[str, bytes]]:
        if isinstance(self.dead_letters, FakeDeadLetterStore):
            return self.dead_letters.letters
        assert self._database is not None
        async with self._database.reading() as connection:
            rows: list[Any] = await connection.fetch(LETTERS)
        return {source: (kind, body) for source, kind, body in rows}


@pytest.fixture(params=["fake", "postgres"])
def looked(request: pytest.FixtureRequest) -> Looked:
    if request.param == "fake":
        return Looked(FakeDeadLetterStore(), None)
    database: PostgresDatabase = request.getfixturevalue("database")
    return Looked(PostgresDeadLetterStore(database, "toy"), database)


async def test_a_record_is_set_aside_once_however_often_it_comes(looked: Looked) -> None:
    for _ in range(2):
        await looked.dead_letters.add("command", "topic/0/1", "a\x00key", b"\xff\x00", "unreadable")
    await looked.dead_letters.add("event", "topic/0/2", "", b"", "unreadable")
    assert await looked.letters() == {"topic/0/1": ("command", b"\xff\x00"), "topic/0/2": ("event", b"")}


def test_an_outage_passes_and_a_defect_does_not(looked: Looked) -> None:
    assert looked.dead_letters.is_transient(ConnectionRefusedError())
    assert not looked.dead_letters.is_transient(ValueError())
