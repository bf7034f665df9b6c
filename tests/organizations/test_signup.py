from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from organizations.ports import ModulesOutcome
from organizations.signup import SignupRequest
from shared.errors import Unavailable
from shared.messages import CommandEnvelope
from tests.organizations.conftest import Fakes, World

SIGNUP = "/api/v1/organizations/signup"
PASSWORD = "a loaf a day keeps"
BODY = {
    "organization_name": "Crumbs",
    "admin_email": "Owner@Example.com",
    "admin_password": PASSWORD,
    "industry_code": "bakery",
}
KEY = {"Idempotency-Key": "once"}


async def stored_texts(world: World) -> str:
    tables = ("shared.operations", "shared.event_log", "shared.streams", "organizations.organizations")
    async with world.database.snapshot() as transaction:
        return "\n".join([str(row) for table in tables for row in await transaction.fetch(f"SELECT * FROM {table}")])


async def test_a_signup_answers_with_the_organization_and_its_modules(client: httpx.AsyncClient, world: World) -> None:
    answer = await client.post(SIGNUP, json=BODY)
    assert answer.status_code == 201
    body = answer.json()
    organization_id, operation_id = body["organization"].pop("id"), body.pop("operation_id")
    assert body == {
        "organization": {"name": "Crumbs", "industry_code": "bakery", "industry_name": "Bakery", "status": "active"},
        "modules": {"status": "applied", "assigned": ["ovens"], "reason": None},
    }
    assert answer.headers["location"] == f"/api/v1/organizations/{organization_id}"
    assert answer.headers["cache-control"] == "no-store"
    assert world.fakes.applied == [(organization_id, "bakery", 3, UUID(operation_id), operation_id)]
    assert world.fakes.activated == [(UUID(operation_id), organization_id)]


async def test_neither_password_nor_email_leaves_the_request(client: httpx.AsyncClient, world: World) -> None:
    assert (await client.post(SIGNUP, json=BODY)).status_code == 201
    kept = await stored_texts(world) + "".join(record.decode() for record in world.kafka.tried)
    assert "Crumbs" in kept
    assert PASSWORD not in kept
    assert "owner@example.com" not in kept.lower()
    assert PASSWORD not in repr(SignupRequest("Crumbs", "owner@example.com", PASSWORD))


async def test_a_repeated_signup_gets_the_same_answer_and_holds_nobody_again(
    client: httpx.AsyncClient, fakes: Fakes
) -> None:
    first = await client.post(SIGNUP, json=BODY, headers=KEY)
    again = await client.post(SIGNUP, json=BODY, headers=KEY)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert len(fakes.holds) == len(fakes.activated) == 1
    assert fakes.applied[0] == fakes.applied[1]


async def test_a_key_is_the_emails_own_and_good_for_one_request(client: httpx.AsyncClient) -> None:
    first = await client.post(SIGNUP, json=BODY, headers=KEY)
    other = await client.post(SIGNUP, json=BODY | {"organization_name": "Crusts"}, headers=KEY)
    assert (other.status_code, other.json()["type"]) == (422, "urn:modplane:problem:idempotency_key_reused")
    neighbour = await client.post(SIGNUP, json=BODY | {"admin_email": "next@example.com"}, headers=KEY)
    assert neighbour.status_code == 201
    assert neighbour.json()["organization"]["id"] != first.json()["organization"]["id"]


async def test_whoever_sends_a_request_again_makes_another_attempt_at_one_operation(
    client: httpx.AsyncClient, world: World
) -> None:
    world.kafka.there = True
    for _ in range(2):
        await client.post(SIGNUP, json=BODY, headers=KEY | {"Prefer": "respond-async"})
    sent = [msgspec.json.decode(record, type=CommandEnvelope) for record in world.kafka.tried]
    assert len({envelope.operation_id for envelope in sent}) == 1
    assert len({envelope.attempt for envelope in sent} - {None}) == len(sent) == 2


