"""Containers for commands, and the two commands `verify` and `admin create`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import typer
from dishka import AsyncContainer

from access.users import SuperAdmins
from app.cli.output import EXIT_FAILED, Answer, Printer
from app.main import make_container
from app.settings import Settings
from app.verification import Verification
from shared.cache.generations import ResetAnnouncer
from shared.cache.redis import RedisCache
from shared.commands.bus import OutcomeWaiter
from shared.kafka.broker import KafkaConnection
from shared.postgres.database import PostgresDatabase
from shared.postgres.listener import PostgresListener

CLI_USER = "system:cli"
CONNECT_SECONDS = 5.0


@asynccontextmanager
async def sending_container(settings: Settings) -> AsyncIterator[AsyncContainer]:
    """Provide a process that sends commands and consumes nothing. Raises `Unavailable` without a database."""
    container = make_container(settings.model_copy(update={"replica": f"cli-{settings.replica_id}"}))
    get = container.get
    tasks: list[asyncio.Task[None]] = []
    connection = await get(KafkaConnection)
    try:
        await (await get(PostgresDatabase)).check_schema()
        store, announcer = await get(RedisCache), await get(ResetAnnouncer)
        runs = (
            store.reconnect_forever(announcer.announce_reset),
            (await get(PostgresListener)).run(),
            (await get(OutcomeWaiter)).watch(),
        )
        tasks.extend(asyncio.create_task(run) for run in runs)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await connection.keep_trying()
        except TimeoutError:
            typer.echo("Kafka does not answer: deciding here instead.", err=True)
        yield container
    finally:
        await connection.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await container.close()


@asynccontextmanager
async def container_of(settings: Settings) -> AsyncIterator[AsyncContainer]:
    container = make_container(settings)
    try:
        yield container
    finally:
        await container.close()


@asynccontextmanager
async def database_container(settings: Settings) -> AsyncIterator[AsyncContainer]:
    """Provide a process that needs nothing but the database. Raises `Unavailable` without one."""
    async with container_of(settings) as container:
        await (await container.get(PostgresDatabase)).check_schema()
        yield container


async def verify_all(settings: Settings, printer: Printer) -> Answer:
    differences: list[str] = []
    async with database_container(settings) as container:
        verification = await container.get(Verification)
        async for difference in verification.differences():
            differences.append(difference)
            printer(difference)
    printer(f"{verification.compared} streams compared, {len(differences)} differ.")
    document = {"compared": verification.compared, "differences": differences}
    return Answer(document, EXIT_FAILED if differences else 0)


async def create_admin(settings: Settings, email: str, password: str, printer: Printer) -> Answer:
    async with database_container(settings) as container:
        user_id = await (await container.get(SuperAdmins)).create(email, password)
    printer(f"Super admin {user_id} can sign in.")
    return Answer({"user_id": user_id, "email": email})
