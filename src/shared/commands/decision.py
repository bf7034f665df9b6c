"""Decide one command on one head, for good or as a dry run: preconditions, decision, events. Pure."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct

from shared.errors import Conflict, Invalid, PreconditionFailed, Refused
from shared.messages import (
    CommandEnvelope,
    Decision,
    Difference,
    Event,
    EventEnvelope,
    Outcome,
    ReceivedCommand,
    changed_fields,
    event_id,
    stream_name,
)
from shared.ports import Transaction, WriteSide

MAX_EVENT_BYTES = 900_000
MAX_COMMAND_AGE = timedelta(days=7)


class CommandExpired(Conflict):
    """The command is older than the time for which decided operations are remembered."""


class EventTooLarge(Invalid):
    """The change would record an event no topic takes."""


class PreviewStale(PreconditionFailed):
    """The command would no longer do what its preview showed."""


class Head(msgspec.Struct):
    """A head row: the aggregate's version and state. `created`: this transaction inserted it."""

    version: int
    state: Any
    created: bool = False


class Decided(msgspec.Struct, frozen=True):
    outcome: Outcome
    recorded: Sequence[tuple[EventEnvelope, Sequence[str]]]
    events: Sequence[Event]
    state: Any


def changed_state(before: Any, after: Any, _: Event) -> Sequence[Difference]:
    return changed_fields(before, after)


def nothing_else(*_: Any) -> Sequence[str]:
    return ()


async def nobody_else(*_: Any) -> None: ...


@dataclass(frozen=True)
class Decider:
    """The functions and types of one context, given to the `CommandProcessor`.

    `locks_exclusive` and `locks_shared` name the contexts whose advisory fact locks a batch takes, in `LOCK_ORDER`.
    `depends_on` names the other streams a decision depends on; `impact` returns what else a dry run's command concerns.
    """

    name: str
    commands: Any
    events: Mapping[str, type[Event]]
    state: type[Any]
    initial: Any
    decide: Callable[[Any, Any, Any], Decision]
    evolve: Callable[[Any, Any], Any]
    write_side: WriteSide[Any, Any, Any]
    invalidates: Callable[[str, Event], Sequence[str]]
    locks_exclusive: Sequence[str] = ()
    locks_shared: Sequence[str] = ()
    depends_on: Callable[[Any, Any, Any], Sequence[str]] = nothing_else
    differences: Callable[[Any, Any, Any], Sequence[Difference]] = changed_state
    impact: Callable[[Transaction, Any], Awaitable[Struct | None]] = nobody_else

    @cached_property
    def command_decoder(self) -> "msgspec.json.Decoder[Any]":
        """Ignore fields a newer version added."""
        return msgspec.json.Decoder(self.commands)

    @cached_property
    def state_decoder(self) -> "msgspec.json.Decoder[Any]":
        return msgspec.json.Decoder(self.state)

    def decode_event(self, topic: str, payload: bytes | str) -> Event:
        return msgspec.json.decode(payload, type=self.events[topic])

    def fold(self, events: Sequence[Event], state: Any = None) -> Any:
        folded = self.initial if state is None else state
        for event in events:
            folded = self.evolve(folded, event)
        return folded


def decide_command(decider: Decider, work: ReceivedCommand, head: Head, facts: Any, now: datetime) -> Decided:
    """Decide the command, and change nothing. Raises the refusal; with a preview, every other decision is refused."""
    require_preconditions(decider, work.envelope, head, now)
    try:
        made = apply_decision(decider, work, head, facts, now)
    except Refused as refused:
        if work.envelope.preview is None:
            raise
        raise stale(decider, work, head, facts, refused=refused) from refused
    if work.envelope.preview is not None and work.envelope.preview.hash != decision_hash(made.events):
        raise stale(decider, work, head, facts)
    return made


