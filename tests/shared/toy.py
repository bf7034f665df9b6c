"""A context that counts, with the write path's ports in memory: as small as a context can be."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct

from shared.commands.decision import Decider, Head
from shared.commands.envelopes import encoded_command
from shared.commands.processor import BatchChanges, CommandProcessor, OperationClash
from shared.errors import Conflict, Unavailable
from shared.messages import CommandEnvelope, Decision, Event, EventEnvelope, Outcome, ReceivedCommand
from shared.ports import Change, Transaction
from tests.fakes import NOON, FakeClock, FakeInvalidation


class Added(Event, frozen=True):
    topic: ClassVar[str] = "toy.added"
    amount: int
    text: str = ""


class Add(Struct, frozen=True, tag="add"):
    """Zero changes nothing; less is refused."""

    amount: int
    text: str = ""


class Total(Struct, frozen=True):
    total: int = 0


class Negative(Conflict):
    """Nothing can be taken away."""


class NotUnique(Exception):  # noqa: N818 - stands for a constraint
    """The database found two of what may be only one."""


def decide(state: Total, facts: Mapping[int, Exception], command: Add) -> Decision:
    """`facts` are the amounts that break deciding, and how."""
    if command.amount in facts:
        raise facts[command.amount]
    if command.amount < 0:
        raise Negative("Nothing can be taken away.")
    total = state.total + command.amount
    return Decision([Added(command.amount, command.text)] if command.amount else [], Total(total))


class ToyTables:
    """Keeps nothing. `breaking` is what the facts say."""

    def __init__(self) -> None:
        self.breaking: dict[int, Exception] = {}

    async def lock_references(self, transaction: Transaction, commands: Sequence[Any]) -> None:
        return

    async def facts(
        self, transaction: Transaction, work: Sequence[tuple[Any, Any]], *, dry_run: bool = False
    ) -> Mapping[int, Exception]:
        return self.breaking

    async def save(self, transaction: Transaction, changes: Sequence[Change], refused: Sequence[Any]) -> None:
        return

    async def read_back(self, transaction: Transaction, aggregate_ids: Sequence[str]) -> Mapping[str, Any]:
        return {}

    def comparable(self, state: Any) -> Any:
        return state


class ToyWorld:
    """Database, journal and listener in one: what was committed, and in which order things were reported."""

    def __init__(self) -> None:
        self.tables = ToyTables()
        self.heads: dict[str, Head] = {}
        self.operations: dict[UUID, Outcome] = {}
        self.events: list[EventEnvelope] = []
        self.buried: list[tuple[UUID, str]] = []
        self.pending: list[UUID] = []
        self.resolved: list[Outcome] = []
        self.stale_when_resolved: list[list[str]] = []
        self.transactions = 0
        self.away = False
        self.leaves_after = 1_000_000
        self.clashes = 0
        self.clock = FakeClock()
        self.invalidation = FakeInvalidation()
        self.decider = Decider(
            name="toy",
            commands=Add,
            events={Added.topic: Added},
            state=Total,
            initial=Total(),
            decide=decide,
            evolve=lambda state, event: Total(state.total + event.amount),
            write_side=self.tables,
            invalidates=lambda id_, _: [f"gen:toy:{id_}"],
        )

    def processor(self, listener: Any = None) -> CommandProcessor:
        return CommandProcessor(
            self.decider, self, self, self.invalidation, self if listener is None else listener, self.clock
        )

    @asynccontextmanager
    async def writing(self, seconds: float = 0.0) -> AsyncIterator[Any]:
        if self.away or self.transactions >= self.leaves_after:
            raise Unavailable("The database is away.")
        self.transactions += 1
        committed: list[Callable[[], None]] = []
        yield committed
        for save in committed:
            save()

    snapshot = writing

    async def lock_heads(self, transaction: Transaction, decider: Decider, ids: Sequence[str]) -> dict[str, Head]:
        assert list(ids) == sorted(set(ids)), "locks are taken in one order"
        absent = Head(0, Total(), created=True)
        return {id_: msgspec.structs.replace(self.heads.get(id_, absent)) for id_ in ids}

    async def read_heads(self, transaction: Transaction, decider: Decider, ids: Sequence[str]) -> dict[str, Head]:
        return {id_: msgspec.structs.replace(self.heads.get(id_, Head(0, Total()))) for id_ in ids}

    async def position(self, transaction: Transaction) -> int:
        return len(self.events)

    async def lock_facts(
        self, transaction: Transaction, decider: Decider, operation_ids: Sequence[UUID]
    ) -> dict[UUID, Outcome]:
        known = {id_: self.operations[id_] for id_ in operation_ids if id_ in self.operations}
        return {id_: outcome for id_, outcome in known.items() if outcome.status != "failed"}

    async def save(self, transaction: Any, page: BatchChanges) -> None:
        if self.clashes:
            self.clashes -= 1
            raise OperationClash
        if any(self._is_decided(outcome.operation_id) for _, outcome in page.decided):
            raise OperationClash
        transaction.append(lambda: self._commit(page))

    def _commit(self, page: BatchChanges) -> None:
        kept = {id_: head for id_, head in page.heads.items() if head.version}
        self.heads |= {id_: msgspec.structs.replace(head, created=False) for id_, head in kept.items()}
        self.events += [event for event, _ in page.events]
        self.operations |= {outcome.operation_id: outcome for _, outcome in page.decided}

    async def record_failure(self, context: str, work: ReceivedCommand, outcome: Outcome, error: str) -> None:
        if not self._is_decided(outcome.operation_id):
            earlier = self.operations[outcome.operation_id].attempts if outcome.operation_id in self.operations else ()
            attempts = (*earlier, *outcome.attempts)
            self.operations[outcome.operation_id] = msgspec.structs.replace(outcome, attempts=attempts)
        self.buried.append((outcome.operation_id, error))

    def _is_decided(self, operation_id: UUID) -> bool:
        return operation_id in self.operations and self.operations[operation_id].status != "failed"

    async def store_pending(self, context: str, work: ReceivedCommand) -> None:
        self.pending.append(work.envelope.operation_id)

    async def decided(self, operation_ids: Sequence[UUID]) -> Mapping[UUID, Outcome]:
        if self.away:
            raise Unavailable("The database is away.")
        return {id_: self.operations[id_] for id_ in operation_ids if id_ in self.operations}

    def is_unique_violation(self, error: BaseException) -> bool:
        return isinstance(error, NotUnique)

    def resolve(self, outcome: Outcome) -> None:
        self.resolved.append(outcome)
        self.stale_when_resolved.append(list(self.invalidation.stale))

    def total(self, id_: str) -> int:
        return int(self.heads[id_].state.total) if id_ in self.heads else 0


def work(amount: int, id_: str = "a", **fields: Any) -> ReceivedCommand:
    """A command to decide, of a new operation unless `operation_id` is given."""
    command = Add(amount, fields.pop("text", ""))
    envelope: dict[str, Any] = {
        "operation_id": uuid4(),
        "aggregate_id": id_,
        "user_id": "ada",
        "fingerprint": f"print of {amount}",
        "issued_at": NOON,
        "command": encoded_command(command),
        **fields,
    }
    return ReceivedCommand(CommandEnvelope(**envelope), command)
