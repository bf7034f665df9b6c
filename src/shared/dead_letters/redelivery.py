"""Redelivery: process a record again the way it would have been processed the first time."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.commands.bus import CommandBus
from shared.commands.consumer import COMMANDS, EVENTS, UNREADABLE, check_version
from shared.commands.decision import MAX_COMMAND_AGE, CommandExpired, Decider
from shared.dead_letters.service import DeadLetterRecord, DeadLetterStatus, LetterUnreadable, Redelivery
from shared.ports import Clock, EventHandler

WAIT_SECONDS = 5.0


class Subscribers(Protocol):
    """The event handlers of this process."""

    async def handlers(self) -> Mapping[str, Mapping[str, EventHandler]]: ...


class RecordRedeliveries:
    """Redeliver records by the command bus, by their subscribers, and by the relay."""

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