def apply_decision(decider: Decider, work: ReceivedCommand, head: Head, facts: Any, now: datetime) -> Decided:
    """Apply the decision, whatever its preview showed."""
    envelope = work.envelope
    decision = decider.decide(head.state, facts, work.command)
    recorded = [
        (
            record(decider.name, envelope, event, head.version + 1 + place, place, now),
            decider.invalidates(envelope.aggregate_id, event),
        )
        for place, event in enumerate(decision.events)
    ]
    outcome = msgspec.structs.replace(
        outcome_of(decider.name, work, head),
        status="applied" if recorded else "unchanged",
        sequence=head.version + len(recorded),
        result=None if decision.result is None else msgspec.Raw(msgspec.json.encode(decision.result)),
        invalidates=sorted({name for _, invalidates in recorded for name in invalidates}),
        event_ids=[event.event_id for event, _ in recorded],
    )
    return Decided(outcome, recorded, decision.events, decider.fold(decision.events, head.state))


def require_preconditions(decider: Decider, envelope: CommandEnvelope, head: Head, now: datetime) -> None:
    """Raise `CommandExpired`, or `PreconditionFailed` when the state is not the one of If-Match."""
    if now - envelope.issued_at > MAX_COMMAND_AGE:
        raise CommandExpired("The command is older than 7 days and was not carried out. Send it again.")
    expected = envelope.expected_sequence
    if expected is not None and expected != head.version:
        raise PreconditionFailed(
            f"The state is at sequence {head.version}, not {expected}. Read it again and decide anew.",
            sequence=head.version,
            expected=expected,
            stream=stream_name(decider.name, envelope.aggregate_id),
        )


def stale(
    decider: Decider, work: ReceivedCommand, head: Head, facts: Any, refused: Refused | None = None
) -> PreviewStale:
    """Refuse a command whose decision is not the previewed one; the refusal names the streams that may have moved."""
    previewed = work.envelope.preview
    now = "it would be refused" if refused else "it would do something else"
    return PreviewStale(
        f"The command was not carried out: since its preview things have changed, and {now}. Preview it again.",
        sequence=head.version,
        expected=previewed.sequence if previewed else head.version,
        stream=stream_name(decider.name, work.envelope.aggregate_id),
        position=previewed.position if previewed else 0,
        streams=list(decider.depends_on(head.state, facts, work.command)),
        refusal=None if refused is None else msgspec.to_builtins(refused.refusal()),
    )


def decision_hash(events: Sequence[Event]) -> str:
    """Hash decisions: equal for the same changes, whichever operation decides them, and when."""
    comparable = [(event.topic, without(msgspec.to_builtins(event), event.incidental)) for event in events]
    return hashlib.blake2b(msgspec.json.encode(comparable, order="deterministic"), digest_size=16).hexdigest()


def without(payload: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in names}


def outcome_of(context: str, work: ReceivedCommand, head: Head, refused: Refused | None = None) -> Outcome:
    """Return the outcome of a command that changes nothing: rejected when there is a refusal, else unchanged."""
    envelope = work.envelope
    return Outcome(
        operation_id=envelope.operation_id,
        status="rejected" if refused else "unchanged",
        fingerprint=envelope.fingerprint,
        context=context,
        aggregate_id=envelope.aggregate_id,
        sequence=head.version,
        refusal=refused.refusal() if refused else None,
    )


def record(
    context: str, envelope: CommandEnvelope, event: Event, sequence: int, position: int, now: datetime
) -> EventEnvelope:
    """Wrap the event as it is logged and published. Raises `EventTooLarge`."""
    payload = msgspec.json.encode(event)
    if len(payload) > MAX_EVENT_BYTES:
        raise EventTooLarge(
            f"The change would record {len(payload):,} bytes, more than the {MAX_EVENT_BYTES:,} an event may have. "
            "Split it into smaller commands.",
        )
    return EventEnvelope(
        event_id=event_id(envelope.operation_id, position),
        type=event.topic,
        occurred_at=now,
        stream=stream_name(context, envelope.aggregate_id),
        sequence=sequence,
        organization_id=getattr(event, "organization_id", None),
        module_id=getattr(event, "module_id", None),
        user_id=envelope.user_id,
        operation_id=envelope.operation_id,
        reason=envelope.reason,
        payload=msgspec.Raw(payload),
    )
