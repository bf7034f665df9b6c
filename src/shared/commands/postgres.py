"""The write path's own SQL: head rows, fact locks, operations, and the one statement that saves a batch."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import msgspec

from shared.commands.decision import Decider, Head
from shared.commands.processor import BatchChanges, OperationClash
from shared.commands.statements import (
    INSERT_HEADS,
    LOCK_AND_READ_DECIDED,
    LOCK_HEADS,
    POSITION,
    READ_HEADS,
    RECORD_FAILURE,
    REMOVE_UNUSED_HEADS,
    SAVE,
    STORE_PENDING,
)
from shared.concurrency import in_slices
from shared.errors import Unavailable
from shared.messages import STATE_SCHEMA, CommandEnvelope, Outcome, ReceivedCommand, Status
from shared.ports import Transaction
from shared.postgres.database import UNIQUE_VIOLATION, PostgresDatabase
from shared.postgres.listener import CHANNEL

LOCK_ORDER = ("industries", "registry")
LOCK_NAMESPACE = 0x4D50
KNOWN_HEADS = 200_000
PENDING_SECONDS = 5.0


class StateFromTheFuture(Unavailable):
    """A newer version of the service wrote this aggregate; a rolling upgrade is under way."""


class PostgresCommandStore:
    """Statements of the write path. One instance serves all contexts of a process."""

    def __init__(self, database: PostgresDatabase, replica_id: str) -> None:
        self._database = database
        self._replica_id = replica_id
        self._known: set[tuple[str, str]] = set()

    async def lock_heads(self, transaction: Transaction, decider: Decider, ids: Sequence[str]) -> dict[str, Head]:
        """Head rows FOR UPDATE, sorted; missing ones are inserted first, so an aggregate has one writer."""
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
        """Head rows as the transaction sees them; those of aggregates that never were are initial."""
        heads = await decoded_heads(decider, await transaction.fetch(READ_HEADS, decider.name, ids))
        return {id_: heads.get(id_) or Head(0, decider.initial) for id_ in ids}

    async def position(self, transaction: Transaction) -> int:
        """A place in the event log: every event the transaction does not see lies at it or behind."""
        return int(await transaction.fetchval(POSITION))

    def _remember(self, context: str, heads: Mapping[str, Head]) -> None:
        if len(self._known) > KNOWN_HEADS:
            self._known.clear()
        self._known.update((context, id_) for id_, head in heads.items() if head.version > 0)

    async def lock_facts(
        self, transaction: Transaction, decider: Decider, operation_ids: Sequence[UUID]
    ) -> dict[UUID, Outcome]:
        """Advisory fact locks in `LOCK_ORDER`, and the operations of these ids that are decided already.

        One statement: operations are guarded by the head locks, so their rows may be older than the fact locks.
        """
        rows = await transaction.fetch(fact_lock_statement(decider), operation_ids)
        outcomes = [msgspec.json.decode(row[0], type=Outcome) for row in rows if row[0] is not None]
        return {outcome.operation_id: outcome for outcome in outcomes}

    async def save(self, transaction: Transaction, page: BatchChanges) -> None:
        """Writes heads, events, relay rows and operations by one statement, with one NOTIFY.

        Raises `OperationClash` when an operation was decided meanwhile for another aggregate.
        """
        unused = [id_ for id_, head in page.heads.items() if head.created and head.version == 0]
        if unused:
            await transaction.execute(REMOVE_UNUSED_HEADS, page.decider.name, unused)
        if not page.decided:
            return
        row = await transaction.fetchrow(
            SAVE,
            page.decider.name,
            *await head_columns(page),
            STATE_SCHEMA,
            *await event_columns(page),
            *operation_columns(page),
            CHANNEL,
            f"decided {self._replica_id}",
            event_traces(page),
        )
        if row[0] != len(page.decided):
            raise OperationClash

    async def store_pending(self, context: str, work: ReceivedCommand) -> None:
        """Makes the operation's address answer before it is decided; one decided in this attempt stays as it is."""
        async with self._database.writing(PENDING_SECONDS) as transaction:
            attempt = None if work.envelope.attempt is None else str(work.envelope.attempt)
            await transaction.execute(STORE_PENDING, *operation_key(context, work), work.envelope.issued_at, attempt)

    async def record_failure(self, context: str, work: ReceivedCommand, outcome: Outcome, error: str) -> None:
        """Stores a command's end outside deciding; a failed one gets a dead letter and may be tried again."""
        key = operation_key(context, work)
        encoded = msgspec.json.encode(outcome).decode()
        body = msgspec.json.encode(work.envelope)
        letter = uuid5(outcome.operation_id, "dead-letter")
        async with self._database.writing() as transaction:
            await transaction.execute(
                RECORD_FAILURE, *key[:6], outcome.status, key[6], letter, body, error, encoded, work.envelope.issued_at
            )
            await transaction.execute("SELECT pg_notify($1, $2)", CHANNEL, f"decided {self._replica_id}")

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        """Outcomes of these ids that are decided; `failed` counts as decided here, for somebody is waiting."""
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
    """Rows of `READ_HEADS`, by id. Raises `StateFromTheFuture`."""
    heads: dict[str, Head] = {}
    async for id_, version, state, schema in in_slices(rows):
        if schema > STATE_SCHEMA:
            raise StateFromTheFuture(f"{decider.name} {id_} has state schema {schema}; this is {STATE_SCHEMA}.")
        decoded = decider.initial if state is None else decider.state_decoder.decode(state)
        heads[id_] = Head(version, decoded, created=id_ in created)
    return heads


