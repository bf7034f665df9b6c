"""What the database lets the service do, whatever its code says."""

import asyncpg
import pytest

from shared.postgres.database import PostgresDatabase

IMMUTABLE = (
    "shared.event_log",
    "shared.event_names",
    "industries.industry_template_versions",
    "industries.industry_module_templates",
)

SUPERFLUOUS = """
SELECT grantee || ': ' || privilege_type || ' on ' || table_schema || '.' || table_name
FROM information_schema.table_privileges
WHERE grantee IN ('modplane_service', 'PUBLIC') AND table_schema !~ '^(pg_|information_schema$)'
  AND NOT (grantee = 'modplane_service' AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))
"""


@pytest.mark.parametrize("table", IMMUTABLE)
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
async def test_the_service_cannot_change_or_remove_what_is_history(
    database: PostgresDatabase, table: str, statement: str
) -> None:
    column = {"shared.event_log": "sequence", "shared.event_names": "seqs"}.get(table, "version")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.writing() as transaction:
            await transaction.execute(statement.format(table, column, column))


async def test_the_service_has_no_rights_but_to_read_and_write_rows(database: PostgresDatabase) -> None:
    async with database.snapshot() as transaction:
        assert [row[0] for row in await transaction.fetch(SUPERFLUOUS)] == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE shared.more ()",
        "DROP TABLE shared.marks",
        "CREATE SCHEMA more",
        "ALTER TABLE shared.event_log DISABLE TRIGGER note_names",
        "CREATE OR REPLACE FUNCTION shared.names_in(payload json) RETURNS SETOF text LANGUAGE sql RETURN NULL",
        "CREATE RULE nothing AS ON INSERT TO shared.event_log DO INSTEAD NOTHING",
    ],
)
async def test_the_service_cannot_change_the_schema(database: PostgresDatabase, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.writing() as transaction:
            await transaction.execute(statement)
