"""Sessions in `access.sessions`: one row a sign-in, with the hash of the one refresh token that is good now."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, Index, LargeBinary, Table, Uuid, text

from access.adapters.postgres import NOW, SECRET_BYTES
from access.domain import Account, Session
from shared.ports import Database, Transaction
from shared.postgres.database import metadata

sessions = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("user_id", Uuid, ForeignKey("access.users.id", ondelete="CASCADE"), nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("rotated_at", DateTime(timezone=True)),
    Column("sealed", LargeBinary),
    Index("ix_sessions_user_id", "user_id"),
    Index("ix_sessions_expires_at", "expires_at"),
    schema="access",
)

OPEN = """
INSERT INTO access.sessions (user_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4) RETURNING id
"""

FIND = """
SELECT s.token_hash, s.expires_at, s.revoked_at IS NOT NULL, s.rotated_at, s.sealed,
       u.id, u.role, u.organization_id, u.is_active, u.password_hash
FROM access.sessions s JOIN access.users u ON u.id = s.user_id WHERE s.id = $1
"""

# Two that refresh with one token at once: the second waits for the first one's row, and finds another hash.
ROTATE = """
UPDATE access.sessions SET token_hash = $3, sealed = $4, rotated_at = $5
WHERE id = $1 AND token_hash = $2 AND revoked_at IS NULL RETURNING id
"""

IS_GOOD = """
SELECT EXISTS (
  SELECT FROM access.sessions s JOIN access.users u ON u.id = s.user_id
  WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND u.is_active
)
"""

REVOKE = "UPDATE access.sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id"


class PostgresSessions:
    """The store of sessions."""

    async def open(
        self, transaction: Transaction, user_id: UUID, token_hash: bytes, now: datetime, expires_at: datetime
    ) -> UUID:
        """The database's own random id."""
        session_id: UUID = await transaction.fetchval(OPEN, user_id, token_hash, now, expires_at)
        return session_id

    async def find(self, transaction: Transaction, session_id: UUID) -> Session | None:
        """With its user as he is now."""
        row = await transaction.fetchrow(FIND, session_id)
        if row is None:
            return None
        token_hash, expires_at, is_revoked, rotated_at, sealed, *account = row
        return Session(session_id, Account(*account), token_hash, expires_at, is_revoked, rotated_at, sealed)

    async def rotate(
        self, transaction: Transaction, session: Session, token_hash: bytes, sealed: bytes, now: datetime
    ) -> bool:
        """False when the session's token is another by now."""
        arguments = (session.id, session.token_hash, token_hash, sealed, now)
        return await transaction.fetchval(ROTATE, *arguments) is not None

    async def revoke(self, transaction: Transaction, session_id: UUID, now: datetime) -> bool:
        """False when there was nothing left to revoke."""
        return await transaction.fetchval(REVOKE, session_id, now) is not None

    async def discard_expired(self, transaction: Transaction, now: datetime) -> int:
        """The number of deleted rows."""
        tag = await transaction.execute("DELETE FROM access.sessions WHERE expires_at <= $1", now)
        return int(tag.rpartition(" ")[2])


class PostgresSessionReader:
    """Sessions outside any use case: looked up at their tokens' signs of life."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_good(self, session_id: UUID, now: datetime) -> bool:
        """Whether it is neither over nor its user kept out."""
        async with self._database.snapshot() as transaction:
            return bool(await transaction.fetchval(IS_GOOD, session_id, now))


class RandomSecrets:
    """256 bits from the operating system, in 43 URL-safe characters."""

    def new(self) -> str:
        """A fresh one."""
        return secrets.token_urlsafe(SECRET_BYTES)
