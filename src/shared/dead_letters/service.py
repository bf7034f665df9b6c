"""Dead letters: records that could not be processed, and how an operator retries or drops them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct

from shared.commands.bus import CommandBus
from shared.commands.consumer import COMMANDS, EVENTS, UNREADABLE, check_version
from shared.commands.decision import MAX_COMMAND_AGE, CommandExpired, Decider
from shared.errors import Conflict, NotFound, Unavailable
from shared.eventlog.audit_log import AuditEvent, AuditLog
from shared.messages import Event
from shared.ports import Clock, Database, EventHandler, Ids, Transaction

log = structlog.get_logger(__name__)

DeadLetterKind = Literal["command", "event", "relay"]
DeadLetterStatus = Literal["open", "retried", "resolved", "dropped"]

WAIT_SECONDS = 5.0


class LetterNotFound(NotFound):
    """No dead letter has this id."""


class LetterHandled(Conflict):
    """The dead letter was retried or dropped already."""


class LetterUnreadable(Conflict):
    """This version cannot process the record: a retry would change nothing."""


class DeadLetterRetriedEvent(Event, frozen=True):
    """An operator had a dead letter processed again."""

    topic: ClassVar[str] = "system.dead_letter.retried"

    letter_id: UUID
    kind: DeadLetterKind
    subject_id: UUID | None


class DeadLetterDroppedEvent(Event, frozen=True):
    """An operator dropped a dead letter: it will not be processed."""

    topic: ClassVar[str] = "system.dead_letter.dropped"

    letter_id: UUID
    kind: DeadLetterKind
    subject_id: UUID | None


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A record that could not be processed, and what became of it.

    `context` decides the command, handles or published the event. `subject_id` is the operation's or the event's id,
    null where the record cannot be read. `retried`: it is being processed again, and has not failed so far.
    `handled_by` and `reason` are of the latest retry or drop.
    """

    id: UUID
    kind: DeadLetterKind
    status: DeadLetterStatus
    context: str | None
    source: str
    key: str
    subject_id: UUID | None
    error: str
    retries: int
    created_at: datetime
    handled_at: datetime | None
    handled_by: str | None
    reason: str | None


class DeadLetterRecord(Struct, frozen=True):
    letter: DeadLetter
    body: bytes


class Resolution(Struct, frozen=True):
    letter: DeadLetter
    status: DeadLetterStatus
    handled_by: str
    handled_at: datetime
    reason: str | None


class DeadLetterState(Struct, frozen=True):
    status: DeadLetterStatus


class DeadLetterRepository(Protocol):
    async def record(self, letter_id: UUID) -> DeadLetterRecord | None: ...

    async def claim(self, transaction: Transaction, resolution: Resolution) -> bool:
        """Move an open dead letter on; of two at once, one wins. After a minute `retried` counts as open."""
        ...

    async def remove_from_relay(self, transaction: Transaction, event_id: UUID) -> None: ...
    async def resolve(self, letter_id: UUID) -> None: ...
    async def reopen(self, letter_id: UUID, error: str) -> None: ...


class Redelivery(Struct, frozen=True):
    """`run` returns the dead letter's next status, or raises what went wrong."""

    subject_id: UUID | None
    run: Callable[[], Awaitable[DeadLetterStatus]]


class Redeliveries(Protocol):
    async def of(self, record: DeadLetterRecord) -> Redelivery:
        """Raise `LetterUnreadable` or `CommandExpired` where a retry cannot succeed."""
        ...


