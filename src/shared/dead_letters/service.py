"""Dead letters: records nobody could process, and what an operator does about them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol
from uuid import UUID, uuid5

import msgspec
import structlog
from msgspec import Struct

from shared.commands.consumer import EVENTS
from shared.errors import Conflict, NotFound, Unavailable
from shared.messages import Event
from shared.ports import Clock, Database, Ids, Transaction

log = structlog.get_logger(__name__)

LetterKind = Literal["command", "event", "relay"]
LetterStatus = Literal["open", "retried", "resolved", "dropped"]


class LetterNotFound(NotFound):
    """No dead letter has this id."""


class LetterHandled(Conflict):
    """Somebody was quicker, or it was dealt with long ago."""


class LetterUnreadable(Conflict):
    """What lies there is nothing that this version could process: trying again would change nothing."""


class DeadLetterRetriedEvent(Event, frozen=True):
    """An operator had a dead letter tried again."""

    topic: ClassVar[str] = "system.dead_letter.retried"

    letter_id: UUID
    kind: LetterKind
    subject_id: UUID | None


class DeadLetterDroppedEvent(Event, frozen=True):
    """An operator gave a dead letter up; what it held will not happen."""

    topic: ClassVar[str] = "system.dead_letter.dropped"

    letter_id: UUID
    kind: LetterKind
    subject_id: UUID | None


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A record that was set aside, and what became of it.

    `context` decides the command, handles or published the event. `subject_id` is the operation's or the event's id,
    null where the record cannot be read. `retried`: an operator had it tried again and it did not come back so far.
    `handled_by` and `reason` are of the last who did something about it.
    """

    id: UUID
    kind: LetterKind
    status: LetterStatus
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


class LetterRecord(Struct, frozen=True):
    """A letter with the record in it."""

    letter: DeadLetter
    body: bytes


class Handling(Struct, frozen=True):
    """Who does what about a letter, when and why."""

    letter: DeadLetter
    status: LetterStatus
    handled_by: str
    handled_at: datetime
    reason: str | None


class LetterState(Struct, frozen=True):
    """What a letter's facts lead to."""

    status: LetterStatus


class LetterFact(Struct, frozen=True, kw_only=True):
    """An event of a letter's stream, which is audit: what the log appends."""

    aggregate_id: str
    event: Event
    state: LetterState
    user_id: str
    operation_id: UUID
    occurred_at: datetime
    reason: str | None
    organization_id: str | None = None

    @property
    def event_id(self) -> UUID:
        """One an operation."""
        return uuid5(self.operation_id, self.event.topic)


class LetterFactLog(Protocol):
    """Where it is kept what operators did."""

    async def record(self, transaction: Transaction, facts: Sequence[LetterFact]) -> None: ...


class LetterStore(Protocol):
    """The letters themselves."""

    async def record(self, letter_id: UUID) -> LetterRecord | None: ...

    async def claim(self, transaction: Transaction, handling: Handling) -> bool:
        """Moves an open letter on. False when it is not open: of two at once, one wins.

        A letter that was tried again a minute ago and of which nothing was heard since counts as open.
        """
        ...

    async def give_up_event(self, transaction: Transaction, event_id: UUID) -> None:
        """Takes the event off the relay's queue."""
        ...

    async def settle(self, letter_id: UUID) -> None:
        """It was tried again, and that was that."""
        ...

    async def reopen(self, letter_id: UUID, error: str) -> None:
        """It was tried again in vain."""
        ...


Ending = Callable[[], Awaitable[LetterStatus]]


class Trial(Struct, frozen=True):
    """A letter's second chance: what it is about, and what has to be done, which says how the letter stands then.

    `run` raises what went wrong.
    """

    subject_id: UUID | None
    run: Ending


class Trials(Protocol):
    """Those who know how a letter is tried again."""

    async def of(self, record: LetterRecord) -> Trial:
        """Raises `LetterUnreadable` or `CommandExpired` where it would be in vain."""
        ...


@dataclass
class DeadLetterDesk:
    """Where an operator deals with dead letters. What he does is recorded, in the transaction that does it."""

    database: Database
    letters: LetterStore
    trials: Trials
    facts: LetterFactLog
    clock: Clock
    ids: Ids

    async def retry(self, letter_id: UUID, retried_by: str, reason: str | None) -> DeadLetter:
        """Has it processed again, with one effect in all; answers how it stands then.

        Raises `LetterNotFound`, `LetterHandled`, and what says that it would be in vain.
        """
        record = await self._record(letter_id)
        trial = await self.trials.of(record)
        letter = msgspec.structs.replace(record.letter, subject_id=trial.subject_id)
        event = DeadLetterRetriedEvent(letter.id, letter.kind, letter.subject_id)
        async with self.database.writing() as transaction:
            await self._claim(transaction, self._handling(letter, "retried", retried_by, reason), event)
        await self._run(trial, letter_id)
        return (await self._record(letter_id)).letter

    async def _run(self, trial: Trial, letter_id: UUID) -> None:
        try:
            status = await trial.run()
        except Unavailable as error:
            await self.letters.reopen(letter_id, error.detail)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, the operator reads it in the letter
            log.warning("letter_tried_in_vain", letter_id=str(letter_id), error=repr(error)[:300])
            await self.letters.reopen(letter_id, repr(error))
        else:
            if status == "resolved":
                await self.letters.settle(letter_id)
            elif status == "open":
                await self.letters.reopen(letter_id, "The command failed again; its operation says no more.")

    async def drop(self, letter_id: UUID, dropped_by: str, reason: str) -> DeadLetter:
        """Gives it up. A relay letter's event leaves the queue, and consumers find the gap in its stream.

        Raises `LetterNotFound` or `LetterHandled`.
        """
        record = await self._record(letter_id)
        letter = record.letter
        event = DeadLetterDroppedEvent(letter.id, letter.kind, letter.subject_id)
        async with self.database.writing() as transaction:
            await self._claim(transaction, self._handling(letter, "dropped", dropped_by, reason), event)
            if letter.kind == "relay":
                await self.letters.give_up_event(transaction, EVENTS.decode(record.body).event_id)
        return (await self._record(letter_id)).letter

    async def _record(self, letter_id: UUID) -> LetterRecord:
        record = await self.letters.record(letter_id)
        if record is None:
            raise LetterNotFound(f"There is no dead letter {letter_id}. See GET /api/v1/system/dead-letters.")
        return record

    def _handling(self, letter: DeadLetter, status: LetterStatus, by: str, reason: str | None) -> Handling:
        return Handling(letter, status, by, self.clock.now(), reason)

    async def _claim(self, transaction: Transaction, handling: Handling, event: Event) -> None:
        letter = handling.letter
        if not await self.letters.claim(transaction, handling):
            standing: Any = await self.letters.record(letter.id)
            now = letter if standing is None else standing.letter
            raise LetterHandled(
                f"This letter is {now.status}" + (f", by {now.handled_by}." if now.handled_by else "."),
                letter_status=now.status,
                handled_by=now.handled_by,
                handled_at=now.handled_at,
            )
        fact = LetterFact(
            aggregate_id=str(letter.id),
            event=event,
            state=LetterState(handling.status),
            user_id=handling.handled_by,
            operation_id=self.ids.new(),
            occurred_at=handling.handled_at,
            reason=handling.reason,
        )
        await self.facts.record(transaction, [fact])