async def test_a_refused_signup_frees_the_email_and_stays_refused(client: httpx.AsyncClient, fakes: Fakes) -> None:
    refused = await client.post(SIGNUP, json=BODY | {"industry_code": "comets"}, headers=KEY)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/industry_code")
    assert fakes.waiting == {}
    assert (await client.post(SIGNUP, json=BODY | {"industry_code": "comets"}, headers=KEY)).status_code == 422
    assert fakes.waiting == {}
    assert (await client.post(SIGNUP, json=BODY)).status_code == 201


async def test_a_repetition_that_held_the_email_before_it_met_the_refusal_frees_it(
    client: httpx.AsyncClient, world: World
) -> None:
    unknown = BODY | {"industry_code": "comets"}
    assert (await client.post(SIGNUP, json=unknown, headers=KEY)).status_code == 422
    world.operations.sees_nothing = True
    assert (await client.post(SIGNUP, json=unknown, headers=KEY)).status_code == 422
    assert world.fakes.waiting == {}
    assert (await client.post(SIGNUP, json=BODY, headers=KEY)).status_code == 422
    assert len(world.fakes.holds) == 3
    assert world.fakes.waiting == {}


async def test_a_taken_email_is_told_at_its_field(client: httpx.AsyncClient) -> None:
    assert (await client.post(SIGNUP, json=BODY)).status_code == 201
    taken = await client.post(SIGNUP, json=BODY)
    assert (taken.status_code, taken.json()["errors"]) == (409, [{"pointer": "/admin_email", "message": "taken"}])


async def test_without_an_industry_there_are_no_modules_to_wait_for(client: httpx.AsyncClient, fakes: Fakes) -> None:
    answer = await client.post(SIGNUP, json=BODY | {"industry_code": None})
    assert answer.json()["modules"] == {"status": "none", "assigned": [], "reason": None}
    assert fakes.applied == []


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (ModulesOutcome("refused", reason="gone"), {"status": "refused", "assigned": [], "reason": "gone"}),
        (Unavailable("nobody there"), {"status": "pending", "assigned": [], "reason": None}),
    ],
)
async def test_what_becomes_of_the_modules_does_not_undo_the_signup(
    client: httpx.AsyncClient, fakes: Fakes, outcome: ModulesOutcome | Exception, expected: dict[str, Any]
) -> None:
    fakes.modules = outcome
    answer = await client.post(SIGNUP, json=BODY)
    assert (answer.status_code, answer.json()["modules"]) == (201, expected)


async def test_who_does_not_wait_gets_a_token_for_the_operation(client: httpx.AsyncClient, world: World) -> None:
    world.kafka.there = True
    answer = await client.post(SIGNUP, json=BODY, headers={"Prefer": "respond-async"})
    operation_id = answer.json()["operation_id"]
    assert answer.status_code == 202
    assert answer.json() == {
        "operation_id": operation_id,
        "status": "pending",
        "operation_token": f"token of {operation_id}",
    }
    assert answer.headers["location"] == f"/api/v1/operations/{operation_id}"
    assert answer.headers["cache-control"] == "no-store"
    assert world.fakes.waiting == {UUID(operation_id): "Owner@Example.com"}
    async with world.database.snapshot() as transaction:
        rows = await transaction.fetch("SELECT id::text, user_id, status FROM shared.operations")
    assert [tuple(row) for row in rows] == [(operation_id, operation_id, "pending")]


async def test_a_request_that_cannot_be_sent_holds_nobody(client: httpx.AsyncClient, fakes: Fakes) -> None:
    assert (await client.post(SIGNUP, json=BODY, headers={"If-Match": "yesterday's"})).status_code == 400
    assert (await client.post(SIGNUP, json=BODY | {"is_admin": True})).status_code == 400
    assert (await client.post(SIGNUP, json=BODY | {"industry_code": "No Slug"})).status_code == 400
    assert fakes.holds == []
