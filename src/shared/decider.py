"""A context, as the write path sees it: pure functions, the types they speak, and the rows they rest in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct

from shared.messages import Decision, Difference, Event, changed_fields
from shared.ports import Transaction, WriteSide

STATE_SCHEMA = 1


def changed_state(before: Any, after: Any, _: Event) -> Sequence[Difference]:
    """Field by field."""
    return changed_fields(before, after)


def nothing_else(*_: Any) -> Sequence[str]:
    """No stream but its own."""
    return ()


async def nobody_else(*_: Any) -> None:
    """No other aggregate."""


@dataclass(frozen=True)
class Decider:
    """The functions and types of one context, given to the `CommandProcessor`.

    `commands` is the tagged union, `events` the event classes by topic, `initial` the state of an aggregate that never
    was. `touched` names what a recorded event makes stale in the cache. `locks_exclusive` and `locks_shared` name the
    contexts whose advisory fact locks a batch takes, in `LOCK_ORDER`. `rests_on` names the streams that a decision
    depends on beside its own, from state, facts and command; `differences` tells people what an event changes, from
    the states before and after it. `impact` tells a dry run, in its transaction, whom a command concerns beyond that.
    """

    name: str
    commands: Any
    events: Mapping[str, type[Event]]
    state: type[Any]
    initial: Any
    decide: Callable[[Any, Any, Any], Decision]
    evolve: Callable[[Any, Any], Any]
    write_side: WriteSide[Any, Any, Any]
    touched: Callable[[str, Event], Sequence[str]]
    locks_exclusive: Sequence[str] = ()
    locks_shared: Sequence[str] = ()
    rests_on: Callable[[Any, Any, Any], Sequence[str]] = nothing_else
    differences: Callable[[Any, Any, Any], Sequence[Difference]] = changed_state
    impact: Callable[[Transaction, Any], Awaitable[Struct | None]] = nobody_else

    @cached_property
    def command_decoder(self) -> "msgspec.json.Decoder[Any]":
        """Lax: fields a newer version added are ignored."""
        return msgspec.json.Decoder(self.commands)

    @cached_property
    def state_decoder(self) -> "msgspec.json.Decoder[Any]":
        """Of the state that rests in the head row."""
        return msgspec.json.Decoder(self.state)

    def decode_event(self, topic: str, payload: bytes | str) -> Event:
        """An event of this context from its payload."""
        return msgspec.json.decode(payload, type=self.events[topic])

    def fold(self, events: Sequence[Event], state: Any = None) -> Any:
        """The state after `events`, from the beginning or from `state`."""
        folded = self.initial if state is None else state
        for event in events:
            folded = self.evolve(folded, event)
        return folded
