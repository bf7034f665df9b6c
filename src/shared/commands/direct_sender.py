"""Commands that no request carries: those of the seeds and the command line, and those an event leads to."""

from typing import Any
from uuid import UUID

from shared.commands.bus import CommandBus
from shared.commands.envelopes import CommandEnvelopes
from shared.errors import Unavailable
from shared.messages import CommandEnvelope, Outcome, ReceivedCommand

PATIENCE_SECONDS = 30.0


class NotDecidedInTime(Unavailable):
    """The command was sent and nobody has decided it yet; it may still be decided."""


class DirectSender:
    def __init__(self, bus: CommandBus, envelopes: CommandEnvelopes) -> None:
        self._bus = bus
        self._envelopes = envelopes

    async def __call__(
        self, context: str, aggregate_id: str, command: Any, user_id: str, reason: str | None = None
    ) -> Outcome:
        """Return a new operation's outcome. `reason` is kept with its events. Raises `NotDecidedInTime`."""
        envelope = self._envelopes.make(command, aggregate_id=aggregate_id, user_id=user_id, reason=reason)
        outcome = await self.execute(context, envelope, command, PATIENCE_SECONDS)
        if outcome is None:
            raise NotDecidedInTime(f"Nobody decided the command within {PATIENCE_SECONDS:.0f} s. Is the service up?")
        return outcome

    def envelope(
        self, aggregate_id: str, command: Any, user_id: str, operation_id: UUID, organization_id: str | None = None
    ) -> CommandEnvelope:
        return self._envelopes.make(
            command,
            aggregate_id=aggregate_id,
            user_id=user_id,
            operation_id=operation_id,
            organization_id=organization_id,
        )

    async def execute(self, context: str, envelope: CommandEnvelope, command: Any, wait: float) -> Outcome | None:
        """Return the outcome, or None when it is not there within `wait` seconds."""
        return (await self._bus.execute(context, envelope, command, wait)).outcome

    async def send(self, context: str, envelope: CommandEnvelope, command: Any) -> None:
        await self._bus.send(context, ReceivedCommand(envelope, command))
