"""The event log's rows as events."""

from collections.abc import Sequence
from typing import Any

import msgspec

from shared.messages import stream_name

EVENT_COLUMNS = """
l.id, l.type, l.occurred_at, l.aggregatetype, l.aggregateid, l.sequence, l.organization_id, l.module_id, l.user_id,
l.operation_id, l.reason, l.payload
"""


def event_fields(columns: Sequence[Any]) -> dict[str, Any]:
    """The fields of an `EventEnvelope` from `EVENT_COLUMNS`."""
    (id_, type_, occurred_at, context, aggregate, sequence, *envelope, payload) = columns
    organization_id, module_id, user_id, operation_id, reason = envelope
    return {
        "event_id": id_,
        "type": type_,
        "occurred_at": occurred_at,
        "stream": stream_name(context, aggregate),
        "sequence": sequence,
        "organization_id": organization_id,
        "module_id": module_id,
        "user_id": user_id,
        "operation_id": operation_id,
        "reason": reason,
        "payload": msgspec.Raw(payload.encode()),
    }
