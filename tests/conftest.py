"""The real servers, started once a process: PostgreSQL, Kafka and Redis; and how processes share a run."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.migration.migrate import create_topics, migrate_database
from devstack import Endpoints, Stack
from shared.postgres.database import PostgresDatabase
from tests.support.databases import sibling_database_url
from tests.support.groups import GroupScheduling, longest_first, process_count
from tests.support.stack_choice import choose, running_stack

SCHEMAS = ("shared", "registry", "industries", "organizations", "assignments", "access", "bulk")


MEASURED = "measured"


def pytest_xdist_auto_num_workers() -> int:
    return process_count()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests measured."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    figures = [value for report in reports for name, value in report.user_properties if name == MEASURED]
    if figures:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(map(str, figures)))


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Note a figure that is worth knowing, for the end of the run."""
    return partial(record_property, MEASURED)


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running servers; tests/support/stack_choice.py says which."""
    with running_stack(tmp_path_factory.mktemp("stack"), choose(os.environ)) as stack:
        yield stack


@pytest.fixture(scope="session")
async def endpoints(parts: Stack) -> Endpoints:
    """Migrated, with topics: the database journeys and faults work on. Never truncated; use ids of your own."""
    addresses = parts.plan()
    await migrate_database(addresses.postgres_url)
    await create_topics(addresses.kafka_bootstrap, partitions=4)
    return addresses


@pytest.fixture(scope="session")
async def scratch_url(parts: Stack) -> str:
    """A second database of the same server, for tests that need it empty."""
    server_url = parts.plan().postgres_url
    connection = await asyncpg.connect(server_url)
    await connection.execute("DROP DATABASE IF EXISTS scratch WITH (FORCE)")
    await connection.execute("CREATE DATABASE scratch")
    await connection.close()
    scratch = sibling_database_url(server_url, "scratch")
    await migrate_database(scratch)
    return scratch


@pytest.fixture(scope="session")
async def scratch(scratch_url: str) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(scratch_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def database(scratch: PostgresDatabase, scratch_url: str) -> PostgresDatabase:
    """The service's view of an empty, migrated database."""
    connection = await asyncpg.connect(scratch_url)
    rows = await connection.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = ANY($1::text[])", SCHEMAS
    )
    await connection.execute(f"TRUNCATE {', '.join(row[0] for row in rows)} RESTART IDENTITY")
    await connection.close()
    return scratch


@pytest.fixture(scope="session")
def catalogue() -> Path:
    """A real catalogue of modules and industries that is not part of the repository."""
    path = Path(__file__).resolve().parents[2] / "shared" / "data" / "odoo_catalog.json"
    if not path.exists():
        pytest.skip(f"the real catalogue is not here: {path.name}")
    return path
