"""What the command line does with a running system: apply a manifest, verify the data."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dishka import AsyncContainer

from access.sign_in import SuperAdmins
from app.apply import EXIT_MANIFEST_REFUSED, apply_manifest
from app.main import make_container
from app.manifest import ManifestRefused, load_manifest
from app.registered import RegisteredInPostgres
from app.sending import DirectSender
from app.settings import Settings
from app.verification import Verification
from shared.adapters.kafka import KafkaConnection
from shared.adapters.listener import PostgresListener
from shared.adapters.postgres import PostgresDatabase
from shared.adapters.redis import RedisStore
from shared.cache import ResetAnnouncer
from shared.errors import Refused, Unavailable
from shared.outcomes import OutcomeBoard

CLI_USER = "system:cli"
CONNECT_SECONDS = 5.0


@asynccontextmanager
async def tools(settings: Settings) -> AsyncIterator[AsyncContainer]:
    """The parts of a process that sends commands and consumes nothing. Raises `Unavailable` without a database."""
    container = make_container(settings.model_copy(update={"replica": f"cli-{settings.replica_id}"}))
    get = container.get
    tasks: list[asyncio.Task[None]] = []
    connection = await get(KafkaConnection)
    try:
        await (await get(PostgresDatabase)).check_schema()
        store, announcer = await get(RedisStore), await get(ResetAnnouncer)
        runs = (
            store.keep_up(announcer.announce_reset),
            (await get(PostgresListener)).run(),
            (await get(OutcomeBoard)).watch(),
        )
        tasks.extend(asyncio.create_task(run) for run in runs)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await connection.keep_trying()
        except TimeoutError:
            print("Kafka does not answer: deciding here instead.", file=sys.stderr)
        yield container
    finally:
        await connection.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await container.close()


async def apply_file(settings: Settings, path: Path, skip_unknown_modules: bool) -> int:
    """Prints a line an item and a summary; answers 0 when applied, 1 when something, 2 when all was refused."""
    try:
        manifest = load_manifest(path)
        async with tools(settings) as container:
            report = await apply_manifest(
                manifest,
                await container.get(RegisteredInPostgres),
                await container.get(DirectSender),
                skip_unknown_modules=skip_unknown_modules,
                user_id=CLI_USER,
            )
    except ManifestRefused as refused:
        print(refused, file=sys.stderr)
        return EXIT_MANIFEST_REFUSED
    except Unavailable as error:
        print(f"modplane: {error.detail}", file=sys.stderr)
        return 1
    for line in report.lines():
        print(line)
    return report.exit_code


async def verify_all(settings: Settings) -> int:
    """Prints what differs, then a summary; 1 when anything does. Needs nothing but the database."""
    container, differences = make_container(settings), 0
    try:
        await (await container.get(PostgresDatabase)).check_schema()
        verification = await container.get(Verification)
        async for difference in verification.differences():
            differences += 1
            print(difference)
    except Unavailable as error:
        print(f"modplane: {error.detail}", file=sys.stderr)
        return 1
    finally:
        await container.close()
    print(f"{verification.compared} streams compared, {differences} differ.")
    return 1 if differences else 0


async def create_admin(settings: Settings, email: str, password: str) -> int:
    """Prints the new super admin's id, or why there is none; needs nothing but the database."""
    container = make_container(settings)
    try:
        await (await container.get(PostgresDatabase)).check_schema()
        user_id = await (await container.get(SuperAdmins)).create(email, password)
    except Refused as refused:
        print(f"modplane: {refused.detail}", file=sys.stderr)
        return 1
    finally:
        await container.close()
    print(f"Super admin {user_id} can sign in.")
    return 0
