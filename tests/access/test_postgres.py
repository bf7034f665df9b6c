import asyncio
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from access.adapters.postgres import PostgresSigningKeys
from shared.adapters.postgres import PostgresDatabase, metadata
from tests.access.conftest import migrate
from tests.migrations.test_no_drift import is_comparable


def only_access(_: Any, name: str | None, kind: str, *__: Any) -> bool:
    return kind != "schema" or name == "access"


def owned_by_access(thing: Any, name: str | None, kind: str, *rest: Any) -> bool:
    return thing.schema == "access" if kind == "table" else is_comparable(thing, name, kind, *rest)


def differences(connection: Connection) -> list[Any]:
    options = {"include_schemas": True, "include_name": only_access, "include_object": owned_by_access}
    context = MigrationContext.configure(connection, opts={**options, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def down_and_up(connection: Connection) -> tuple[bool, bool]:
    migrate(connection, "downgrade")
    gone = "access" not in inspect(connection).get_schema_names()
    migrate(connection, "upgrade")
    return gone, "access" in inspect(connection).get_schema_names()


async def test_the_migration_makes_the_tables_that_are_declared(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_migration_can_be_taken_back_and_made_again(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        assert await connection.run_sync(down_and_up) == (True, True)


async def test_processes_that_find_no_key_together_share_one(database: PostgresDatabase) -> None:
    rings = await asyncio.gather(*(PostgresSigningKeys(database).unretired() for _ in range(6)))
    assert [len(ring) for ring in rings] == [1] * 6
    assert len({ring[0].secret for ring in rings}) == 1
    assert len(rings[0][0].secret) == 32
    assert str(rings[0][0].secret) not in repr(rings)


async def test_a_retired_key_is_left_out_and_the_last_one_replaced(database: PostgresDatabase) -> None:
    keys = PostgresSigningKeys(database)
    (first,) = await keys.unretired()
    async with database.writing() as transaction:
        await transaction.execute("UPDATE access.signing_keys SET retired_at = now()")
    (second,) = await keys.unretired()
    assert (first.kid, second.kid) == ("key-1", "key-2")
    assert first.secret != second.secret
