from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.eventlog.audit_log import AuditEvent, PostgresAuditLog
from shared.postgres.database import PostgresDatabase
from tests.fakes import NOON
from tests.shared.conftest import Toy
from tests.shared.toy import Added, Total

LOGGED = """
SELECT aggregateid, sequence, type, payload::text, user_id, organization_id, reason FROM shared.event_log ORDER BY seq
"""

ACME = UUID(int=1)


def audit_event(aggregate_id: str, amount: int, **fields: Any) -> AuditEvent:
    return AuditEvent(
        aggregate_id=aggregate_id,
        event=Added(amount),
        state=Total(amount),
        user_id="ada",
        operation_id=uuid4(),
        occurred_at=NOON,
        **({"organization_id": None} | fields),
    )


async def test_audit_events_continue_their_streams(toy: Toy, database: PostgresDatabase) -> None:
    log = PostgresAuditLog("toy")
    async with database.writing() as transaction:
        await log.record(transaction, [audit_event("b", 1), audit_event("a", 2, organization_id=ACME, reason="why")])
        await log.record(transaction, [audit_event("a", 3)])
    async with database.writing() as transaction:
        await log.record(transaction, [audit_event("a", 4, reason="because")])
        await log.record(transaction, [])
    assert await toy.rows(LOGGED) == [
        ("b", 1, "toy.added", '{"amount":1,"text":""}', "ada", None, None),
        ("a", 1, "toy.added", '{"amount":2,"text":""}', "ada", str(ACME), "why"),
        ("a", 2, "toy.added", '{"amount":3,"text":""}', "ada", None, None),
        ("a", 3, "toy.added", '{"amount":4,"text":""}', "ada", None, "because"),
    ]
    assert await toy.rows("SELECT context, id, version, state::text FROM shared.streams ORDER BY id") == [
        ("toy", "a", 3, '{"total":4}'),
        ("toy", "b", 1, '{"total":1}'),
    ]


async def test_audit_events_are_never_relayed(toy: Toy, database: PostgresDatabase) -> None:
    async with database.writing() as transaction:
        await PostgresAuditLog("toy").record(transaction, [audit_event("a", 1)])
    assert await toy.rows("SELECT seq FROM shared.event_relay") == []


async def test_an_audit_event_of_a_transaction_that_fails_was_none(toy: Toy, database: PostgresDatabase) -> None:
    async def record_and_fail() -> None:
        async with database.writing() as transaction:
            await PostgresAuditLog("toy").record(transaction, [audit_event("a", 1)])
            raise KeyError

    with pytest.raises(KeyError):
        await record_and_fail()
    assert await toy.rows(LOGGED) == []
    assert await toy.rows("SELECT FROM shared.streams") == []
