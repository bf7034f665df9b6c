"""What keyed writes came to, in `access.write_outcomes`, and the seal on the secrets among it."""

import hmac
from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, DateTime, Index, LargeBinary, Table, Text, Uuid, text

from access.adapters.tokens import KeyRing
from access.ports import KeptOutcome, KeyedWrite
from shared.commands.bus import IdempotencyKeyReused
from shared.ports import Transaction
from shared.postgres.database import metadata

MASK_BYTES = 64

write_outcomes = Table(
    "write_outcomes",
    metadata,
    Column("operation_id", Uuid, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("body", LargeBinary),
    Column("has_secret", Boolean, nullable=False, server_default=text("false")),
    Column("sealed", LargeBinary),
    Index("ix_write_outcomes_created_at", "created_at"),
    schema="access",
)

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
DISCARD = "DELETE FROM access.write_outcomes WHERE created_at < $1"


class PostgresWriteOutcomes:
    """One row a key."""

    async def claim(self, transaction: Transaction, write: KeyedWrite, now: datetime) -> KeptOutcome | None:
        """A second one waits here until the first has committed, or failed and left no row."""
        if await transaction.fetchval(CLAIM, write.operation_id, write.fingerprint, now) is not None:
            return None
        fingerprint, body, *kept = await transaction.fetchrow(FIRST, write.operation_id)
        if fingerprint != write.fingerprint:
            raise IdempotencyKeyReused(
                "The Idempotency-Key was used for another request. Use a new key for a new request."
            )
        return KeptOutcome(body, *kept)

    async def keep(self, transaction: Transaction, operation_id: UUID, body: bytes, sealed: bytes | None) -> None:
        """In the transaction of the claim."""
        await transaction.execute(KEEP, operation_id, body, sealed)

    async def discard(self, transaction: Transaction, secrets_before: datetime, outcomes_before: datetime) -> int:
        """The number of deleted outcomes."""
        await transaction.execute(DISCARD_SECRETS, secrets_before)
        return int((await transaction.execute(DISCARD, outcomes_before)).rpartition(" ")[2])


class SigningKeySeals:
    """A mask that is used once, made of a signing key and of the Idempotency-Key, which is kept nowhere."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def seal(self, write: KeyedWrite, secret: str) -> bytes:
        """Beside the signing key's name. The secret is shorter than the mask."""
        key = await self._keys.signing()
        return key.kid.encode() + b"\n" + masked(secret.encode(), mask(key.secret, write))

    async def unseal(self, write: KeyedWrite, sealed: bytes) -> str | None:
        """None when the signing key was retired."""
        kid, _, hidden = sealed.partition(b"\n")
        key = await self._keys.verifying(kid.decode())
        return None if key is None else masked(hidden, mask(key.secret, write)).decode()


def mask(secret: bytes, write: KeyedWrite) -> bytes:
    """64 bytes for this one write."""
    said = f"sealed outcome\x1f{write.operation_id}\x1f{write.fingerprint}\x1f{write.key}"
    return hmac.digest(secret, said.encode(), "sha512")


def masked(text: bytes, mask: bytes) -> bytes:
    """Masks, or unmasks."""
    if len(text) > MASK_BYTES:
        raise ValueError("The secret is longer than its mask.")
    return bytes(a ^ b for a, b in zip(text, mask, strict=False))
