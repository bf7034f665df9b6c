"""Kafka headers; those of events are the binary binding of CloudEvents 1.0."""

from shared.messages import EventEnvelope

JSON_HEADERS = {"content-type": "application/json"}


def cloud_event_headers(event: EventEnvelope) -> dict[str, str]:
    return {
        **JSON_HEADERS,
        "ce_specversion": "1.0",
        "ce_id": str(event.event_id),
        "ce_type": event.type,
        "ce_source": f"/modplane/{event.stream.partition(':')[0]}",
        "ce_subject": event.stream.partition(":")[2],
        "ce_time": event.occurred_at.isoformat(),
        "sequence": str(event.sequence),
    }
