"""The first start's data: applied once, on an empty registry, and never again."""

import structlog

from app.manifest.apply import apply_manifest
from app.manifest.current import RegisteredInPostgres
from app.manifest.files import load_manifest
from app.manifest.model import ManifestRefused
from app.settings import Settings
from shared.commands.direct_sender import DirectSender
from shared.errors import Unavailable
from shared.postgres.database import PostgresDatabase

log = structlog.get_logger(__name__)

MARK = "seeds"
SEED_USER = "system:seed"
MAKE_MARK = "INSERT INTO shared.marks (name) VALUES ($1) ON CONFLICT DO NOTHING"


class Seeding:
    """Applies the seeds as commands of `system:seed`; a mark in the database says that it was done.

    Replicas that start together send the same items: the second of two equal registrations changes nothing.
    """

    def __init__(
        self, settings: Settings, database: PostgresDatabase, registered: RegisteredInPostgres, send: DirectSender
    ) -> None:
        self._settings = settings
        self._database = database
        self._registered = registered
        self._send = send

    async def run_once(self) -> None:
        """Does nothing where it was done, or where modules are registered already. Raises `Unavailable`."""
        if self._settings.seeds is None or await self._done():
            return
        if not await self._registered.modules():
            await self._apply()
        async with self._database.writing() as transaction:
            await transaction.execute(MAKE_MARK, MARK)

    async def _done(self) -> bool:
        async with self._database.reading() as connection:
            return await connection.fetchval("SELECT 1 FROM shared.marks WHERE name = $1", MARK) is not None

    async def _apply(self) -> None:
        assert self._settings.seeds is not None  # noqa: S101 - run_once has looked
        try:
            manifest = load_manifest(self._settings.seeds)
        except ManifestRefused as refused:
            log.error("seeds_refused", errors=str(refused))  # noqa: TRY400 - the lines say where
            return
        report = await apply_manifest(
            manifest, self._registered, self._send, skip_unknown_modules=False, user_id=SEED_USER
        )
        if report.exit_code:
            raise Unavailable(f"Some seeds were not applied: {report.summary}.")
        log.info("seeds_applied", summary=report.summary)
