"""Serves like `modplane serve`, with faults at seams: each strikes while a file of its name lies in `FAULTS`.

`exit-before-offset-commit`: dies when a batch of commands is decided and its offsets are not committed yet.
`exit-before-relay-removal`: dies when events are published and their rows still queued.
`FAULTS_SESSION_MS` is how long Kafka waits for a silent consumer. `FAULTS_COMMAND_SCHEMA` is the newest command schema
this process knows, as a later version of the service would.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from faststream.kafka.message import KafkaAckableMessage

from app.logs import configure_logs
from app.main import serve
from app.settings import Settings
from shared.commands import consumer as consuming
from shared.kafka import broker as kafka
from shared.messages import COMMAND_SCHEMA
from shared.outbox.postgres import PostgresRelayQueue

FAULTS = Path(os.environ["FAULTS"])

acknowledge = KafkaAckableMessage.ack
remove = PostgresRelayQueue.remove


def strike(name: str) -> None:
    """Ends this process at once, as a power failure would, if the fault is armed; it strikes once."""
    armed = FAULTS / name
    if armed.exists():
        armed.rename(armed.with_suffix(".struck"))
        os._exit(9)


async def ack(message: KafkaAckableMessage) -> None:
    records = message.raw_message if isinstance(message.raw_message, tuple) else (message.raw_message,)
    if records[0].topic.startswith("tenant.commands."):
        strike("exit-before-offset-commit")
    await acknowledge(message)


async def remove_rows(queue: PostgresRelayQueue, seqs: Sequence[int]) -> None:
    if seqs:
        strike("exit-before-relay-removal")
    await remove(queue, seqs)


if __name__ == "__main__":
    configure_logs()
    with (
        patch.object(KafkaAckableMessage, "ack", ack),
        patch.object(PostgresRelayQueue, "remove", remove_rows),
        patch.object(kafka, "SESSION_MS", int(os.environ.get("FAULTS_SESSION_MS", kafka.SESSION_MS))),
        patch.object(consuming, "COMMAND_SCHEMA", int(os.environ.get("FAULTS_COMMAND_SCHEMA", COMMAND_SCHEMA))),
    ):
        serve(Settings())
