"""The write path's SQL: head rows, fact locks, operations, and the one statement that saves a batch.

`SAVE` takes one JSON array for each kind of row: as fast in the database as one for each column, with less to encode.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import msgspec
from msgspec import Raw

from shared.commands.decision import Decider, Head
from shared.commands.processor import BatchChanges, OperationClash
from shared.concurrency import in_slices
from shared.errors import Unavailable
from shared.messages import STATE_SCHEMA, Outcome, ReceivedCommand
from shared.ports import Transaction
from shared.postgres.database import UNIQUE_VIOLATION, PostgresDatabase
from shared.postgres.listener import CHANNEL

LOCK_ORDER = ("industries", "registry")
LOCK_NAMESPACE = 0x4D50
KNOWN_HEADS = 200_000
PENDING_SECONDS = 5.0

INSERT_HEADS = """
INSERT INTO shared.streams (context, id, version)
SELECT $1, wanted.id, 0 FROM unnest($2::text[]) WITH ORDINALITY AS wanted(id, place)
WHERE NOT EXISTS (SELECT FROM shared.streams s WHERE s.context = $1 AND s.id = wanted.id)
ORDER BY wanted.place
ON CONFLICT DO NOTHING RETURNING id
"""

READ_HEADS = """
SELECT id, version, state, state_schema FROM shared.streams WHERE context = $1 AND id = ANY($2::text[]) ORDER BY id
"""

LOCK_HEADS = READ_HEADS + "FOR UPDATE"

POSITION = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"

REMOVE_UNUSED_HEADS = "DELETE FROM shared.streams WHERE context = $1 AND id = ANY($2::text[]) AND version = 0"

LOCK_AND_READ_DECIDED = """
WITH locked AS MATERIALIZED ({locks})
SELECT o.outcome FROM locked LEFT JOIN shared.operations o
  ON o.id = ANY($1::uuid[]) AND o.status NOT IN ('pending', 'failed')
"""

OPERATION = """id uuid, aggregate_id text, organization_id text, user_id text, command text, fingerprint text,
created_at timestamptz, status text, outcome json"""

SAVE = f"""
WITH heads AS (
  UPDATE shared.streams s SET version = new.version, state = new.state, state_schema = $2
  FROM json_to_recordset($3::json) AS new(id text, version bigint, state json)
  WHERE s.context = $1 AND s.id = new.id
), events AS MATERIALIZED (
  SELECT e.*, row_number() OVER () AS place FROM json_to_recordset($4::json) AS e(
    id uuid, aggregateid text, type text, sequence bigint, payload json, organization_id text, module_id text,
    user_id text, operation_id uuid, reason text, occurred_at timestamptz, invalidates text, traceparent text)
), logged AS (
  INSERT INTO shared.event_log (id, aggregatetype, aggregateid, type, sequence, payload, organization_id, module_id,
                                user_id, operation_id, reason, occurred_at)
  SELECT e.id, $1, e.aggregateid, e.type, e.sequence, e.payload, e.organization_id, e.module_id,
         e.user_id, e.operation_id, e.reason, e.occurred_at
  FROM events e ORDER BY e.place
  RETURNING seq, id, coalesce(organization_id, aggregateid) AS key
), queued AS (
  INSERT INTO shared.event_relay (seq, key, invalidates, traceparent)
  SELECT logged.seq, logged.key, e.invalidates, e.traceparent FROM logged JOIN events e USING (id)
), ended AS MATERIALIZED (
  SELECT n.* FROM json_to_recordset($5::json) AS n({OPERATION})
), decided AS (
  INSERT INTO shared.operations AS o (id, context, aggregate_id, organization_id, user_id, command, status, fingerprint,
                                      outcome, created_at, decided_at)
  SELECT n.id, $1, n.aggregate_id, n.organization_id, n.user_id, n.command, n.status, n.fingerprint, n.outcome,
         n.created_at, $6
  FROM ended n
  ON CONFLICT (id) DO UPDATE SET status = excluded.status, outcome = excluded.outcome,
    fingerprint = excluded.fingerprint, aggregate_id = excluded.aggregate_id, context = excluded.context,
    decided_at = excluded.decided_at
  WHERE o.status IN ('pending', 'failed')
  RETURNING id
), resolved AS (
  UPDATE shared.dead_letters SET status = 'resolved'
  WHERE kind = 'command' AND status IN ('open', 'retried') AND subject_id IN (SELECT id FROM ended)
)
SELECT count(*), (SELECT pg_notify($7, $8)) FROM decided
"""

# A failed operation that is sent again is pending again, unless that attempt has failed by now as well.
STORE_PENDING = f"""
INSERT INTO shared.operations AS o (id, context, aggregate_id, organization_id, user_id, command, status, fingerprint,
                                    created_at)
