"""Takes over the industry that an applied template sets."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from assignments.events import IndustryTemplateAppliedEvent
from organizations.commands import SetIndustry
from shared.commands.envelopes import CommandEnvelopes
from shared.messages import CommandEnvelope, EventEnvelope, derived_operation_id
from shared.ports import SendCommand
from shared.wiring import EventHandlers

APPLIED = msgspec.json.Decoder(IndustryTemplateAppliedEvent)


class OrganizationSubscribers:
    def __init__(self, sender: SendCommand, envelopes: CommandEnvelopes) -> None:
        self._sender = sender
        self._envelopes = envelopes

    def handlers(self) -> EventHandlers:
        return {IndustryTemplateAppliedEvent.topic: self.handle_industry_applied}

    async def handle_industry_applied(self, events: Sequence[EventEnvelope]) -> None:
        """Send one command per event, in order per organization, in case the API's process was interrupted."""
        commands: dict[str, list[tuple[CommandEnvelope, SetIndustry]]] = defaultdict(list)
        for event in events:
            applied = APPLIED.decode(event.payload)
            if applied.sets_industry:
                command = SetIndustry(applied.organization_id, applied.industry_code)
                commands[applied.organization_id].append((self._envelope(event, command), command))
        await asyncio.gather(*map(self._send, commands.values()))

    async def _send(self, commands: Sequence[tuple[CommandEnvelope, SetIndustry]]) -> None:
        for envelope, command in commands:
            await self._sender.send("organizations", envelope, command)

    def _envelope(self, event: EventEnvelope, command: SetIndustry) -> CommandEnvelope:
        return self._envelopes.make(
            command,
            aggregate_id=command.organization_id,
            user_id=event.user_id,
            operation_id=derived_operation_id(event.event_id, SetIndustry.__name__),
            organization_id=command.organization_id,
            reason=event.reason,
            is_awaited=False,
        )
