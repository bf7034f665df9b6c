from collections.abc import Sequence
from uuid import UUID, uuid4

import msgspec

from assignments.events import IndustryTemplateAppliedEvent
from organizations.adapters.kafka import OrganizationSubscribers
from organizations.commands import SetIndustry
from shared.commands.envelopes import CommandEnvelopes
from shared.messages import EventEnvelope, derived_operation_id
from tests.fakes import NOON, FakeClock, FreshIds
from tests.organizations.conftest import Fakes


def applied(organization_id: str, industry_code: str, *, sets_industry: bool = True) -> EventEnvelope:
    event = IndustryTemplateAppliedEvent(organization_id, industry_code, 1, "add", [], [], [], [], sets_industry)
    return EventEnvelope(
        event_id=uuid4(),
        type=event.topic,
        occurred_at=NOON,
        stream=f"assignments:{organization_id}",
        sequence=1,
        organization_id=organization_id,
        module_id=None,
        user_id="somebody",
        operation_id=uuid4(),
        reason="a new trade",
        payload=msgspec.Raw(msgspec.json.encode(event)),
    )


async def handled(fakes: Fakes, events: Sequence[EventEnvelope]) -> Sequence[UUID]:
    handlers = OrganizationSubscribers(fakes, CommandEnvelopes(FakeClock(), FreshIds())).handlers()
    await handlers["tenant.industry.applied"](events)
    return [envelope.operation_id for _, envelope, _ in fakes.sent]


async def test_a_template_that_sets_the_industry_leads_to_one_command_however_often_it_is_told(fakes: Fakes) -> None:
    event = applied("o-1", "bakery")
    assert await handled(fakes, [event, applied("o-2", "mill", sets_industry=False)]) == [
        derived_operation_id(event.event_id, "SetIndustry")
    ]
    context, envelope, command = fakes.sent[0]
    assert (context, envelope.aggregate_id, envelope.organization_id) == ("organizations", "o-1", "o-1")
    assert (envelope.user_id, envelope.reason, envelope.fingerprint) == ("somebody", "a new trade", "derived")
    assert command == SetIndustry("o-1", "bakery")
    assert msgspec.json.decode(envelope.command, type=SetIndustry) == command
    operations = await handled(fakes, [event])
    assert operations[0] == operations[1]


async def test_an_organization_gets_its_industries_in_order(fakes: Fakes) -> None:
    await handled(fakes, [applied("o-1", "bakery"), applied("o-2", "mill"), applied("o-1", "mill")])
    sent = [command.industry_code for _, _, command in fakes.sent if command.organization_id == "o-1"]
    assert sent == ["bakery", "mill"]
