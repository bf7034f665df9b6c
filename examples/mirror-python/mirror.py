"""Mirror the modules of all organizations in SQLite, by consuming Modplane's events.

    MODPLANE_TOKEN=mpt_... python mirror.py --url http://127.0.0.1:8000 --kafka 127.0.0.1:9092 --database mirror.sqlite

The events of one organization's assignments are numbered without gaps (`sequence`) and spread over five topics. The
next event is applied, a duplicate is dropped, a later one is held until the missing ones arrive; if they do not, the
organization is read over REST, with the sequence of the returned state. docs/consume-events.md explains why this is
sufficient. The process may be killed at any instant; it exits on permanent errors, so run it under a supervisor that
restarts it.
"""

import argparse
import asyncio
import json
import logging
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError

log = logging.getLogger("mirror")

# All topics of the stream: without one of them, its events would appear as gaps.
TOPICS = (
    "tenant.module.assigned",
    "tenant.module.unassigned",
    "tenant.module.bulk_assigned",
    "tenant.module.config_updated",
    "tenant.industry.applied",
)
GAP_SECONDS = 5.0
PATIENCE_SECONDS = 120.0
PAGE = 50

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS organizations (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS modules (
  organization_id TEXT NOT NULL, module_id TEXT NOT NULL, own_config TEXT NOT NULL, sources TEXT NOT NULL,
  PRIMARY KEY (organization_id, module_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
  organization_id TEXT NOT NULL, sequence INTEGER NOT NULL, event TEXT NOT NULL, since REAL NOT NULL,
  PRIMARY KEY (organization_id, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshots (completed_at REAL NOT NULL);
"""


class Mirror:
    """The mirrored state of each organization, with its sequence."""

    def __init__(self, path: Path) -> None:
        self.rows = sqlite3.connect(path)
        self.rows.executescript(SCHEMA)

    def sequence(self, organization_id: str) -> int:
        """Return the sequence of the last applied event; 0 before the first."""
        row = self.rows.execute("SELECT sequence FROM organizations WHERE id = ?", (organization_id,)).fetchone()
        return row[0] if row else 0

    def receive(self, event: dict[str, Any]) -> None:
        """Apply, drop or hold an event."""
        organization_id, sequence = event["organization_id"], event["sequence"]
        last = self.sequence(organization_id)
        if sequence == last + 1:
            self._apply(organization_id, sequence, event["payload"].get("modules", []))
            self._apply_held(organization_id)
        elif sequence > last:
            row = (organization_id, sequence, json.dumps(event), time.time())
            self.rows.execute("INSERT OR IGNORE INTO held VALUES (?, ?, ?, ?)", row)

    def replace(self, state: dict[str, Any]) -> None:
        """Replace the state of an organization by one read over REST, unless the mirror is newer."""
        organization_id, sequence = state["organization_id"], state["sequence"]
        if sequence < self.sequence(organization_id):
            return
        self.rows.execute("DELETE FROM modules WHERE organization_id = ?", (organization_id,))
        self._apply(organization_id, sequence, state["items"])
        self._apply_held(organization_id)

    def _apply(self, organization_id: str, sequence: int, modules: list[dict[str, Any]]) -> None:
        for module in modules:
            place = (organization_id, module["module_id"])
            if module.get("change") == "removed":
                self.rows.execute("DELETE FROM modules WHERE organization_id = ? AND module_id = ?", place)
            else:
                # In an event the organization's own layer is `config`, because events contain no other layer.
                own_config = module["own_config"] if "own_config" in module else module["config"]
                row = (*place, json.dumps(own_config), json.dumps(module["sources"]))
                self.rows.execute("INSERT OR REPLACE INTO modules VALUES (?, ?, ?, ?)", row)
        self.rows.execute("INSERT OR REPLACE INTO organizations VALUES (?, ?)", (organization_id, sequence))

    def _apply_held(self, organization_id: str) -> None:
        held = self.rows.execute(
            "SELECT sequence, event FROM held WHERE organization_id = ? ORDER BY sequence", (organization_id,)
        ).fetchall()
        for sequence, event in held:
            if sequence == self.sequence(organization_id) + 1:
                self._apply(organization_id, sequence, json.loads(event)["payload"].get("modules", []))
        last = self.sequence(organization_id)
        self.rows.execute("DELETE FROM held WHERE organization_id = ? AND sequence <= ?", (organization_id, last))

    def gaps(self) -> list[str]:
        """Return the organizations whose events have been missing for too long."""
        query = "SELECT DISTINCT organization_id FROM held WHERE since < ?"
        return [row[0] for row in self.rows.execute(query, (time.time() - GAP_SECONDS,))]

    def is_whole(self) -> bool:
        """Return whether the initial snapshot of all organizations is complete."""
        return self.rows.execute("SELECT 1 FROM snapshots").fetchone() is not None

    def note_whole(self) -> None:
        self.rows.execute("INSERT INTO snapshots VALUES (?)", (time.time(),))


class Modplane:
    """The part of the REST API that a service token can read."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(base_url=f"{url}/api/v1", headers=headers, timeout=30)

    async def pages(self) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield the modules of all organizations, a page of organizations at a time, in an order that never changes."""
        query = {"sort": "created_at", "limit": PAGE}
        while True:
            page = await self._get("/organizations", query)
            yield await asyncio.gather(*[self.modules(item["organization_id"]) for item in page["items"]])
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    async def modules(self, organization_id: str) -> dict[str, Any]:
        """Return all modules of an organization, and the sequence of that state."""
        return await self._get(f"/organizations/{organization_id}/modules", {})

    async def _get(self, path: str, query: dict[str, Any]) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = await self._client.get(path, params=query)
                if answer.status_code not in {429, 503}:
                    state: dict[str, Any] = answer.raise_for_status().json()
                    return state
                pause = float(answer.headers.get("Retry-After", 1))
            except httpx.TransportError:
                pause = 1.0
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(pause)


async def start_over(consumer: AIOKafkaConsumer, mirror: Mirror, modplane: Modplane) -> None:
    """Read everything over REST, then continue with the oldest events: earlier ones are part of the snapshot."""
    log.info("reads every organization")
    await consumer.seek_to_beginning()
    async for states in modplane.pages():
        with mirror.rows:
            for state in states:
                mirror.replace(state)
    with mirror.rows:
        mirror.note_whole()
    await consumer.commit()
    log.info("has read every organization")


async def follow(consumer: AIOKafkaConsumer, mirror: Mirror, modplane: Modplane) -> None:
    """Keep the mirror up to date, for ever."""
    if not mirror.is_whole():
        await start_over(consumer, mirror, modplane)
    while True:
        try:
            batches = await consumer.getmany(timeout_ms=500, max_records=500)
        except (NoOffsetForPartitionError, OffsetOutOfRangeError):
            # The first run, or one after so long a pause that unread events were deleted.
            await start_over(consumer, mirror, modplane)
            continue
        with mirror.rows:
            for record in (record for batch in batches.values() for record in batch):
                mirror.receive(json.loads(record.value))
        if batches:
            # After the mirror is stored: after a crash in between they are delivered again, and dropped.
            await consumer.commit()
        for organization_id in mirror.gaps():
            log.info("reads %s, of which events are missing", organization_id)
            state = await modplane.modules(organization_id)
            with mirror.rows:
                mirror.replace(state)


async def main(options: argparse.Namespace) -> None:
    """Connect to the configured services and follow the events."""
    mirror, modplane = Mirror(options.database), Modplane(options.url, os.environ["MODPLANE_TOKEN"])
    consumer = AIOKafkaConsumer(
        *TOPICS,
        bootstrap_servers=options.kafka,
        group_id=options.group,
        group_instance_id=f"{options.group}.1",  # static membership: a restart takes over at once
        enable_auto_commit=False,
        auto_offset_reset="none",
    )
    async with consumer:
        await follow(consumer, mirror, modplane)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Mirrors Modplane's assignments. The token is in MODPLANE_TOKEN.")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="URL of Modplane")
    parser.add_argument("--kafka", default="127.0.0.1:9092", help="bootstrap servers")
    parser.add_argument("--group", default="mirror-python", help="consumer group, one for each mirror")
    parser.add_argument("--database", type=Path, default=Path("mirror.sqlite"), help="file of the mirror")
    logging.basicConfig(format="%(asctime)s %(message)s")
    log.setLevel(logging.INFO)
    asyncio.run(main(parser.parse_args()))
