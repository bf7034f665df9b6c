"""The SQL of the operations page does what the page says."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from shared.adapters.postgres import PostgresDatabase
from shared.adapters.relay_queue import PostgresRelayElection, PostgresRelayQueue
from shared.relay import Queued
from tests.docs.documents import FENCE, ROOT

Session: TypeAlias = "asyncpg.Connection[Any]"

STATEMENTS = [
    text for language, text in FENCE.findall((ROOT / "docs" / "operations.md").read_text()) if language == "sql"
]
SHOW, CLOSE, DROP = STATEMENTS

LOGGED = """
WITH logged AS (
  INSERT INTO shared.event_log (id, aggregatetype, aggregateid, type, sequence, payload, user_id, operation_id,
                                occurred_at)
  VALUES ($1, 'registry', 'a_module', 'tenant.module.updated', $2, '{}', 'somebody', $1, now()) RETURNING seq
)
INSERT INTO shared.event_relay (seq, key, touched) SELECT seq, 'a_module', '' FROM logged
"""


@pytest.fixture
async def owner(scratch_url: str) -> AsyncIterator[Session]:
    """A session of the database's owner."""
    connection = await asyncpg.connect(scratch_url)
    yield connection
    await connection.close()


@pytest.fixture
async def letter(database: PostgresDatabase, owner: Session) -> UUID:
    """The open letter of the first of two events of one key."""
    for sequence in (1, 2):
        await owner.execute(LOGGED, uuid4(), sequence)
    queue = await lead(database)
    first, _ = await queue.page(10)
    blocked = await queue.block(first, "too large")
    assert not await queue.page(10)
    await queue.close()
    return blocked


async def lead(database: PostgresDatabase) -> PostgresRelayQueue:
    queue = await PostgresRelayElection(database, "a-relay").lead()
    assert queue is not None
    return queue


async def waiting(database: PostgresDatabase) -> Sequence[Queued]:
    queue = await lead(database)
    rows = await queue.page(10)
    await queue.close()
    return rows


def about(statement: str, letter: UUID) -> str:
    return statement.replace(":'letter'", f"'{letter}'")


async def test_open_letters_are_shown(owner: Session, letter: UUID) -> None:
    (row,) = await owner.fetch(SHOW)
    assert (row["id"], row["kind"], row["status"], row["error"]) == (letter, "relay", "open", "too large")


async def test_a_closed_letter_frees_its_key(database: PostgresDatabase, owner: Session, letter: UUID) -> None:
    await owner.execute(about(CLOSE, letter))
    assert [row.event.sequence for row in await waiting(database)] == [1, 2]
    assert not await owner.fetch(SHOW)


async def test_a_dropped_event_leaves_the_queue_and_stays_in_the_log(
    database: PostgresDatabase, owner: Session, letter: UUID
) -> None:
    body = await owner.fetchval("SELECT body FROM shared.dead_letters WHERE id = $1", letter)
    await owner.execute(about(DROP, letter))
    assert [row.event.sequence for row in await waiting(database)] == [2]
    assert await owner.fetchval(
        "SELECT sequence FROM shared.event_log WHERE id = $1", UUID(msgspec.json.decode(body)["event_id"])
    )
    assert not await owner.fetch(SHOW)


def test_every_statement_of_the_page_is_tried() -> None:
    assert [re.split(r"\s", statement)[0] for statement in STATEMENTS] == ["SELECT", "UPDATE", "WITH"]