SELECT n.id, $1, n.aggregate_id, n.organization_id, n.user_id, n.command, 'pending', n.fingerprint, n.created_at
FROM json_to_record($2::json) AS n({OPERATION})
ON CONFLICT (id) DO UPDATE SET status = 'pending'
WHERE o.status = 'failed' AND NOT coalesce(o.outcome::jsonb -> 'attempts', '[]') ? $3::text
"""

RECORD_FAILURE = f"""
WITH ended AS MATERIALIZED (
  SELECT n.* FROM json_to_record($2::json) AS n({OPERATION})
), added AS (
  INSERT INTO shared.dead_letters (id, kind, source, key, body, error, context, subject_id)
  SELECT $3, 'command', $1, n.aggregate_id, $4, $5, $1, n.id FROM ended n WHERE n.status = 'failed'
  ON CONFLICT (id) DO UPDATE SET error = excluded.error, status = 'open'
), resolved AS (
  UPDATE shared.dead_letters d SET status = 'resolved' FROM ended n
  WHERE n.status <> 'failed' AND d.kind = 'command' AND d.status IN ('open', 'retried') AND d.subject_id = n.id
)
INSERT INTO shared.operations AS o (id, context, aggregate_id, organization_id, user_id, command, status, fingerprint,
                                    outcome, created_at, decided_at)
SELECT n.id, $1, n.aggregate_id, n.organization_id, n.user_id, n.command, n.status, n.fingerprint, n.outcome,
       n.created_at, now()
FROM ended n
ON CONFLICT (id) DO UPDATE SET status = excluded.status, decided_at = now(), outcome = jsonb_set(
  excluded.outcome::jsonb, '{{attempts}}',
  CASE WHEN jsonb_array_length(o.outcome::jsonb -> 'attempts') < 100 THEN o.outcome::jsonb -> 'attempts' ELSE '[]' END
  || (excluded.outcome::jsonb -> 'attempts'))::json
WHERE o.status IN ('pending', 'failed')
"""


class StateFromTheFuture(Unavailable):
    """A newer version of the service wrote this aggregate; a rolling upgrade is under way."""


class PostgresCommandStore:
    """The write path's statements. One instance serves all contexts of a process."""

    def __init__(self, database: PostgresDatabase, replica_id: str) -> None:
        self._database = database
        self._replica_id = replica_id
        self._known: set[tuple[str, str]] = set()

    async def lock_heads(self, transaction: Transaction, decider: Decider, ids: Sequence[str]) -> dict[str, Head]:
        """Lock head rows FOR UPDATE, sorted; missing ones are inserted first, so an aggregate has one writer."""
        unknown = [id_ for id_ in ids if (decider.name, id_) not in self._known]
        created: set[str] = set()
        if unknown:
            created = {row[0] for row in await transaction.fetch(INSERT_HEADS, decider.name, unknown)}
        rows = await transaction.fetch(LOCK_HEADS, decider.name, ids)
        if len(rows) != len(ids):
            self._known.clear()
            raise StateFromTheFuture("Heads that were there are gone; the database was replaced. Trying again.")
        heads = await decoded_heads(decider, rows, created)
        self._remember(decider.name, heads)
        return heads

    async def read_heads(self, transaction: Transaction, decider: Decider, ids: Sequence[str]) -> dict[str, Head]:
        heads = await decoded_heads(decider, await transaction.fetch(READ_HEADS, decider.name, ids))
        return {id_: heads.get(id_) or Head(0, decider.initial) for id_ in ids}

    async def position(self, transaction: Transaction) -> int:
        return int(await transaction.fetchval(POSITION))

    def _remember(self, context: str, heads: Mapping[str, Head]) -> None:
        if len(self._known) > KNOWN_HEADS:
            self._known.clear()
        self._known.update((context, id_) for id_, head in heads.items() if head.version > 0)

    async def lock_facts(
        self, transaction: Transaction, decider: Decider, operation_ids: Sequence[UUID]
    ) -> dict[UUID, Outcome]:
        # One statement: operations are guarded by the head locks, so their rows may be older than the fact locks.
        rows = await transaction.fetch(fact_lock_statement(decider), operation_ids)
        outcomes = [msgspec.json.decode(row[0], type=Outcome) for row in rows if row[0] is not None]
        return {outcome.operation_id: outcome for outcome in outcomes}

    async def save(self, transaction: Transaction, page: BatchChanges) -> None:
        unused = [id_ for id_, head in page.heads.items() if head.created and head.version == 0]
        if unused:
            await transaction.execute(REMOVE_UNUSED_HEADS, page.decider.name, unused)
        if not page.decided:
            return
        ended = [operation_row(work, outcome) async for work, outcome in in_slices(page.decided)]
        row = await transaction.fetchrow(
            SAVE,
            page.decider.name,
            STATE_SCHEMA,
            as_json([head_row(id_, page.heads[id_]) async for id_ in in_slices(page.changed)]),
            as_json(event_rows(page)),
            as_json(ended),
            page.events[-1][0].occurred_at if page.events else page.decided[0][0].envelope.issued_at,
            CHANNEL,
            f"decided {self._replica_id}",
        )
        if row[0] != len(page.decided):
            raise OperationClash

    async def store_pending(self, context: str, work: ReceivedCommand) -> None:
        """Make the operation's address answer before it is decided; one decided in this attempt stays as it is."""
        attempt = None if work.envelope.attempt is None else str(work.envelope.attempt)
        async with self._database.writing(PENDING_SECONDS) as transaction:
            await transaction.execute(STORE_PENDING, context, as_json(operation_row(work)), attempt)

    async def record_failure(self, context: str, work: ReceivedCommand, outcome: Outcome, error: str) -> None:
        dead_letter_id = uuid5(outcome.operation_id, "dead-letter")
        row, body = as_json(operation_row(work, outcome)), msgspec.json.encode(work.envelope)
        async with self._database.writing() as transaction:
            await transaction.execute(RECORD_FAILURE, context, row, dead_letter_id, body, error)
            await transaction.execute("SELECT pg_notify($1, $2)", CHANNEL, f"decided {self._replica_id}")

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        query = "SELECT outcome FROM shared.operations WHERE id = ANY($1::uuid[]) AND status <> 'pending'"
        async with self._database.reading() as connection:
            rows = await connection.fetch(query, operation_ids)
        outcomes = [msgspec.json.decode(row[0], type=Outcome) for row in rows]
        return {outcome.operation_id: outcome for outcome in outcomes}

    def is_unique_violation(self, error: BaseException) -> bool:
        """Whether a uniqueness the facts could not show broke the save."""
        return isinstance(error, asyncpg.PostgresError) and error.sqlstate == UNIQUE_VIOLATION


