import asyncpg
import pytest

from shared.dead_letters.postgres import PostgresDeadLetterStore
from shared.errors import Unavailable
from shared.postgres.database import PostgresDatabase
from tests.shared.conftest import Toy

LETTERS = "SELECT kind, source, key, body, error, status FROM shared.dead_letters ORDER BY source"


async def test_a_record_is_set_aside_once_however_often_it_is_delivered(toy: Toy, database: PostgresDatabase) -> None:
    dead_letters = PostgresDeadLetterStore(database, "toy")
    for error in ("first", "second"):
        await dead_letters.add("command", "topic/0/17", "key", b"\x00\xff not JSON", error)
    await dead_letters.add("command", "topic/0/18", "key", b"", "e" * 5000)
    await dead_letters.add("event", "topic/0/17", "key", b"", "")
    assert sorted(await toy.rows(LETTERS)) == [
        ("command", "topic/0/17", "key", b"\x00\xff not JSON", "first", "open"),
        ("command", "topic/0/18", "key", b"", "e" * 2000, "open"),
        ("event", "topic/0/17", "key", b"", "", "open"),
    ]


async def test_a_key_and_an_error_that_no_text_column_takes_are_kept_all_the_same(
    toy: Toy, database: PostgresDatabase
) -> None:
    await PostgresDeadLetterStore(database, "toy").add("command", "topic/0/1", "a\x00b", b"\x00", "odd: \x00")
    assert await toy.rows(LETTERS) == [("command", "topic/0/1", "a\ufffdb", b"\x00", "odd: \ufffd", "open")]


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (asyncpg.DeadlockDetectedError("deadlock"), True),
        (asyncpg.LockNotAvailableError("lock_timeout"), True),
        (asyncpg.AdminShutdownError("shutdown"), True),
        (asyncpg.ConnectionDoesNotExistError("gone"), True),
        (asyncpg.TooManyConnectionsError("full"), True),
        (OSError("refused"), True),
        (TimeoutError(), True),
        (asyncpg.NotNullViolationError("null"), False),
        (asyncpg.DataError("bad"), False),
        (KeyError("topic"), False),
    ],
)
def test_what_may_work_later_is_told_apart_from_what_never_will(
    database: PostgresDatabase, error: Exception, passing: bool
) -> None:
    assert PostgresDeadLetterStore(database, "toy").is_transient(error) is passing


async def test_without_a_database_the_record_must_come_again() -> None:
    away = PostgresDatabase("postgresql://127.0.0.1:1/nowhere")
    await away.open()
    with pytest.raises(Unavailable):
        await PostgresDeadLetterStore(away, "toy").add("command", "topic/0/1", "key", b"", "")
    await away.close()
