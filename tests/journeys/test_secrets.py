"""Passwords, their hashes, tokens and signing keys stay where they belong."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import redis.asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from devstack import Endpoints
from tests.support.api_client import ADMIN, Api, refresh_cookie, signup
from tests.support.service_process import ServiceProcess

ALL_TABLES = """
SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema IN
  ('shared', 'registry', 'industries', 'organizations', 'assignments', 'access')
"""
OWN_PLACES = {
    "access.users": "password_hash",
    "access.pending_owners": "password_hash",
    "access.signing_keys": "secret",
}


@pytest.fixture(scope="module")
async def secrets(endpoints: Endpoints, service: ServiceProcess, nobody: Api, admin: Api) -> list[str]:
    """What people and the service said in confidence in signups and logins that went well, late, or wrong."""
    password, wrong = f"correct {uuid4()}", f"wrong {uuid4()}"
    body = signup(admin_password=password)
    told = [nobody.post("/organizations/signup", body)]
    told += [nobody.post("/auth/login", {"email": body["admin_email"], "password": said}) for said in (password, wrong)]
    told += [
        nobody.post("/organizations/signup", signup(admin_password=password) | changed, **headers)
        for changed, headers in (
            ({}, {"prefer": "respond-async"}),
            ({"industry_code": "an_absent_one"}, {"idempotency_key": f"key {uuid4()}"}),
            ({"admin_email": body["admin_email"]}, {}),
            ({"admin_email": "nowhere"}, {}),
            ({"unknown": password}, {}),
            ({"admin_password": [password]}, {}),
            ({"admin_password": password + "\x00"}, {}),
        )
    ]
    assert [answer.status_code for answer in told] == [201, 200, 401, 202, 422, 409, 422, 400, 400, 400]
    assert not [answer.text for answer in told if password in answer.text or wrong in answer.text]
    found = [password, wrong, ADMIN["password"], told[1].json()["access_token"], told[3].json()["operation_token"]]
    program = admin.post("/tokens", {"name": "ci", "role": "service"}).json()["token"]
    assert Api(service.url, program).get("/modules/available").status_code == 200
    assert Api(service.url, f"{program}x").get("/modules/available").status_code == 401
    return [*found, program, refresh_cookie(told[1].cookies)[1], *await hashes_and_keys(endpoints)]


async def hashes_and_keys(endpoints: Endpoints) -> list[str]:
    connection = await asyncpg.connect(endpoints.postgres_url)
    hashes = await connection.fetch("SELECT password_hash FROM access.users ORDER BY created_at DESC LIMIT 20")
    keys = await connection.fetch("SELECT encode(secret, 'escape') FROM access.signing_keys")
    await connection.close()
    return [*(row[0] for row in [*hashes, *keys]), "$argon2"]


async def places(endpoints: Endpoints) -> list[TopicPartition]:
    """Every partition of the service's topics."""
    client = AIOKafkaAdminClient(bootstrap_servers=endpoints.kafka_bootstrap)
    await client.start()
    try:
        names = [name for name in await client.list_topics() if name.startswith("tenant.")]
        topics = await client.describe_topics(names)
    finally:
        await client.close()
    return [TopicPartition(topic["topic"], each["partition"]) for topic in topics for each in topic["partitions"]]


async def published(endpoints: Endpoints) -> AsyncIterator[bytes]:
    """Every record there is, with key and headers."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=endpoints.kafka_bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        everywhere = await places(endpoints)
        consumer.assign(everywhere)
        ends = await consumer.end_offsets(everywhere)
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    yield b"".join([record.key or b"", record.value or b"", *(value for _, value in record.headers)])
    finally:
        await consumer.stop()


async def test_no_secret_enters_kafka(endpoints: Endpoints, secrets: list[str]) -> None:
    records = [record async for record in published(endpoints)]
    assert any(b"register_organization" in record for record in records)
    said = [secret.encode() for secret in secrets]
    assert not [record for record in records if any(secret in record for secret in said)]


async def test_no_table_has_a_secret_but_those_for_it(connection: Any, secrets: list[str]) -> None:
    tables = {row["name"] for row in await connection.fetch(ALL_TABLES)}
    assert tables >= {"shared.event_log", "shared.operations", "shared.streams", *OWN_PLACES}
    for table in tables:
        row = f"to_jsonb(t) - '{OWN_PLACES[table]}'" if table in OWN_PLACES else "to_jsonb(t)"
        query = f"SELECT count(*) FROM (SELECT ({row})::text AS told FROM {table} t OFFSET 0) AS rows WHERE EXISTS "
        query += "(SELECT FROM unnest($1::text[]) AS secret WHERE strpos(told, secret) > 0)"
        assert (table, await connection.fetchval(query, secrets)) == (table, 0)


async def test_no_password_is_kept_as_it_is(connection: Any, secrets: list[str]) -> None:
    stored = "SELECT count(*) FROM access.users WHERE password_hash NOT LIKE '$argon2id$%' OR password_hash = ANY($1)"
    assert await connection.fetchval(stored, secrets[:3]) == 0


def test_no_log_has_a_secret(
    secrets: list[str], tmp_path_factory: pytest.TempPathFactory, service: ServiceProcess
) -> None:
    logs = {path: path.read_text(errors="replace") for path in tmp_path_factory.getbasetemp().rglob("*.log")}
    assert service.log in logs.values()
    assert not [path for path, text in logs.items() if any(secret in text for secret in secrets)]


async def test_no_cached_value_has_a_secret(endpoints: Endpoints, secrets: list[str]) -> None:
    client = redis.asyncio.Redis.from_url(endpoints.redis_url)
    keys = [key async for key in client.scan_iter()]
    values = [await client.get(key) or b"" for key in keys]
    await client.aclose()
    assert keys
    assert not [key for key, value in zip(keys, values, strict=True) if any(s.encode() in key + value for s in secrets)]


def test_metrics_have_no_secret(service: ServiceProcess, secrets: list[str]) -> None:
    shown = httpx.get(f"{service.url}/metrics").text
    assert "modplane" in shown
    assert not [secret for secret in secrets if secret in shown]
