"""Commands of the service itself."""

from uuid import uuid4

from dishka import AsyncContainer

from organizations.commands import SuspendOrganization
from shared.commands.direct_sender import DirectSender


async def test_a_command_that_is_sent_again_is_another_attempt_at_one_operation(container: AsyncContainer) -> None:
    sender, operation_id = await container.get(DirectSender), uuid4()
    sent = [sender.envelope("o-1", SuspendOrganization("o-1"), "ada", operation_id) for _ in range(2)]
    assert {envelope.operation_id for envelope in sent} == {operation_id}
    assert len({envelope.attempt for envelope in sent} - {None}) == 2
