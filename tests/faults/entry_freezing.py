"""Serves like `modplane serve`, and stops its own process (SIGSTOP) where a file in `FREEZE` says so.

`heads`: inside the transaction, right after locking heads, when one of them is the aggregate the file names.
`relay`: as the relay's leader, between reading a page and publishing it, when the page has an event of that key.
The file is removed at once: each strikes once.
"""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.logs import configure_logs
from app.main import serve
from app.settings import Settings
from shared.commands.decision import Decider, Head
from shared.commands.postgres import PostgresCommandStore
from shared.outbox.relay import PublishFailed, Queued, Relay, RelayQueue
from shared.ports import Transaction

FREEZE = Path(os.environ["FREEZE"])

lock_heads = PostgresCommandStore.lock_heads
publish = Relay._publish  # noqa: SLF001 - the point between reading and publishing


def freeze(name: str, ids: Sequence[str]) -> None:
    """Stops this process if the file is there and its content is among `ids`."""
    armed = FREEZE / name
    if armed.exists() and armed.read_text() in ids:
        armed.unlink()
        os.kill(os.getpid(), signal.SIGSTOP)


async def lock_heads_and_freeze(
    command_store: PostgresCommandStore, transaction: Transaction, decider: Decider, ids: Sequence[str]
) -> dict[str, Head]:
    heads = await lock_heads(command_store, transaction, decider, ids)
    if decider.name == "assignments":
        freeze("heads", ids)
    return heads


async def freeze_and_publish(relay: Relay, queue: RelayQueue, rows: Sequence[Queued]) -> PublishFailed | None:
    freeze("relay", [row.key for row in rows])
    return await publish(relay, queue, rows)


def patch(owner: type[Any], name: str, replacement: Any) -> None:
    setattr(owner, name, replacement)


if __name__ == "__main__":
    patch(PostgresCommandStore, "lock_heads", lock_heads_and_freeze)
    patch(Relay, "_publish", freeze_and_publish)
    configure_logs()
    serve(Settings())