def fact_lock_statement(decider: Decider) -> str:
    """Takes the advisory transaction locks, exclusive for the context's own facts, shared for others', and reads."""
    calls = []
    for place, name in enumerate(LOCK_ORDER):
        if name in decider.locks_exclusive:
            calls.append(f"pg_advisory_xact_lock({LOCK_NAMESPACE}, {place})")
        elif name in decider.locks_shared:
            calls.append(f"pg_advisory_xact_lock_shared({LOCK_NAMESPACE}, {place})")
    return LOCK_AND_READ_DECIDED.format(locks="SELECT " + ", ".join(calls or ["1"]))


def operation_key(context: str, work: ReceivedCommand) -> tuple[Any, ...]:
    """The columns an operation has from its beginning: id, context, aggregate, organization, user, command, print."""
    envelope: CommandEnvelope = work.envelope
    return (
        envelope.operation_id,
        context,
        envelope.aggregate_id,
        envelope.organization_id,
        envelope.user_id,
        type(work.command).__name__,
        envelope.fingerprint,
    )


async def head_columns(page: BatchChanges) -> tuple[list[str], list[int], list[str]]:
    """Ids, versions and encoded states of the changed heads."""
    states = [msgspec.json.encode(page.heads[id_].state).decode() async for id_ in in_slices(page.changed)]
    return list(page.changed), [page.heads[id_].version for id_ in page.changed], states


async def event_columns(page: BatchChanges) -> list[Any]:
    """The event log's columns, the moment of decision, and what each event touches."""
    columns: list[list[Any]] = [[] for _ in range(10)]
    moment = None
    async for event, _ in in_slices(page.events):
        moment = event.occurred_at
        values = (
            event.event_id,
            event.stream.partition(":")[2],
            event.type,
            event.sequence,
            bytes(event.payload).decode(),
            event.organization_id,
            event.module_id,
            event.user_id,
            event.operation_id,
            event.reason,
        )
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    moment = moment or page.decided[0][0].envelope.issued_at
    return [*columns, moment, ["\n".join(invalidates) for _, invalidates in page.events]]


def event_traces(page: BatchChanges) -> list[str | None]:
    """The trace each event belongs to: its command's."""
    followed = {work.envelope.operation_id: work.traceparent for work, _ in page.decided if work.traceparent}
    return [followed.get(event.operation_id) for event, _ in page.events]


def operation_columns(page: BatchChanges) -> list[list[Any]]:
    """The operations' columns."""
    statuses: list[Status] = [outcome.status for _, outcome in page.decided]
    keys = [operation_key(page.decider.name, work) for work, _ in page.decided]
    columns: list[list[Any]] = [[key[place] for key in keys] for place in (0, 2, 3, 4, 5)]
    outcomes = [msgspec.json.encode(outcome).decode() for _, outcome in page.decided]
    return [
        *columns,
        list(statuses),
        [key[6] for key in keys],
        outcomes,
        [work.envelope.issued_at for work, _ in page.decided],
    ]
