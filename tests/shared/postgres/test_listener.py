"""Hearing of what other processes did."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from shared.postgres.database import PostgresDatabase
from shared.postgres.listener import PostgresListener, PostgresResetAnnouncer
from tests.shared.conftest import Toy, until
from tests.shared.toy import work

NOTIFY_AND_FAIL = """
WITH told AS MATERIALIZED (SELECT pg_notify('modplane', 'decided there'))
INSERT INTO shared.marks (name) SELECT 'a' FROM told, generate_series(1, 2)
"""
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"


class Hearing:
    """A process's listener, and how often it called back."""

    def __init__(self, database: PostgresDatabase, replica: str) -> None:
        self.commits = self.decided = self.resets = 0
        self.ended = list[str]()
        self.listener = PostgresListener(
            database,
            replica,
            on_commit=self.on_commit,
            on_decided=self.on_decided,
            on_reset=self.on_reset,
            on_ended=self.on_ended,
        )

    def on_commit(self) -> None:
        self.commits += 1

    def on_decided(self) -> None:
        self.decided += 1

    def on_reset(self) -> None:
        self.resets += 1

    def on_ended(self, ids: str) -> None:
        self.ended.append(ids)

    async def heard(self) -> tuple[int, int, int]:
        return self.commits, self.decided, self.resets


@pytest.fixture
async def hearing(database: PostgresDatabase, toy: Toy) -> AsyncIterator[Hearing]:
    hearing = Hearing(database, "here")
    running = asyncio.create_task(hearing.listener.run())
    await until(lambda: toy.rows(LISTENERS))
    yield hearing
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def heard(hearing: Hearing, *expected: int) -> None:
    async def equal() -> bool:
        return (hearing.commits, hearing.decided, hearing.resets) == expected

    await until(equal)


async def test_what_this_process_decided_wakes_its_relay_alone(hearing: Hearing, database: PostgresDatabase) -> None:
    await Toy(database, "here").decide(work(1), work(2))
    await heard(hearing, 1, 0, 0)


async def test_what_another_process_decided_wakes_who_waits_here(hearing: Hearing, database: PostgresDatabase) -> None:
    there = Toy(database, "there")
    await there.decide(work(1))
    await heard(hearing, 1, 1, 0)
    one = work(2)
    await there.command_store.record_failure("toy", one, (await there.decide(one))[0], "late")
    await heard(hearing, 3, 3, 0)


async def test_a_transaction_that_fails_tells_nobody(hearing: Hearing, database: PostgresDatabase) -> None:
    there = Toy(database, "there")
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.writing() as transaction:
            await transaction.execute(NOTIFY_AND_FAIL)
    await there.decide(work(1))
    await heard(hearing, 1, 1, 0)


async def test_a_reset_is_heard_by_the_others_alone(hearing: Hearing, database: PostgresDatabase) -> None:
    await PostgresResetAnnouncer(database, "here").announce_reset()
    await PostgresResetAnnouncer(database, "there").announce_reset()
    await heard(hearing, 2, 0, 1)


async def test_after_an_outage_all_are_told_for_whatever_was_missed(
    hearing: Hearing, toy: Toy, scratch_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.postgres.listener.PAUSE_SECONDS", 0.05)
    ((pid,),) = await toy.rows(LISTENERS)
    server = await asyncpg.connect(scratch_url)
    await server.execute("SELECT pg_terminate_backend($1)", pid)
    await server.close()
    await heard(hearing, 1, 1, 1)
    await until(lambda: toy.rows(LISTENERS))
    await Toy(toy.database, f"there-{uuid4()}").decide(work(1))
    await heard(hearing, 2, 2, 1)


async def test_announcing_without_a_database_is_harmless() -> None:
    away = PostgresDatabase("postgresql://127.0.0.1:1/nowhere")
    await away.open()
    await PostgresResetAnnouncer(away, "here").announce_reset()
    await away.close()
