"""What the database's errors are taken for, and what a database whose disk is full does."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import asyncpg
import pytest

from app.migration.migrate import migrate_database
from devstack.programs import unprivileged_account
from shared.postgres.database import PostgresDatabase
from shared.postgres.outages import (
    DISK_FULL,
    NO_FILES,
    READ_ONLY,
    DatabaseTakesNoWrites,
    DatabaseUnavailable,
    is_transient,
    typed_outages,
)
from tests.support.databases import sibling_database_url
from tests.support.small_disks import filled, small_disk

WRITE = "INSERT INTO shared.marks (name) SELECT repeat('x', 900) || $1 || n FROM generate_series(1, 2000) AS n"


def error(state: str, message: str, detail: str | None = None) -> asyncpg.PostgresError:
    """As the server sends it."""
    fields = {"S": "ERROR", "C": state, "M": message, **({"D": detail} if detail else {})}
    made: asyncpg.PostgresError = asyncpg.PostgresError.new(fields)
    return made


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (error("53100", 'could not extend file "base/1/2": No space left on device'), DISK_FULL),
        (error("53100", 'could not extend file "base/1/2": wrote only 4096 of 8192 bytes at block 7'), DISK_FULL),
        (error("XX000", 'could not extend file "base/1/2": Disk quota exceeded'), DISK_FULL),
        (error("XX000", 'could not write to file "pg_wal/xlogtemp.7": File too large'), DISK_FULL),
        (
            error(
                "XX000",
                "could not access status of transaction 7",
                'Could not write to file "pg_xact/0000" at offset 0: wrote too few bytes.',
            ),
            NO_FILES,
        ),
        (error("58030", 'could not write block 7 of file "base/1/2": Input/output error'), NO_FILES),
        (error("42501", 'could not open file "base/1/2": Read-only file system'), NO_FILES),
        (error("25006", "cannot execute INSERT in a read-only transaction"), READ_ONLY),
    ],
)
def test_a_write_that_every_other_write_would_share_is_no_defect_of_the_command(
    raised: asyncpg.PostgresError, reason: str
) -> None:
    assert is_transient(raised)
    with pytest.raises(DatabaseTakesNoWrites) as refused, typed_outages():
        raise raised
    assert refused.value.reason == reason
    assert reason in refused.value.detail


@pytest.mark.parametrize(
    "raised",
    [
        error("57P03", "the database system is in recovery mode"),
        error("57P02", "terminating connection because of crash of another server process"),
        error("53300", "sorry, too many clients already"),
        error("58P01", 'could not open file "base/1/2": No such file or directory'),
        error("28P01", 'password authentication failed for user "x"'),
        error("3D000", 'database "x" does not exist'),
        error("40P01", "deadlock detected"),
        asyncpg.InterfaceError("connection is closed"),
        ConnectionResetError(),
        TimeoutError(),
    ],
)
def test_an_outage_is_tried_again(raised: BaseException) -> None:
    assert is_transient(raised)
    with pytest.raises(DatabaseUnavailable), typed_outages():
        raise raised


@pytest.mark.parametrize(
    "raised",
    [
        error("XX000", "cache lookup failed for type 7"),
        error("23505", "duplicate key value violates unique constraint"),
        error("42501", "permission denied for table event_log"),
        error("22021", 'invalid byte sequence for encoding "UTF8": 0x00'),
        error("42P01", 'relation "x" does not exist'),
    ],
)
def test_a_defect_stays_one(raised: asyncpg.PostgresError) -> None:
    assert not is_transient(raised)
    with pytest.raises(type(raised)), typed_outages():
        raise raised


@pytest.fixture
def disk(scratch_url: str) -> Iterator[Path]:
    """Room for one database, where the server may write: pytest's own folders are closed to other accounts."""
    if os.geteuid() != 0 or "@127.0.0.1" not in scratch_url:
        pytest.skip("only root may mount a disk, and only for a server of this machine")
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with small_disk(Path(folder).resolve() / "disk", 24) as disk:
            account = unprivileged_account()
            (disk / "space").mkdir()
            os.chown(disk / "space", account.uid, account.gid)
            yield disk


async def test_on_a_full_disk_reads_go_on_writes_say_why_and_a_probe_finds_the_room_again(
    disk: Path, scratch_url: str
) -> None:
    name = f"full_{uuid4().hex}"
    server = await asyncpg.connect(scratch_url)
    await server.execute(f"CREATE TABLESPACE {name} LOCATION '{disk}/space'")
    await server.execute(f"CREATE DATABASE {name} TABLESPACE {name}")
    try:
        await migrate_database(sibling_database_url(scratch_url, name))
        database = PostgresDatabase(sibling_database_url(scratch_url, name))
        await database.open()
        with filled(disk):
            with pytest.raises(DatabaseTakesNoWrites, match=DISK_FULL):
                async with database.writing() as transaction:
                    await transaction.execute(WRITE, "a")
            await database.probe_writes()
            assert database.writes.problem == DISK_FULL
            async with database.reading() as connection:
                assert await connection.fetchval("SELECT count(*) FROM shared.marks") == 0
        await database.probe_writes()
        assert database.writes.problem == ""
        async with database.writing() as transaction:
            await transaction.execute(WRITE, "b")
            assert await transaction.fetchval("SELECT count(*) FROM shared.dead_letters") == 0
        await database.close()
    finally:
        await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await server.execute(f"DROP TABLESPACE {name}")
        await server.close()
