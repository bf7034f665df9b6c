"""Event handlers: they count adoption, and apply the industry's template to a new organization."""

import asyncio
from collections.abc import Sequence
from datetime import UTC

import msgspec
from msgspec import Struct

from assignments.adapters.cached import invalidated_by_counting
from assignments.adapters.usage import AdoptionChange, PostgresAdoption
from assignments.commands import ApplyIndustryTemplate
from assignments.events import ModuleAssignedEvent, ModulesBulkAssignedEvent, ModuleUnassignedEvent
from organizations.events import OrganizationRegisteredEvent
from shared.commands.envelopes import CommandEnvelopes
from shared.concurrency import in_slices
from shared.messages import EventEnvelope, derived_operation_id
from shared.ports import Invalidation, SendCommand
from shared.wiring import EventHandlers


class CountedChange(Struct, frozen=True):
    """The part of a `ModuleChange` that is counted; `change` may have values that this version does not know."""

    module_id: str
    change: str


class CountedPayload(Struct, frozen=True):
    modules: Sequence[CountedChange]


COUNTED = msgspec.json.Decoder(CountedPayload)
REGISTERED = msgspec.json.Decoder(OrganizationRegisteredEvent)


class AssignmentSubscribers:
    def __init__(
        self, adoption: PostgresAdoption, invalidation: Invalidation, commands: SendCommand, envelopes: CommandEnvelopes
    ) -> None:
        self._adoption = adoption
        self._invalidation = invalidation
        self._commands = commands
        self._envelopes = envelopes

    def handlers(self) -> EventHandlers:
        return {
            ModuleAssignedEvent.topic: self.handle_module_assigned,
            ModuleUnassignedEvent.topic: self.handle_module_unassigned,
            ModulesBulkAssignedEvent.topic: self.handle_bulk_assigned,
            OrganizationRegisteredEvent.topic: self.handle_organization_registered,
        }

    async def handle_module_assigned(self, events: Sequence[EventEnvelope]) -> None:
        await self._count(events)

    async def handle_module_unassigned(self, events: Sequence[EventEnvelope]) -> None:
        await self._count(events)

    async def handle_bulk_assigned(self, events: Sequence[EventEnvelope]) -> None:
        await self._count(events)

    async def handle_organization_registered(self, events: Sequence[EventEnvelope]) -> None:
        """Apply the version pinned at signup. The signup sends the same operation, unless it was interrupted."""
        await asyncio.gather(*[self._apply_template(event) for event in events])

    async def _count(self, events: Sequence[EventEnvelope]) -> None:
        changes = [one async for one in in_slices(map(adoption_change, events))]
        await self._adoption.count(changes)
        # Also for events counted before: whoever counted them may have ended before it got here.
        counted = {module_id for one in changes for module_id in (*one.assigned, *one.unassigned)}
        await self._invalidation.invalidate(invalidated_by_counting(sorted(counted)))

    async def _apply_template(self, event: EventEnvelope) -> None:
        registered = REGISTERED.decode(event.payload)
        if registered.industry_code is None:
            return
        command = ApplyIndustryTemplate(
            registered.organization_id, registered.industry_code, version=registered.template_version
        )
        envelope = self._envelopes.make(
            command,
            aggregate_id=registered.organization_id,
            user_id=event.user_id,
            operation_id=derived_operation_id(event.operation_id, ApplyIndustryTemplate.__name__),
            organization_id=registered.organization_id,
            reason=event.reason,
            is_awaited=False,
        )
        await self._commands.send("assignments", envelope, command)


def adoption_change(event: EventEnvelope) -> AdoptionChange:
    changes = COUNTED.decode(event.payload).modules
    return AdoptionChange(
        event.event_id,
        event.occurred_at.astimezone(UTC).date(),
        assigned=[change.module_id for change in changes if change.change == "added"],
        unassigned=[change.module_id for change in changes if change.change == "removed"],
    )
