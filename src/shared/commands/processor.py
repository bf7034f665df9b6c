"""Decide batches of commands, each in one transaction: heads, fact locks, operations, facts, decide, save."""

import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec
import structlog

from shared.commands.decision import Decider, Head, decide_command, outcome_of
from shared.concurrency import in_slices
from shared.errors import Conflict, Refused, Unavailable
from shared.messages import EventEnvelope, Outcome, ReceivedCommand
from shared.ports import Change, Clock, Database, Invalidation, Transaction
from shared.telemetry.metrics import COMMANDS_DECIDED, STAGE_SECONDS
from shared.telemetry.tracing import NO_TRACING, Tracing, trace_id

log = structlog.get_logger(__name__)


class AlreadyTaken(Conflict):
    """A value that must be unique is taken."""


class OperationClash(Exception):  # noqa: N818 - sends the batch into the one-by-one run, never reaches a user
    """An operation id of this batch was decided meanwhile for another aggregate."""


@asynccontextmanager
async def kafka_transaction(database: Database) -> AsyncIterator[Transaction]:
    """Open a transaction whose events (rows of `event_relay`) reach Kafka if, and only if, it commits."""
    async with database.writing() as transaction:
        yield transaction


class CommandStore(Protocol):
    async def lock_heads(self, transaction: Transaction, decider: Decider, ids: Sequence[str]) -> dict[str, Head]: ...

    async def lock_facts(
        self, transaction: Transaction, decider: Decider, operation_ids: Sequence[UUID]
    ) -> dict[UUID, Outcome]:
        """Take the fact locks in `LOCK_ORDER`; return which of the operations are decided already."""
        ...

    async def save(self, transaction: Transaction, page: "BatchChanges") -> None:
        """Save all by one statement. Raises `OperationClash`."""
        ...

    async def record_failure(self, context: str, work: ReceivedCommand, outcome: Outcome, error: str) -> None:
        """Store the outcome of a command that cannot be decided; a failed one becomes a dead letter."""
        ...

    def is_unique_violation(self, error: BaseException) -> bool: ...


class OutcomeListener(Protocol):
    def resolve(self, outcome: Outcome) -> None: ...


@dataclass
class BatchChanges:
    decider: Decider
    heads: dict[str, Head]
    changed: dict[str, Any] = field(default_factory=dict)
    commands: dict[str, list[Any]] = field(default_factory=dict)
    events: list[tuple[EventEnvelope, Sequence[str]]] = field(default_factory=list)
    decided: list[tuple[ReceivedCommand, Outcome]] = field(default_factory=list)

    def refused(self) -> list[Any]:
        return [work.command for work, outcome in self.decided if outcome.status == "rejected"]

    def changes(self) -> list[Change]:
        return [
            Change(id_, self.heads[id_].version, before, self.heads[id_].state, self.commands[id_])
            for id_, before in self.changed.items()
        ]


