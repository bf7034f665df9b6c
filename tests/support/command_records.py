"""Commands as they lie on their topic, for tests that put them there themselves."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from assignments.commands import Command
from shared.commands.envelopes import encoded_command
from shared.messages import CommandEnvelope
from tests.support.kafka_inspector import Record

TOPIC, GROUP = "tenant.commands.assignments", "modplane.assignments.commands"


def command_envelope(command: Command, **fields: Any) -> CommandEnvelope:
    """A command on an organization's assignments, as a new operation."""
    return CommandEnvelope(
        operation_id=uuid4(),
        aggregate_id=command.organization_id,
        organization_id=command.organization_id,
        user_id="somebody",
        fingerprint="print",
        issued_at=datetime.now(UTC),
        command=encoded_command(command),
        **fields,
    )


def partition_records(number: int, *commands: CommandEnvelope | bytes | None) -> list[Record]:
    """Records of one partition, in this order; anything else as it is."""
    values = [msgspec.json.encode(one) if isinstance(one, CommandEnvelope) else one for one in commands]
    return [(number, b"a\x00key", value) for value in values]
