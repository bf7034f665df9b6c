"""What the parts can do at best: a route that answers a constant, one that does one upsert, a bare consumer."""

import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import uvicorn
from aiokafka import AIOKafkaConsumer, TopicPartition
from litestar import Litestar, Request, get, post
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Struct

CONSTANT = msgspec.json.encode({"items": [{"module_id": f"m_{n}", "config": {"key": n}} for n in range(12)]})
BATCH = 500
TABLES = """
CREATE SCHEMA bench;
CREATE TABLE bench.assignments (organization_id text, module_id text, config json NOT NULL,
  PRIMARY KEY (organization_id, module_id));
CREATE TABLE bench.operations (id uuid PRIMARY KEY, outcome json NOT NULL);
CREATE TABLE bench.event_log (seq bigserial PRIMARY KEY, id uuid NOT NULL, key text NOT NULL, payload json NOT NULL);
CREATE TABLE bench.event_relay (seq bigserial PRIMARY KEY, key text NOT NULL, event json NOT NULL);
"""
UPSERT = """
INSERT INTO bench.assignments VALUES ($1, $2, $3) ON CONFLICT (organization_id, module_id) DO UPDATE
SET config = excluded.config
"""
LOCK = """
SELECT 1 FROM bench.assignments JOIN unnest($1::text[], $2::text[]) AS n(organization_id, module_id)
USING (organization_id, module_id) FOR UPDATE
"""
DECIDE = """
WITH new AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(id, organization_id, module_id)),
fresh AS (INSERT INTO bench.operations SELECT id, '{}' FROM new ON CONFLICT DO NOTHING RETURNING id),
assigned AS (INSERT INTO bench.assignments SELECT organization_id, module_id, '{}' FROM new JOIN fresh USING (id)
  ON CONFLICT (organization_id, module_id) DO UPDATE SET config = excluded.config),
logged AS (INSERT INTO bench.event_log (id, key, payload) SELECT id, organization_id, $4::json FROM new)
INSERT INTO bench.event_relay (key, event) SELECT organization_id, $4::json FROM new
"""
PAYLOAD = msgspec.json.encode({"modules": [{"module_id": "m", "change": "added", "config": {}}]}).decode()


class ModuleToAssign(Struct, frozen=True, forbid_unknown_fields=True):
    """The body that the service's route takes too."""

    module_id: str


@get("/constant")
async def constant() -> ASGIResponse:
    """Twelve modules, as many bytes as the service's answer about as many."""
    return ASGIResponse(body=CONSTANT, media_type="application/json")


@post("/assign/{organization_id:uuid}", status_code=200)
async def upsert(
    organization_id: FromPath[UUID], data: JSONBody[ModuleToAssign], request: Request[Any, Any, State]
) -> ASGIResponse:
    """One statement, committed."""
    await request.app.state.pool.execute(UPSERT, str(organization_id), data.module_id, "{}")
    return ASGIResponse(body=b'{"status":"applied"}', media_type="application/json")


def create_app() -> Litestar:
    """Serve like the service: one process, the same server, the same event loop."""

    @asynccontextmanager
    async def pool(app: Litestar) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(os.environ["BENCH_POSTGRES_URL"], min_size=10, max_size=10)
        yield
        await app.state.pool.close()

    return Litestar([constant, upsert], lifespan=[pool], openapi_config=None)


class Told(Struct):
    """As much of a command on its topic as a bare consumer reads."""

    operation_id: UUID
    aggregate_id: str
    command: msgspec.Raw


class ToldCommand(Struct):
    """As much of the command itself."""

    module_id: str


async def ends(bootstrap: str, topic: str) -> dict[TopicPartition, int]:
    """Where the next record of each partition will lie."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        metadata = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - the public method wants a subscription
        partitions = [TopicPartition(topic, number) for number in metadata.partitions_for_topic(topic)]
        found: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        return found
    finally:
        await consumer.stop()


async def drain(bootstrap: str, postgres_url: str, begin: dict[TopicPartition, int], total: int) -> float:
    """Commands a second of a bare consumer that has one transaction for each batch, from `begin` on."""
    decode, decode_command = msgspec.json.Decoder(Told).decode, msgspec.json.Decoder(ToldCommand).decode
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=f"bench.{uuid4()}", enable_auto_commit=False)
    connection = await asyncpg.connect(postgres_url)
    await consumer.start()
    try:
        consumer.assign(list(begin))
        for partition, offset in begin.items():
            consumer.seek(partition, offset)
        done, started = 0, time.perf_counter()
        while done < total:
            pages = await consumer.getmany(timeout_ms=100, max_records=BATCH)
            told = [decode(record.value) for page in pages.values() for record in page]
            if not told:
                continue
            modules = [decode_command(one.command).module_id for one in told]
            ids, organizations = [one.operation_id for one in told], [one.aggregate_id for one in told]
            async with connection.transaction():
                await connection.execute(LOCK, organizations, modules)
                await connection.execute(DECIDE, ids, organizations, modules, PAYLOAD)
            await consumer.commit()
            done += len(told)
        return done / (time.perf_counter() - started)
    finally:
        await consumer.stop()
        await connection.close()


def serve(port: int) -> None:
    """Serve the ceilings' routes until terminated."""
    uvicorn.run(
        create_app,
        factory=True,
        interface="asgi3",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


if __name__ == "__main__":
    serve(int(sys.argv[1]))