@dataclass
class DeadLetters:
    """Retry and drop dead letters. Each is recorded as an audit event, in the transaction that does it."""

    database: Database
    letters: DeadLetterRepository
    redeliveries: Redeliveries
    audit_log: AuditLog
    clock: Clock
    ids: Ids

    async def retry(self, letter_id: UUID, retried_by: str, reason: str | None) -> DeadLetter:
        """Raise `LetterNotFound`, `LetterHandled`, `LetterUnreadable`, `CommandExpired`, or `Unavailable`."""
        record = await self._record(letter_id)
        redelivery = await self.redeliveries.of(record)
        letter = msgspec.structs.replace(record.letter, subject_id=redelivery.subject_id)
        resolution = Resolution(letter, "retried", retried_by, self.clock.now(), reason)
        async with self.database.writing() as transaction:
            event = DeadLetterRetriedEvent(letter.id, letter.kind, letter.subject_id)
            await self._claim(transaction, resolution, event)
        await self._run(redelivery, letter_id)
        return (await self._record(letter_id)).letter

    async def _run(self, redelivery: Redelivery, letter_id: UUID) -> None:
        try:
            status = await redelivery.run()
        except Unavailable as error:
            await self.letters.reopen(letter_id, error.detail)
            raise
        except Exception as error:  # noqa: BLE001 - the operator reads it in the dead letter
            log.warning("dead_letter_retry_failed", letter_id=str(letter_id), error=repr(error)[:300])
            await self.letters.reopen(letter_id, repr(error))
        else:
            if status == "resolved":
                await self.letters.resolve(letter_id)
            elif status == "open":
                await self.letters.reopen(letter_id, "The command failed again; its operation says no more.")

    async def drop(self, letter_id: UUID, dropped_by: str, reason: str) -> DeadLetter:
        """Raise `LetterNotFound` or `LetterHandled`. Consumers find a relay letter's gap in its stream."""
        record = await self._record(letter_id)
        letter = record.letter
        resolution = Resolution(letter, "dropped", dropped_by, self.clock.now(), reason)
        async with self.database.writing() as transaction:
            event = DeadLetterDroppedEvent(letter.id, letter.kind, letter.subject_id)
            await self._claim(transaction, resolution, event)
            if letter.kind == "relay":
                await self.letters.remove_from_relay(transaction, EVENTS.decode(record.body).event_id)
        return (await self._record(letter_id)).letter

    async def _record(self, letter_id: UUID) -> DeadLetterRecord:
        record = await self.letters.record(letter_id)
        if record is None:
            raise LetterNotFound(f"There is no dead letter {letter_id}. See GET /api/v1/system/dead-letters.")
        return record

    async def _claim(self, transaction: Transaction, resolution: Resolution, event: Event) -> None:
        letter = resolution.letter
        if not await self.letters.claim(transaction, resolution):
            now = (await self._record(letter.id)).letter
            raise LetterHandled(
                f"This letter is {now.status}" + (f", by {now.handled_by}." if now.handled_by else "."),
                letter_status=now.status,
                handled_by=now.handled_by,
                handled_at=now.handled_at,
            )
        audit_event = AuditEvent(
            aggregate_id=str(letter.id),
            event=event,
            state=DeadLetterState(resolution.status),
            user_id=resolution.handled_by,
            organization_id=None,
            operation_id=self.ids.new(),
            occurred_at=resolution.handled_at,
            reason=resolution.reason,
        )
        await self.audit_log.record(transaction, [audit_event])


class Subscribers(Protocol):
    async def handlers(self) -> Mapping[str, Mapping[str, EventHandler]]: ...


class RecordRedeliveries:
    def __init__(self, bus: CommandBus, deciders: Sequence[Decider], subscribers: Subscribers, clock: Clock) -> None:
        self._bus = bus
        self._deciders = {decider.name: decider for decider in deciders}
        self._subscribers = subscribers
        self._clock = clock

    async def of(self, record: DeadLetterRecord) -> Redelivery:
        try:
            if record.letter.kind == "event":
                return self._event(record, await self._subscribers.handlers())
            return self._command(record) if record.letter.kind == "command" else self._relay(record)
        except UNREADABLE as error:
            raise LetterUnreadable(
                f"This record cannot be read, so trying it again would change nothing: {error} Drop it, and have its "
                "sender send it again as it should be."
            ) from error

    def _command(self, record: DeadLetterRecord) -> Redelivery:
        envelope = COMMANDS.decode(record.body)
        check_version(envelope.schema_version)
        context = record.letter.context or record.letter.source.partition("/")[0].rpartition(".")[2]
        decider = self._deciders.get(context)
        if decider is None:
            raise LetterUnreadable(f"No context {context} decides commands here. Drop it.")
        command = decider.command_decoder.decode(envelope.command)
        if self._clock.now() - envelope.issued_at > MAX_COMMAND_AGE:
            raise CommandExpired("The command is older than 7 days and would be refused. Drop it.")

        async def run() -> DeadLetterStatus:
            outcome = (await self._bus.execute(context, envelope, command, WAIT_SECONDS)).outcome
            if outcome is None:
                return "retried"
            return "open" if outcome.status == "failed" else "resolved"

        return Redelivery(envelope.operation_id, run)

    def _event(self, record: DeadLetterRecord, subscribers: Mapping[str, Mapping[str, EventHandler]]) -> Redelivery:
        envelope = EVENTS.decode(record.body)
        topic, context = record.letter.source.partition("/")[0], record.letter.context
        chosen = subscribers if context is None else {context: subscribers.get(context, {})}
        handlers = [handlers[topic] for handlers in chosen.values() if topic in handlers]
        if not handlers:
            raise LetterUnreadable(f"Nobody handles {topic} here any more. Drop it.")

        async def run() -> DeadLetterStatus:
            for handler in handlers:
                await handler([envelope])
            return "resolved"

        return Redelivery(envelope.event_id, run)

    def _relay(self, record: DeadLetterRecord) -> Redelivery:
        async def run() -> DeadLetterStatus:
            return "retried"  # its key is free: the relay publishes it, or blocks the key again

        return Redelivery(EVENTS.decode(record.body).event_id, run)