class CommandProcessor:
    """Decide batches of one context's commands. An operation has one effect, however often it is processed."""

    tracing: Tracing = NO_TRACING

    def __init__(
        self,
        decider: Decider,
        database: Database,
        command_store: CommandStore,
        invalidation: Invalidation,
        listener: OutcomeListener,
        clock: Clock,
    ) -> None:
        self.decider = decider
        self._database = database
        self._store = command_store
        self._invalidation = invalidation
        self._listener = listener
        self._clock = clock
        COMMANDS_DECIDED.labels(context=decider.name, status="failed")  # from the start: the first is an increase

    async def process(self, batch: Sequence[ReceivedCommand]) -> Sequence[Outcome]:
        """Return the outcomes, in no promised order, after commit and invalidation. Raises `Unavailable`."""
        try:
            outcomes = await self._decide_in_one_transaction(batch)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a failing command must not affect the others
            log.warning("batch_falls_apart", context=self.decider.name, size=len(batch), error=repr(error)[:300])
            outcomes = [outcome for work in batch for outcome in await self._decide_alone(work)]
        await self._report(batch, outcomes)
        return outcomes

    async def _report(self, batch: Sequence[ReceivedCommand], outcomes: Sequence[Outcome]) -> None:
        started = time.time()
        await self._invalidation.invalidate(sorted({name for outcome in outcomes for name in outcome.invalidates}))
        self._stage_ends("invalidate", batch, started)
        for status, count in Counter(outcome.status for outcome in outcomes).items():
            COMMANDS_DECIDED.labels(context=self.decider.name, status=status).inc(count)
        for outcome in outcomes:
            self._listener.resolve(outcome)
        if log.is_enabled_for(logging.DEBUG):
            self._log(batch, outcomes)

    def _log(self, batch: Sequence[ReceivedCommand], outcomes: Sequence[Outcome]) -> None:
        traces = {work.envelope.operation_id: trace_id(work.traceparent) for work in batch}
        for outcome in outcomes:
            trace = traces.get(outcome.operation_id)
            log.debug(
                "command_decided",
                operation_id=str(outcome.operation_id),
                context=outcome.context,
                status=outcome.status,
                **({"trace_id": trace} if trace else {}),
            )

    def _stage_ends(self, name: str, batch: Sequence[ReceivedCommand], started: float) -> float:
        ended = time.time()
        STAGE_SECONDS.labels(context=self.decider.name, stage=name).observe(max(0.0, ended - started))
        self.tracing.stage(name, batch, started, ended)
        return ended

    async def _decide_alone(self, work: ReceivedCommand) -> Sequence[Outcome]:
        try:
            return await self._decide_in_one_transaction([work])
        except Unavailable:
            raise
        except Exception as error:
            if self._store.is_unique_violation(error):
                refused = AlreadyTaken("A value that must be unique is taken by now. Read the current state and retry.")
                outcome = outcome_of(self.decider.name, work, Head(0, None), refused)
            else:
                log.exception("command_failed", operation_id=str(work.envelope.operation_id))
                outcome = outcome_of(self.decider.name, work, Head(0, None))
                attempts = () if work.envelope.attempt is None else (work.envelope.attempt,)
                outcome = msgspec.structs.replace(outcome, status="failed", attempts=attempts)
            await self._store.record_failure(self.decider.name, work, outcome, repr(error)[:2000])
            return [outcome]

    async def _decide_in_one_transaction(self, batch: Sequence[ReceivedCommand]) -> Sequence[Outcome]:
        batch, started = without_repetitions(batch), time.time()
        async with kafka_transaction(self._database) as transaction:
            heads = await self._store.lock_heads(
                transaction, self.decider, sorted({work.envelope.aggregate_id for work in batch})
            )
            await self.decider.write_side.lock_references(transaction, [work.command for work in batch])
            known = await self._store.lock_facts(
                transaction, self.decider, [work.envelope.operation_id for work in batch]
            )
            fresh = [work for work in batch if work.envelope.operation_id not in known]
            page = BatchChanges(self.decider, heads)
            if fresh:
                await self._decide(transaction, fresh, page)
            decided = self._stage_ends("decide", batch, started)
            if fresh:
                await self.decider.write_side.save(transaction, page.changes(), page.refused())
            await self._store.save(transaction, page)
            saved = self._stage_ends("save", batch, decided)
        self._stage_ends("commit", batch, saved)
        return [*known.values(), *(outcome for _, outcome in page.decided)]

    async def _decide(self, transaction: Transaction, fresh: Sequence[ReceivedCommand], page: BatchChanges) -> None:
        work_with_states = [(page.heads[work.envelope.aggregate_id].state, work.command) for work in fresh]
        facts = await self.decider.write_side.facts(transaction, work_with_states)
        now = self._clock.now()
        async for work in in_slices(fresh):
            self._decide_one(work, facts, page, now)

    def _decide_one(self, work: ReceivedCommand, facts: Any, page: BatchChanges, now: datetime) -> None:
        head = page.heads[work.envelope.aggregate_id]
        try:
            made = decide_command(self.decider, work, head, facts, now)
        except Refused as refused:
            page.decided.append((work, outcome_of(self.decider.name, work, head, refused)))
            return
        if made.recorded:
            page.changed.setdefault(work.envelope.aggregate_id, head.state)
            page.commands.setdefault(work.envelope.aggregate_id, []).append(work.command)
            head.version, head.state = made.outcome.sequence, made.state
            page.events.extend(made.recorded)
        page.decided.append((work, made.outcome))


def without_repetitions(batch: Sequence[ReceivedCommand]) -> list[ReceivedCommand]:
    """Keep the first delivery of each operation only."""
    first: dict[UUID, ReceivedCommand] = {}
    for work in batch:
        first.setdefault(work.envelope.operation_id, work)
    return list(first.values())
