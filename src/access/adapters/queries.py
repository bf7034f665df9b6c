"""Statements of the schema `access` that run in every request or the write path, or that repositories do not have."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from access.domain import Account, ApiToken, PendingOwner
from access.ports import KeptOutcome, KeyedWrite, SigningKey
from shared.commands.bus import IdempotencyKeyReused
from shared.ports import Database, Transaction
from shared.postgres.listener import CHANNEL, ENDED, EVERYTHING
from shared.text.emails import in_ascii
from shared.text.forms import search_text, sort_key

SECRET_BYTES = 32
USE_NOTED_EVERY = timedelta(minutes=1)

USER_BY_EMAIL = "SELECT id, role, organization_id, is_active, password_hash FROM access.users WHERE email = $1"

ADD_USER = """
INSERT INTO access.users (id, email, password_hash, role, organization_id, is_active, search_text, sort_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (email) DO NOTHING RETURNING id
"""

# Sessions that began with the old password end with it.
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

# Named by its number, so that processes which find no key at the same time try to insert the same row; the later ones
# see that row. Keys are retired and never deleted, or a number would come twice.
MAKE_KEY = """
INSERT INTO access.signing_keys (kid, secret) SELECT 'key-' || count(*) + 1, $1 FROM access.signing_keys
HAVING count(*) = count(retired_at) ON CONFLICT (kid) DO NOTHING
"""

UNRETIRED_KEYS = "SELECT kid, secret FROM access.signing_keys WHERE retired_at IS NULL ORDER BY created_at, kid"

IS_GOOD_SESSION = """
SELECT EXISTS (
  SELECT FROM access.sessions s JOIN access.users u ON u.id = s.user_id
  WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND u.is_active
)
"""

TOKEN_BY_HASH = f"SELECT {', '.join(ApiToken.__struct_fields__)} FROM access.api_tokens WHERE token_hash = $1"

NOTE_USE = """
UPDATE access.api_tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)
"""

CLAIM = """
INSERT INTO access.write_outcomes (operation_id, fingerprint, created_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING operation_id
"""
FIRST = "SELECT fingerprint, body, has_secret, sealed, created_at FROM access.write_outcomes WHERE operation_id = $1"
KEEP = """
UPDATE access.write_outcomes SET body = $2, sealed = $3::bytea, has_secret = $3::bytea IS NOT NULL
WHERE operation_id = $1
"""
DISCARD_SECRETS = "UPDATE access.write_outcomes SET sealed = NULL WHERE created_at < $1 AND sealed IS NOT NULL"
DISCARD_OUTCOMES = "DELETE FROM access.write_outcomes WHERE created_at < $1"


def list_columns(email: str, name: str | None) -> tuple[str, str]:
    """Return the words that find a user, the domain in both its spellings, and the user's sort key."""
    domain = in_ascii(email).partition("@")[2]
    return search_text(email, name, None if email.endswith(domain) else domain), sort_key(email)


def row_count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])


class PostgresUsers:
    async def by_email(self, transaction: Transaction, email: str) -> Account | None:
        row = await transaction.fetchrow(USER_BY_EMAIL, email)
        return Account(*row) if row else None

    async def add(self, transaction: Transaction, account: Account, email: str) -> bool:
        await transaction.execute("DELETE FROM access.pending_owners WHERE email = $1", email)
        values = (account.id, email, account.password_hash, account.role, account.organization_id, account.is_active)
        return await transaction.fetchval(ADD_USER, *values, *list_columns(email, None)) is not None

    async def replace_password(self, transaction: Transaction, account: Account, password_hash: str) -> bool:
        arguments = (account.id, account.password_hash, password_hash, CHANNEL, f"{ENDED} {EVERYTHING}")
        return await transaction.fetchval(REPLACE_HASH, *arguments) is not None


