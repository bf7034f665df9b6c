"""Dry runs: decide commands as ever, in one read-only snapshot, and write nothing."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct

from shared.commands.decision import Decided, Decider, Head, decide_command, decision_hash
from shared.concurrency import in_slices
from shared.errors import Refusal, Refused
from shared.messages import Previewed, PreviewedChange, ReceivedCommand
from shared.ports import Clock, Database, Transaction

SNAPSHOT_SECONDS = 10.0


class HeadReader(Protocol):
    async def read_heads(self, transaction: Transaction, decider: Decider, ids: Sequence[str]) -> dict[str, Head]:
        """Return heads by id, without a lock; those of aggregates that never existed are at version 0."""
        ...

    async def position(self, transaction: Transaction) -> int:
        """Return a position in the event log: every event the transaction does not see lies at it or behind."""
        ...


class Preview(Struct, frozen=True, kw_only=True):
    """What a command would do. `sequence` is its stream's now, before it.

    `preview` binds a later command to this very decision. A rejected one has its refusal and no more.
    """

    status: Literal["applied", "unchanged", "rejected"]
    sequence: int
    preview: Previewed | None = None
    result: Any = None
    changes: Sequence[PreviewedChange] = ()
    refusal: Refusal | None = None


class Snapshot:
    """One moment of one context, in which any number of commands can be tried, each as if it were the only one."""

    def __init__(
        self, decider: Decider, heads: HeadReader, transaction: Transaction, position: int, now: datetime
    ) -> None:
        self.transaction = transaction
        self._decider = decider
        self._heads = heads
        self._position = position
        self._now = now

    async def preview(
        self, works: Sequence[ReceivedCommand], assuming: Callable[[Any], Any] = lambda facts: facts
    ) -> Sequence[Preview]:
        """Decide each of them, in their order. `assuming` changes the facts all of them are decided from."""
        ids = sorted({work.envelope.aggregate_id for work in works})
        heads = await self._heads.read_heads(self.transaction, self._decider, ids)
        asked = [(heads[work.envelope.aggregate_id].state, work.command) for work in works]
        facts = assuming(await self._decider.write_side.facts(self.transaction, asked, dry_run=True))
        return [self._preview(work, heads[work.envelope.aggregate_id], facts) async for work in in_slices(works)]

    async def impact(self, command: Any) -> Struct | None:
        return await self._decider.impact(self.transaction, command)

    def _preview(self, work: ReceivedCommand, head: Head, facts: Any) -> Preview:
        try:
            made = decide_command(self._decider, work, head, facts, self._now)
        except Refused as refused:
            return Preview(status="rejected", sequence=head.version, refusal=refused.refusal())
        return Preview(
            status="applied" if made.events else "unchanged",
            sequence=head.version,
            preview=Previewed(head.version, self._position, decision_hash(made.events)),
            result=made.outcome.result,
            changes=self._changes(head.state, made),
        )

    def _changes(self, state: Any, made: Decided) -> Sequence[PreviewedChange]:
        changes = []
        for event, (envelope, _) in zip(made.events, made.recorded, strict=True):
            after = self._decider.evolve(state, event)
            changes.append(
                PreviewedChange(event.topic, envelope.payload, self._decider.differences(state, after, event))
            )
            state = after
        return changes


class DryRunner:
    def __init__(self, deciders: Sequence[Decider], database: Database, heads: HeadReader, clock: Clock) -> None:
        self._deciders = {decider.name: decider for decider in deciders}
        self._database = database
        self._heads = heads
        self._clock = clock

    @asynccontextmanager
    async def snapshot(self, context: str, seconds: float = SNAPSHOT_SECONDS) -> AsyncIterator[Snapshot]:
        """Open a snapshot of a context for at most `seconds`. Raises `Unavailable`."""
        async with self._database.snapshot(seconds) as transaction:
            position = await self._heads.position(transaction)
            yield Snapshot(self._deciders[context], self._heads, transaction, position, self._clock.now())

    async def preview(self, context: str, work: ReceivedCommand) -> tuple[Preview, Struct | None]:
        async with self.snapshot(context) as moment:
            (preview,) = await moment.preview([work])
            return preview, None if preview.refusal else await moment.impact(work.command)


def token_of(previewed: Previewed) -> str:
    return f"{previewed.sequence}.{previewed.position}.{previewed.hash}"


def preview_body(preview: Preview, impact: Struct | None = None) -> dict[str, Any]:
    result = {} if preview.result is None else msgspec.json.decode(preview.result)
    return {
        "dry_run": True,
        "status": preview.status,
        "sequence": preview.sequence,
        "preview": token_of(preview.preview) if preview.preview else None,
        **result,
        "changes": preview.changes,
        "impact": impact,
    }
