"""The schema `access`: users, pending owners, signing keys."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Index, LargeBinary, Table, Text, Uuid, text

from access.domain import Account, PendingOwner
from access.ports import SigningKey
from shared.lists.text_search import AT_ONCE, SORT_KEY, WORDS, search_column, sort_column
from shared.ports import Database, Transaction
from shared.postgres.database import metadata
from shared.postgres.listener import CHANNEL, ENDED, EVERYTHING
from shared.text.emails import in_ascii
from shared.text.forms import search_text, sort_key

NOW = text("now()")
SECRET_BYTES = 32

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("organization_id", Uuid),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    search_column(),
    sort_column(),
    CheckConstraint("role IN ('super_admin', 'organization_admin', 'service')", name="role"),
    Index("ix_users_email", SORT_KEY, "id"),
    Index("ix_users_organization_id", "organization_id", SORT_KEY, "id"),
    Index("ix_users_super_admins", SORT_KEY, "id", postgresql_where=text("role = 'super_admin'")),
    Index("ix_users_inactive", SORT_KEY, "id", postgresql_where=text("NOT is_active")),
    Index("ix_users_words", text(WORDS), postgresql_using="gin", postgresql_with=AT_ONCE),
    schema="access",
)

pending_owners = Table(
    "pending_owners",
    metadata,
    Column("operation_id", Uuid, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text),
    Column("password_hash", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    search_column(),
    sort_column(),
    schema="access",
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("retired_at", DateTime(timezone=True)),
    schema="access",
)

USER_BY_EMAIL = "SELECT id, role, organization_id, is_active, password_hash FROM access.users WHERE email = $1"

ADD_USER = """
INSERT INTO access.users (id, email, password_hash, role, organization_id, is_active, search_text, sort_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (email) DO NOTHING RETURNING id
"""

# Whoever signed in with the old password is to sign in again.
REPLACE_HASH = """
WITH replaced AS (
  UPDATE access.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING id
), ended AS (
  UPDATE access.sessions SET revoked_at = now() WHERE revoked_at IS NULL AND user_id IN (SELECT id FROM replaced)
)
SELECT id, pg_notify($4, $5) FROM replaced
"""

DISCARD_EXPIRED_RIVALS = """
DELETE FROM access.pending_owners WHERE (email = $1 OR operation_id = $2) AND expires_at <= $3
"""

ADD_PENDING_OWNER = """
INSERT INTO access.pending_owners (operation_id, email, name, password_hash, expires_at, search_text, sort_key)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING RETURNING operation_id
"""

IS_FREE = """
SELECT NOT EXISTS (SELECT FROM access.users WHERE email = $1 AND id <> $2)
   AND NOT EXISTS (SELECT FROM access.pending_owners WHERE email = $1 AND operation_id <> $2 AND expires_at > $3)
"""

PENDING_OWNERS = """
SELECT waiting.operation_id FROM access.pending_owners waiting
WHERE waiting.operation_id = ANY($1::uuid[]) AND waiting.expires_at > $2
  AND NOT EXISTS (SELECT FROM access.users WHERE users.email = waiting.email)
ORDER BY waiting.operation_id FOR UPDATE OF waiting
"""

ACTIVATE = """
WITH activated AS (
  DELETE FROM access.pending_owners waiting
  USING unnest($1::uuid[], $2::uuid[]) AS owner (operation_id, organization_id)
  WHERE waiting.operation_id = owner.operation_id
  RETURNING waiting.operation_id, waiting.email, waiting.name, waiting.password_hash, owner.organization_id,
    waiting.search_text, waiting.sort_key
)
INSERT INTO access.users (id, email, name, password_hash, role, organization_id, created_at, search_text, sort_key)
SELECT operation_id, email, name, password_hash, 'organization_admin', organization_id, $3, search_text, sort_key
FROM activated
RETURNING id, organization_id
"""

# Named by its number, so that processes which find no key at the same time try to insert the same row; who comes
# later sees that row. Keys are retired and never deleted, or a number would come twice.
MAKE_KEY = """
INSERT INTO access.signing_keys (kid, secret) SELECT 'key-' || count(*) + 1, $1 FROM access.signing_keys
HAVING count(*) = count(retired_at) ON CONFLICT (kid) DO NOTHING
"""

UNRETIRED_KEYS = "SELECT kid, secret FROM access.signing_keys WHERE retired_at IS NULL ORDER BY created_at, kid"


def list_columns(email: str, name: str | None) -> tuple[str, str]:
    """What a user is found by, the domain in both its spellings; and where the user stands in the list."""
    domain = in_ascii(email).partition("@")[2]
    return search_text(email, name, None if email.endswith(domain) else domain), sort_key(email)


class PostgresUsers:
    """Users in `access.users`."""

    async def by_email(self, transaction: Transaction, email: str) -> Account | None:
        """One index look-up."""
        row = await transaction.fetchrow(USER_BY_EMAIL, email)
        return Account(*row) if row else None

    async def add(self, transaction: Transaction, account: Account, email: str) -> bool:
        """False when a user with the e-mail exists."""
        await transaction.execute("DELETE FROM access.pending_owners WHERE email = $1", email)
        values = (account.id, email, account.password_hash, account.role, account.organization_id, account.is_active)
        return await transaction.fetchval(ADD_USER, *values, *list_columns(email, None)) is not None

    async def replace_password(self, transaction: Transaction, account: Account, password_hash: str) -> bool:
        """False when somebody else replaced it first."""
        arguments = (account.id, account.password_hash, password_hash, CHANNEL, f"{ENDED} {EVERYTHING}")
        return await transaction.fetchval(REPLACE_HASH, *arguments) is not None


class PostgresPendingOwners:
    """Pending owners in `access.pending_owners`."""

    async def hold(self, transaction: Transaction, owner: PendingOwner, now: datetime) -> bool:
        """Users are read after the insert: an activation of the same e-mail that it waited for is seen then."""
        await transaction.execute(DISCARD_EXPIRED_RIVALS, owner.email, owner.operation_id, now)
        values = (owner.operation_id, owner.email, owner.name, owner.password_hash, owner.expires_at)
        if await transaction.fetchval(ADD_PENDING_OWNER, *values, *list_columns(owner.email, owner.name)) is None:
            return await self._is_held(transaction, owner.operation_id)
        user_id = await transaction.fetchval("SELECT id FROM access.users WHERE email = $1", owner.email)
        if user_id == owner.operation_id:
            await self.discard(transaction, [owner.operation_id])
        return user_id in {None, owner.operation_id}

    async def _is_held(self, transaction: Transaction, operation_id: UUID) -> bool:
        query = "SELECT EXISTS (SELECT FROM access.pending_owners WHERE operation_id = $1)"
        return bool(await transaction.fetchval(query, operation_id))

    async def is_free(self, transaction: Transaction, email: str, operation_id: UUID, now: datetime) -> bool:
        """Two index look-ups."""
        return bool(await transaction.fetchval(IS_FREE, email, operation_id, now))

    async def pending(self, transaction: Transaction, operation_ids: Sequence[UUID], now: datetime) -> frozenset[UUID]:
        """One query; locks in the order of the ids."""
        return frozenset(row[0] for row in await transaction.fetch(PENDING_OWNERS, list(operation_ids), now))

    async def activate(
        self, transaction: Transaction, owners: Sequence[tuple[UUID, UUID]], now: datetime
    ) -> Sequence[tuple[UUID, UUID]]:
        """One statement."""
        operation_ids, organization_ids = zip(*owners, strict=True)
        rows = await transaction.fetch(ACTIVATE, list(operation_ids), list(organization_ids), now)
        return [(user_id, organization_id) for user_id, organization_id in rows]

    async def discard(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> None:
        """Absent ones are no error."""
        query = "DELETE FROM access.pending_owners WHERE operation_id = ANY($1::uuid[])"
        await transaction.execute(query, list(operation_ids))

    async def discard_expired(self, transaction: Transaction, now: datetime) -> int:
        """The number of deleted rows."""
        query = "DELETE FROM access.pending_owners WHERE expires_at <= $1"
        return int((await transaction.execute(query, now)).rpartition(" ")[2])


class PostgresSigningKeys:
    """Signing keys in `access.signing_keys`. Setting `retired_at` retires one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unretired(self) -> Sequence[SigningKey]:
        """Never empty."""
        async with self._database.snapshot() as transaction:
            rows = await transaction.fetch(UNRETIRED_KEYS)
        return [SigningKey(*row) for row in rows] or await self._made()

    async def _made(self) -> Sequence[SigningKey]:
        async with self._database.writing() as transaction:
            await transaction.execute(MAKE_KEY, secrets.token_bytes(SECRET_BYTES))
            return [SigningKey(*row) for row in await transaction.fetch(UNRETIRED_KEYS)]
