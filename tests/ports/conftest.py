"""The contexts as they are wired, for suites whose real adapters answer from what other contexts decided."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from dishka import AsyncContainer

from access.users import PendingOwners
from organizations.commands import RegisterOrganization
from shared.postgres.database import PostgresDatabase
from tests.app.conftest import Decided, container, decided, settings

__all__ = ["container", "decided", "settings"]


class Plane:
    """All contexts in one process on the real database, and what becomes of commands."""

    def __init__(self, container: AsyncContainer, decided: Decided, database: PostgresDatabase) -> None:
        self.container, self.decide, self.database = container, decided, database

    async def get(self, port: Any) -> Any:
        return await self.container.get(port)

    async def sign_up(self, organization_id: str, name: str, industry_code: str | None = None) -> UUID:
        """The owner, who is the operation that held the e-mail."""
        owner: UUID = uuid4()
        owners = await self.container.get(PendingOwners)
        await owners.hold(owner, f"{owner}@example.com", None, "a long enough password")
        command = RegisterOrganization(organization_id, name, industry_code, owner)
        await self.decide("organizations", organization_id, command)
        return owner


@pytest.fixture
def plane(container: AsyncContainer, decided: Decided, database: PostgresDatabase) -> Plane:
    return Plane(container, decided, database)


@pytest.fixture(params=["fake", "real"])
def real_plane(request: pytest.FixtureRequest) -> Plane | None:
    """Each test runs twice: without the contexts, on fakes, and with them."""
    return None if request.param == "fake" else request.getfixturevalue("plane")


@pytest.fixture(params=["fake", "real"])
def real_database(request: pytest.FixtureRequest) -> PostgresDatabase | None:
    """Each test runs twice: without a database, on fakes, and with it."""
    return None if request.param == "fake" else request.getfixturevalue("database")