class PostgresPendingOwners:
    async def hold(self, transaction: Transaction, owner: PendingOwner, now: datetime) -> bool:
        """Read users after the insert: an activation of the same e-mail that the insert waited for is seen then."""
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
        return bool(await transaction.fetchval(IS_FREE, email, operation_id, now))

    async def pending(self, transaction: Transaction, operation_ids: Sequence[UUID], now: datetime) -> frozenset[UUID]:
        """Lock in the order of ids."""
        return frozenset(row[0] for row in await transaction.fetch(PENDING_OWNERS, list(operation_ids), now))

    async def activate(
        self, transaction: Transaction, owners: Sequence[tuple[UUID, UUID]], now: datetime
    ) -> Sequence[tuple[UUID, UUID]]:
        operation_ids, organization_ids = zip(*owners, strict=True)
        rows = await transaction.fetch(ACTIVATE, list(operation_ids), list(organization_ids), now)
        return [(user_id, organization_id) for user_id, organization_id in rows]

    async def discard(self, transaction: Transaction, operation_ids: Sequence[UUID]) -> None:
        query = "DELETE FROM access.pending_owners WHERE operation_id = ANY($1::uuid[])"
        await transaction.execute(query, list(operation_ids))

    async def discard_expired(self, transaction: Transaction, now: datetime) -> int:
        return row_count(await transaction.execute("DELETE FROM access.pending_owners WHERE expires_at <= $1", now))


class PostgresSigningKeys:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def unretired(self) -> Sequence[SigningKey]:
        async with self._database.snapshot() as transaction:
            rows = await transaction.fetch(UNRETIRED_KEYS)
        return [SigningKey(*row) for row in rows] or await self._made()

    async def _made(self) -> Sequence[SigningKey]:
        async with self._database.writing() as transaction:
            await transaction.execute(MAKE_KEY, secrets.token_bytes(SECRET_BYTES))
            return [SigningKey(*row) for row in await transaction.fetch(UNRETIRED_KEYS)]


class PostgresCredentialReader:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_good_session(self, session_id: UUID, now: datetime) -> bool:
        async with self._database.snapshot() as transaction:
            return bool(await transaction.fetchval(IS_GOOD_SESSION, session_id, now))

    async def api_token(self, token_hash: bytes) -> ApiToken | None:
        """Return revoked and expired ones too."""
        async with self._database.snapshot() as transaction:
            row = await transaction.fetchrow(TOKEN_BY_HASH, token_hash)
        return ApiToken(*row) if row else None

    async def note_use(self, token: ApiToken, now: datetime) -> None:
        """Write at most once a minute for each token, in all processes together."""
        before = now - USE_NOTED_EVERY
        if token.last_used_at is None or token.last_used_at <= before:
            async with self._database.writing() as transaction:
                await transaction.execute(NOTE_USE, token.id, now, before)


class PostgresWriteOutcomes:
    async def claim(self, transaction: Transaction, write: KeyedWrite, now: datetime) -> KeptOutcome | None:
        """Wait in the insert for an earlier claim, until it has committed, or failed and left no row."""
        if await transaction.fetchval(CLAIM, write.operation_id, write.fingerprint, now) is not None:
            return None
        fingerprint, body, *kept = await transaction.fetchrow(FIRST, write.operation_id)
        if fingerprint != write.fingerprint:
            raise IdempotencyKeyReused(
                "The Idempotency-Key was used for another request. Use a new key for a new request."
            )
        return KeptOutcome(body, *kept)

    async def keep(self, transaction: Transaction, operation_id: UUID, body: bytes, sealed: bytes | None) -> None:
        await transaction.execute(KEEP, operation_id, body, sealed)

    async def discard(self, transaction: Transaction, secrets_before: datetime, outcomes_before: datetime) -> int:
        await transaction.execute(DISCARD_SECRETS, secrets_before)
        return row_count(await transaction.execute(DISCARD_OUTCOMES, outcomes_before))


class RandomSecrets:
    def new(self) -> str:
        return secrets.token_urlsafe(SECRET_BYTES)
