"""Dead letters on PostgreSQL: added by consumers, retried and dropped by operators."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import Struct

from shared.commands.consumer import UNREADABLE
from shared.dead_letters.service import DeadLetter, DeadLetterKind, DeadLetterRecord, DeadLetterStatus, Resolution
from shared.ports import Transaction
from shared.postgres import outages
from shared.postgres.database import PostgresDatabase

MAX_ERROR = 2000
KEEPING = timedelta(days=90)

ADD = """
INSERT INTO shared.dead_letters (id, kind, source, key, body, error, context, subject_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING
"""

COLUMNS = """
id, kind, status, context, source, key, subject_id, error, retries, created_at, handled_at, handled_by, reason
"""

ONE = f"SELECT body, {COLUMNS} FROM shared.dead_letters WHERE id = $1"

PAGE = f"""
SELECT {COLUMNS} FROM shared.dead_letters
WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR kind = $2)
  AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4))
ORDER BY created_at DESC, id DESC LIMIT $5
"""

# A failed operation is pending again: a caller that waits for the retry must not see the failure before it.
CLAIM = """
WITH claimed AS (
  UPDATE shared.dead_letters SET status = $2, handled_by = $3, handled_at = $4, reason = $5,
    subject_id = coalesce(subject_id, $6), retries = retries + ($2 = 'retried')::int
  WHERE id = $1 AND (status = 'open' OR (status = 'retried' AND handled_at < $4::timestamptz - interval '1 minute'))
  RETURNING subject_id
), revived AS (
  UPDATE shared.operations o SET status = 'pending' FROM claimed
  WHERE $2 = 'retried' AND o.id = claimed.subject_id AND o.status = 'failed'
)
SELECT 1 FROM claimed
"""

REMOVE_FROM_RELAY = "DELETE FROM shared.event_relay r USING shared.event_log l WHERE l.id = $1 AND r.seq = l.seq"

RESOLVE = "UPDATE shared.dead_letters SET status = 'resolved' WHERE id = $1 AND status IN ('open', 'retried')"

REOPEN = """
WITH reopened AS (
  UPDATE shared.dead_letters SET status = 'open', error = $2 WHERE id = $1 AND status = 'retried' RETURNING subject_id
)
UPDATE shared.operations o SET status = 'failed' FROM reopened
WHERE o.id = reopened.subject_id AND o.status = 'pending' AND o.outcome IS NOT NULL
"""

CONTEXT = """
SELECT (SELECT status FROM shared.operations WHERE id = $1),
       (SELECT count(*) FROM (SELECT FROM shared.event_relay WHERE key = $2 LIMIT 100000) AS bounded)
"""

SWEEP = """
DELETE FROM shared.dead_letters WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM shared.dead_letters WHERE status IN ('resolved', 'dropped') AND created_at < $1 LIMIT 5000))
"""


class Subject(Struct, frozen=True):
    operation_id: UUID | None = None
    event_id: UUID | None = None


class Context(Struct, frozen=True):
    operation_status: str | None
    waiting_events: int


class PostgresDeadLetterStore:
    """Keep the records that one context's consumers can never process, each once, by its source."""

    def __init__(self, database: PostgresDatabase, context: str) -> None:
        self._database = database
        self._context = context

    async def add(self, kind: str, source: str, key: str, body: bytes, error: str) -> None:
        # several contexts may take the same event, each in its own way
        name = f"{kind}:{self._context}:{source}" if kind == "event" else f"{kind}:{source}"
        letter, subject = uuid5(NAMESPACE_URL, name), subject_of(kind, body)
        async with self._database.writing() as transaction:
            await transaction.execute(
                ADD, letter, kind, source, storable(key), body, storable(error), self._context, subject
            )

    def is_transient(self, error: BaseException) -> bool:
        return outages.is_transient(error)


class PostgresDeadLetters:
    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def page(
        self,
        limit: int,
        before: tuple[datetime, UUID] | None = None,
        *,
        status: DeadLetterStatus | None = None,
        kind: DeadLetterKind | None = None,
    ) -> Sequence[DeadLetter]:
        """Return the newest first, of those older than `before`."""
        at, id_ = before or (None, None)
        async with self._database.reading() as connection:
            return [letter_of(row) for row in await connection.fetch(PAGE, status, kind, at, id_, limit)]

    async def record(self, letter_id: UUID) -> DeadLetterRecord | None:
        async with self._database.reading() as connection:
            row: Any = await connection.fetchrow(ONE, letter_id)
        return None if row is None else DeadLetterRecord(letter_of(row), row["body"])

    async def context_of(self, letter: DeadLetter) -> Context:
        operation = letter.subject_id if letter.kind == "command" else None
        key = letter.key if letter.kind == "relay" else None
        async with self._database.reading() as connection:
            return Context(*await connection.fetchrow(CONTEXT, operation, key))

    async def claim(self, transaction: Transaction, resolution: Resolution) -> bool:
        letter = resolution.letter
        claimed: Any = await transaction.fetchval(
            CLAIM,
            letter.id,
            resolution.status,
            resolution.handled_by,
            resolution.handled_at,
            resolution.reason,
            letter.subject_id,
        )
        return claimed is not None

    async def remove_from_relay(self, transaction: Transaction, event_id: UUID) -> None:
        await transaction.execute(REMOVE_FROM_RELAY, event_id)

    async def resolve(self, letter_id: UUID) -> None:
        async with self._database.writing() as transaction:
            await transaction.execute(RESOLVE, letter_id)

    async def reopen(self, letter_id: UUID, error: str) -> None:
        async with self._database.writing() as transaction:
            await transaction.execute(REOPEN, letter_id, storable(error))

    async def sweep(self, now: datetime) -> None:
        """Delete some of those resolved or dropped that are 90 days old."""
        async with self._database.writing() as transaction:
            await transaction.execute(SWEEP, now - KEEPING)


def subject_of(kind: str, body: bytes) -> UUID | None:
    """Read the operation's or the event's id, if the record can be read that far."""
    try:
        subject = msgspec.json.decode(body, type=Subject)
    except UNREADABLE:
        return None
    return subject.operation_id if kind == "command" else subject.event_id


def letter_of(row: Any) -> DeadLetter:
    return DeadLetter(**{name: row[name] for name in DeadLetter.__struct_fields__})


def storable(text: str) -> str:
    """Cut the text to size; NUL, which a text column cannot hold, becomes U+FFFD."""
    return text[:MAX_ERROR].replace("\x00", "\ufffd")
