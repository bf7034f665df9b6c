"""The tables as the code declares them are the tables that the revisions make."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.contexts import CONTEXTS
from app.migration.migrate import migrate_database
from shared.postgres.database import metadata
from shared.postgres.tables import event_log
from tests.conftest import SCHEMAS
from tests.migrations.conftest import tables


def is_comparable(element: Any, _name: str | None, kind: str, *_: Any) -> bool:
    """Whether alembic reads all of it from the database: of an index's expression it loses the collation."""
    return kind != "index" or all(isinstance(each, Column) for each in element.expressions)


def differences(connection: Connection) -> list[Any]:
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, _: kind != "schema" or name in SCHEMAS,
        "include_object": is_comparable,
        "compare_type": True,
        "compare_server_default": True,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def declare(connection: Connection) -> list[str]:
    """Makes the tables as they are declared; answers what came of it."""
    for schema in SCHEMAS:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    metadata.create_all(connection)
    return tables(connection)


def test_every_context_declares_tables() -> None:
    assert {table.schema for table in metadata.tables.values()} == {context.name for context in CONTEXTS} | {"shared"}
    assert event_log.metadata is metadata


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
async def test_alembic_finds_nothing_to_do(empty: AsyncEngine, empty_url: str) -> None:
    await migrate_database(empty_url)
    async with empty.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_every_column_constraint_and_index_is_as_declared(empty: AsyncEngine, empty_url: str) -> None:
    async with empty.connect() as connection:
        declared = await connection.run_sync(declare)
        await connection.rollback()
    await migrate_database(empty_url)
    async with empty.connect() as connection:
        assert await connection.run_sync(tables) == declared
