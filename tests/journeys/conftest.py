"""What journeys share: a look at what was written, and nobody."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import asyncpg
import pytest

from devstack import Endpoints
from tests.support.api_client import Api, sign_in
from tests.support.service_process import ServiceProcess

WRITTEN = """
SELECT (SELECT count(*) FROM shared.event_log) AS events, (SELECT count(*) FROM shared.streams) AS streams,
  (SELECT coalesce(sum(version), 0)::bigint FROM shared.streams) AS versions,
  (SELECT count(*) FROM shared.operations WHERE status <> 'rejected') AS operations,
  (SELECT count(*) FROM shared.dead_letters) AS dead_letters, (SELECT count(*) FROM access.users) AS users,
  (SELECT count(*) FROM access.pending_owners) AS pending_owners,
  (SELECT count(*) FROM bulk.bulk_operations) AS bulk_operations
"""

Written = Callable[[], Awaitable[dict[str, int]]]


@pytest.fixture(scope="package")
def service(endpoints: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """One replica in every role, without seeds, for a package of tests."""
    with ServiceProcess(endpoints, tmp_path_factory.mktemp("service") / "service.log") as process:
        yield process


@pytest.fixture(scope="package")
def admin(service: ServiceProcess) -> Api:
    """The super admin."""
    return sign_in(service.url)


@pytest.fixture
async def connection(endpoints: Endpoints) -> AsyncIterator[Any]:
    """A look into the database."""
    connection = await asyncpg.connect(endpoints.postgres_url)
    yield connection
    await connection.close()


@pytest.fixture
def written(connection: Any) -> Written:
    """Counts all that a command adds to unless it is refused."""

    async def count() -> dict[str, int]:
        return dict(await connection.fetchrow(WRITTEN))

    return count


@pytest.fixture(scope="package")
def nobody(service: ServiceProcess) -> Api:
    """A caller without a token."""
    return Api(service.url)
