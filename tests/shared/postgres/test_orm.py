"""SQLAlchemy's sessions are part of the transaction that is open on a connection of the pools."""

import asyncio
import traceback
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import func, select, text

from access.adapters.postgres import UserRow
from shared.ports import Transaction
from shared.postgres.database import PostgresDatabase
from shared.postgres.orm import orm_session
from shared.postgres.outages import DatabaseUnavailable

EMAIL, SECRET = "ada@example.com", "never to be seen"


def user() -> UserRow:
    return UserRow(id=uuid4(), email=EMAIL, password_hash=SECRET, role="service", search_text="", sort_key="")


async def add(transaction: Transaction) -> None:
    async with orm_session(transaction) as session:
        session.add(user())
        await session.flush()


async def count(database: PostgresDatabase) -> int:
    async with database.snapshot() as transaction, orm_session(transaction) as session:
        return await session.scalar(select(func.count()).select_from(UserRow)) or 0


async def test_what_a_session_writes_is_committed_and_rolled_back_with_the_transaction(
    database: PostgresDatabase,
) -> None:
    async def fail() -> None:
        async with database.writing() as transaction:
            await add(transaction)
            assert await transaction.fetchval("SELECT count(*) FROM access.users") == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await count(database) == 0
    async with database.writing() as transaction:
        await add(transaction)
    assert await count(database) == 1


async def test_a_session_has_the_settings_and_the_isolation_of_the_pools_connection(
    database: PostgresDatabase,
) -> None:
    settings = "SELECT current_user, current_setting('lock_timeout'), current_setting('transaction_isolation'), $1::int"
    for open_transaction in (database.writing, database.snapshot):
        async with open_transaction() as transaction:
            expected = await transaction.fetchrow(settings, 1)
            async with orm_session(transaction) as session:
                row = (await session.execute(text(settings.replace("$1::int", "1")))).one()
            assert tuple(row) == tuple(expected)


async def test_sessions_are_no_further_connections_and_leave_the_drivers_types_alone(
    database: PostgresDatabase,
) -> None:
    async def one() -> None:
        async with database.writing() as transaction:
            own = await transaction.fetchval("SELECT pg_backend_pid()")
            async with orm_session(transaction) as session:
                assert await session.scalar(text("SELECT pg_backend_pid()")) == own
            assert await transaction.fetchval("""SELECT '{"a": 1}'::json""") == '{"a": 1}'

    await asyncio.gather(*(one() for _ in range(30)))
    assert all(size <= most for size, _, most in database.sessions().values())


async def test_a_refused_statement_raises_the_drivers_error_without_values(database: PostgresDatabase) -> None:
    async def add_twice() -> None:
        async with database.writing() as transaction:
            await add(transaction)
            await add(transaction)

    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await add_twice()
    report = "".join(traceback.format_exception(refused.value))
    assert SECRET not in report
    assert "sqlalchemy.exc" not in report


async def test_a_lost_session_is_an_outage(database: PostgresDatabase) -> None:
    async def lose() -> None:
        async with database.writing() as transaction:
            backend = await transaction.fetchval("SELECT pg_backend_pid()")
            operator = await database.connect(as_service=False)
            await operator.execute("SELECT pg_terminate_backend($1)", backend)
            await operator.close()
            await add(transaction)

    with pytest.raises(DatabaseUnavailable):
        await lose()
    assert await count(database) == 0


async def test_a_database_that_hangs_is_cut_off_in_time(database: PostgresDatabase) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with database.writing(0.2) as transaction, orm_session(transaction) as session:
            await session.execute(text("SELECT pg_sleep(20)"))
