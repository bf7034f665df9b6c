"""Databases of their own, on the run's server, for tests that change what the others share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg


def sibling_database_url(server_url: str, name: str) -> str:
    """The URL of another database of the same server, with all of the first one's parameters."""
    location, mark, query = server_url.partition("?")
    scheme, separator, rest = location.partition("://")
    return f"{scheme}{separator}{rest.partition('/')[0]}/{name}{mark}{query}"


@asynccontextmanager
async def new_database(server_url: str) -> AsyncIterator[str]:
    """The URL of an empty database beside that of `server_url`; dropped afterwards, whoever is still connected."""
    name = f"test_{uuid4().hex}"
    server = await asyncpg.connect(server_url)
    await server.execute(f"CREATE DATABASE {name}")
    try:
        yield sibling_database_url(server_url, name)
    finally:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()
