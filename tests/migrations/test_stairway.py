from functools import partial

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.migration.migrate import alembic_config, migrate_database
from tests.conftest import SCHEMAS
from tests.migrations.conftest import catalog

SCRIPTS = ScriptDirectory.from_config(alembic_config())
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
TIMEOUTS = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"


def step(connection: Connection, revision: str, *, up: bool) -> tuple[str, str]:
    """Runs one revision; answers the time-outs it set for itself."""
    (command.upgrade if up else command.downgrade)(alembic_config(connection), revision)
    lock, statement = connection.execute(text(TIMEOUTS)).one()
    return lock, statement


async def test_the_revisions_are_one_line() -> None:
    assert len(SCRIPTS.get_heads()) == len(SCRIPTS.get_bases()) == 1
    assert sorted(REVISIONS) == REVISIONS


async def test_every_revision_goes_up_and_down_and_up_again_and_waits_long_for_nothing(empty: AsyncEngine) -> None:
    before, lower = "base", list[str]()
    for revision in REVISIONS:
        stations = []
        for target, up in ((revision, True), (before, False), (revision, True)):
            async with empty.begin() as connection:
                assert "0" not in await connection.run_sync(partial(step, up=up), target), f"{revision}, up: {up}"
                stations.append(await connection.run_sync(catalog))
        upper, lower_again, upper_again = stations
        assert lower_again == lower, revision
        assert upper_again == upper != lower, revision
        before, lower = revision, upper


async def test_every_schema_has_one_baseline_and_they_come_first(empty: AsyncEngine) -> None:
    for count, revision in enumerate(REVISIONS[: len(SCHEMAS)], 1):
        async with empty.begin() as connection:
            await connection.run_sync(partial(step, up=True), revision)
            made = [line.split()[1] for line in await connection.run_sync(catalog) if line.startswith("schema ")]
        assert set(made) == set(SCHEMAS[:count])


async def test_revisions_one_by_one_and_all_at_once_lead_to_the_same(empty: AsyncEngine, empty_url: str) -> None:
    await migrate_database(empty_url)
    async with empty.begin() as connection:
        at_once = await connection.run_sync(catalog)
        for revision in ["base", *REVISIONS]:
            await connection.run_sync(partial(step, up=revision != "base"), revision)
        assert await connection.run_sync(catalog) == at_once


async def test_what_fails_leaves_nothing_half_done(empty: AsyncEngine, empty_url: str) -> None:
    async with empty.begin() as connection:
        await connection.execute(text("CREATE SCHEMA assignments"))
    with pytest.raises(ProgrammingError):
        await migrate_database(empty_url)
    async with empty.begin() as connection:
        assert await connection.run_sync(catalog) == ["schema assignments "]
