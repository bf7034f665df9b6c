"""Heads, events and rows compared, as `modplane verify` does."""

import asyncio

from app.main import make_container
from app.settings import Settings
from app.verification import Verification
from devstack import Endpoints


def differences(endpoints: Endpoints) -> list[str]:
    """A line for each aggregate of the database whose head, events and rows do not tell the same."""

    async def compare() -> list[str]:
        container = make_container(Settings(postgres_url=endpoints.postgres_url))
        try:
            return [line async for line in (await container.get(Verification)).differences()]
        finally:
            await container.close()

    return asyncio.run(compare())
