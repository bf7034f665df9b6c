"""Commands that no request carries: those of the seeds, of the command line, and those one event leads to."""

from typing import Any
from uuid import UUID

from msgspec.structs import replace

from shared.commands.bus import CommandBus, encoded_command
from shared.errors import Unavailable
from shared.messages import CommandEnvelope, Outcome, ReceivedCommand
from shared.ports import Clock, Ids

PATIENCE_SECONDS = 30.0
DERIVED = "derived"


class NotDecidedInTime(Unavailable):
    """The command was sent and nobody has decided it yet; it may still be decided."""


class DirectSender:
    """Sends commands of the service itself and waits for their outcomes."""

    def __init__(self, bus: CommandBus, clock: Clock, ids: Ids) -> None:
        self._bus = bus
        self._clock = clock
        self._ids = ids

    async def __call__(
        self, context: str, aggregate_id: str, command: Any, user_id: str, reason: str | None = None
    ) -> Outcome:
        """A new operation's outcome. `reason` is kept with its events. Raises `NotDecidedInTime`."""
        envelope = replace(self.envelope(aggregate_id, command, user_id, self._ids.new()), reason=reason)
        outcome = await self.execute(context, envelope, command, PATIENCE_SECONDS)
        if outcome is None:
            raise NotDecidedInTime(f"Nobody decided the command within {PATIENCE_SECONDS:.0f} s. Is the service up?")
        return outcome

    def envelope(
        self,
        aggregate_id: str,
        command: Any,
        user_id: str,
        operation_id: UUID,
        organization_id: str | None = None,
    ) -> CommandEnvelope:
        """An envelope whose operation id alone tells whether it is a repetition."""
        return CommandEnvelope(
            operation_id=operation_id,
            aggregate_id=aggregate_id,
            organization_id=organization_id,
            user_id=user_id,
            fingerprint=DERIVED,
            issued_at=self._clock.now(),
            attempt=self._ids.new(),
            command=encoded_command(command),
        )

    async def execute(self, context: str, envelope: CommandEnvelope, command: Any, wait: float) -> Outcome | None:
        """The outcome, or None when it is not there within `wait` seconds."""
        return (await self._bus.execute(context, envelope, command, wait)).outcome

    async def send(self, context: str, envelope: CommandEnvelope, command: Any) -> None:
        """Sends without waiting for the outcome."""
        await self._bus.send(context, ReceivedCommand(envelope, command))
