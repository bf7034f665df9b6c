"""Apply the seeds: once, on an empty registry, and never again."""

from dataclasses import dataclass
from pathlib import Path

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

SEED_USER = "system:seed"
IS_MARKED = "SELECT 1 FROM shared.marks WHERE name = 'seeds'"
MARK = "INSERT INTO shared.marks (name) VALUES ('seeds') ON CONFLICT DO NOTHING"


@dataclass(repr=False)
class Seeding:
    """Replicas that start together send the same items: the second of two equal registrations changes nothing."""

    settings: Settings
    database: PostgresDatabase
    registered: RegisteredInPostgres
    send: DirectSender

    async def run_once(self) -> None:
        """Apply the seeds unless that was done, or modules are registered already. Raises `Unavailable`."""
        if self.settings.seeds is None:
            return
        async with self.database.reading() as connection:
            if await connection.fetchval(IS_MARKED) is not None:
                return
        if not await self.registered.modules():
            await self._apply(self.settings.seeds)
        async with self.database.writing() as transaction:
            await transaction.execute(MARK)

    async def _apply(self, seeds: Path) -> None:
        try:
            manifest = load_manifest(seeds)
        except ManifestRefused as refused:
            log.error("seeds_refused", errors=str(refused))  # noqa: TRY400 - the lines say where
            return
        report = await apply_manifest(
            manifest, self.registered, self.send, skip_unknown_modules=False, user_id=SEED_USER
        )
        if report.exit_code:
            raise Unavailable(f"Some seeds were not applied: {report.summary}.")
        log.info("seeds_applied", summary=report.summary)