async def decoded_heads(
    decider: Decider, rows: Sequence[Any], created: Collection[str] = frozenset()
) -> dict[str, Head]:
    """Decode rows of `READ_HEADS`, by id. Raises `StateFromTheFuture`."""
    heads: dict[str, Head] = {}
    async for id_, version, state, schema in in_slices(rows):
        if schema > STATE_SCHEMA:
            raise StateFromTheFuture(f"{decider.name} {id_} has state schema {schema}; this is {STATE_SCHEMA}.")
        decoded = decider.initial if state is None else decider.state_decoder.decode(state)
        heads[id_] = Head(version, decoded, created=id_ in created)
    return heads


def fact_lock_statement(decider: Decider) -> str:
    """Lock the context's own facts exclusively and those of others shared, then read."""
    calls = []
    for place, name in enumerate(LOCK_ORDER):
        if name in decider.locks_exclusive:
            calls.append(f"pg_advisory_xact_lock({LOCK_NAMESPACE}, {place})")
        elif name in decider.locks_shared:
            calls.append(f"pg_advisory_xact_lock_shared({LOCK_NAMESPACE}, {place})")
    return LOCK_AND_READ_DECIDED.format(locks="SELECT " + ", ".join(calls or ["1"]))


def as_json(rows: Any) -> str:
    return msgspec.json.encode(rows).decode()


def head_row(id_: str, head: Head) -> Mapping[str, Any]:
    return {"id": id_, "version": head.version, "state": Raw(msgspec.json.encode(head.state))}


def event_rows(page: BatchChanges) -> Sequence[Mapping[str, Any]]:
    traces = {work.envelope.operation_id: work.traceparent for work, _ in page.decided}
    return [
        {
            "id": event.event_id,
            "aggregateid": event.stream.partition(":")[2],
            "type": event.type,
            "sequence": event.sequence,
            "payload": event.payload,
            "organization_id": event.organization_id,
            "module_id": event.module_id,
            "user_id": event.user_id,
            "operation_id": event.operation_id,
            "reason": event.reason,
            "occurred_at": event.occurred_at,
            "invalidates": "\n".join(invalidates),
            "traceparent": traces.get(event.operation_id),
        }
        for event, invalidates in page.events
    ]


def operation_row(work: ReceivedCommand, outcome: Outcome | None = None) -> Mapping[str, Any]:
    """Name the fields of `OPERATION`; the last two are for an operation that has ended."""
    envelope = work.envelope
    return {
        "id": envelope.operation_id,
        "aggregate_id": envelope.aggregate_id,
        "organization_id": envelope.organization_id,
        "user_id": envelope.user_id,
        "command": type(work.command).__name__,
        "fingerprint": envelope.fingerprint,
        "created_at": envelope.issued_at,
        "status": outcome and outcome.status,
        "outcome": outcome and Raw(msgspec.json.encode(outcome)),
    }
