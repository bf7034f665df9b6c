"""The key that seals cursors, in `shared.cursor_key`: one row, made by whoever needs it first."""

import secrets

from shared.ports import Database

KEY_BYTES = 32

KEY = "SELECT key FROM shared.cursor_key"
MAKE = "INSERT INTO shared.cursor_key (id, key) VALUES (1, $1) ON CONFLICT DO NOTHING"


class PostgresCursorKey:
    """Asks the database once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key: bytes | None = None

    async def key(self) -> bytes:
        """32 bytes, the same on all replicas."""
        if self._key is None:
            self._key = await self._stored() or await self._made()
        return self._key

    async def _stored(self) -> bytes | None:
        async with self._database.snapshot() as transaction:
            key: bytes | None = await transaction.fetchval(KEY)
        return key

    async def _made(self) -> bytes:
        async with self._database.writing() as transaction:
            await transaction.execute(MAKE, secrets.token_bytes(KEY_BYTES))
            key: bytes = await transaction.fetchval(KEY)
        return key
