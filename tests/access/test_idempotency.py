"""Writes of access with an Idempotency-Key, on the real database."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from access.api_tokens import CreatedApiToken, NewApiToken
from access.domain import InvalidApiToken, LastSuperAdmin, SecretNotKept
from access.idempotency import OUTCOME_KEPT, SECRET_KEPT
from access.ports import KeyedWrite
from shared.commands.bus import IdempotencyKeyReused
from tests.access.conftest import Access

CI = NewApiToken(name="ci", role="service")
ADMIN, PASSWORD = "admin@example.com", "correct horse battery"


def keyed(fingerprint: str = "one", operation_id: UUID | None = None) -> KeyedWrite:
    return KeyedWrite(operation_id or uuid4(), fingerprint, "leave-for-acme")


async def create(access: Access, write: KeyedWrite | None, wanted: NewApiToken = CI) -> CreatedApiToken:
    return await access.api_tokens.create(wanted, "somebody", write=write)


async def rows(access: Access, table: str) -> int:
    async with access.database.snapshot() as transaction:
        return int(await transaction.fetchval(f"SELECT count(*) FROM access.{table}"))


async def test_a_repeated_token_is_the_first_one_with_its_secret(access: Access) -> None:
    write = keyed()
    first = await create(access, write)
    again = await create(access, write)
    assert again == first
    assert again.token == first.token
    await access.bearer.authenticate(again.token)
    assert await rows(access, "api_tokens") == 1
    assert len(access.audit_log.events) == 1


async def test_many_at_once_make_one_token(access: Access) -> None:
    write = keyed()
    made = await asyncio.gather(*(create(access, write) for _ in range(5)))
    assert len({each.token for each in made}) == 1
    assert await rows(access, "api_tokens") == 1


async def test_the_same_key_with_another_request_is_refused_and_changes_nothing(access: Access) -> None:
    write = keyed()
    await create(access, write)
    with pytest.raises(IdempotencyKeyReused):
        await create(access, keyed("another", write.operation_id))
    assert await rows(access, "api_tokens") == 1


async def test_without_a_key_each_request_is_a_request_of_its_own(access: Access) -> None:
    assert (await create(access, None)).token != (await create(access, None)).token
    assert await rows(access, "write_outcomes") == 0


async def test_a_refusal_keeps_nothing(access: Access) -> None:
    write = keyed()
    with pytest.raises(InvalidApiToken):
        await create(access, write, NewApiToken(name="ci", role="service", scopes=["write"]))
    assert await rows(access, "write_outcomes") == 0
    await create(access, write)


async def test_a_repeated_token_may_have_expired_meanwhile(access: Access) -> None:
    write = keyed()
    wanted = NewApiToken(name="ci", role="service", expires_at=access.clock.now() + timedelta(seconds=1))
    first = await create(access, write, wanted)
    access.clock.advance(timedelta(seconds=2))
    assert await create(access, write, wanted) == first


async def test_the_database_keeps_no_secret_that_it_could_tell(access: Access) -> None:
    write = keyed()
    first = await create(access, write)
    async with access.database.snapshot() as transaction:
        body, sealed = await transaction.fetchrow("SELECT body, sealed FROM access.write_outcomes")
    secret = first.token.encode()
    assert secret not in body + sealed
    assert secret[4:] not in body + sealed
    assert first.token not in repr(write) + repr(first)


async def test_a_secret_is_told_again_for_a_day_and_the_write_is_remembered_for_longer(access: Access) -> None:
    write = keyed()
    await create(access, write)
    access.clock.advance(SECRET_KEPT)
    for _ in range(2):
        with pytest.raises(SecretNotKept):
            await create(access, write)
        await access.writes.sweep()
    assert await rows(access, "api_tokens") == 1
    access.clock.advance(OUTCOME_KEPT)
    assert await access.writes.sweep() == 1


async def test_a_secret_is_not_told_again_by_a_retired_key(access: Access) -> None:
    write = keyed()
    await create(access, write)
    access.signing_keys.keys = []
    access.clock.advance(timedelta(minutes=1))
    await access.ring.signing()
    with pytest.raises(SecretNotKept):
        await create(access, write)


async def test_revoking_and_letting_go_are_done_once_for_a_key(access: Access) -> None:
    ada = await access.super_admins.create(ADMIN, PASSWORD)
    bob = await access.super_admins.create("bob@example.com", PASSWORD)
    token, revoking, letting_go = (await create(access, None)).described, keyed(), keyed()
    revoked = [await access.api_tokens.revoke(token.id, str(ada), write=revoking) for _ in range(2)]
    assert revoked[0] == revoked[1]
    first = await access.administration.deactivate(bob, str(ada), write=letting_go)
    await access.administration.activate(bob, str(ada), write=keyed())
    assert await access.administration.deactivate(bob, str(ada), write=letting_go) == first
    await access.sign_in("bob@example.com", PASSWORD)
    with pytest.raises(IdempotencyKeyReused):
        await access.administration.deactivate(bob, str(ada), write=keyed("x", letting_go.operation_id))


async def test_a_refused_deactivation_may_be_asked_for_again_with_its_key(access: Access) -> None:
    ada, write = await access.super_admins.create(ADMIN, PASSWORD), keyed()
    with pytest.raises(LastSuperAdmin):
        await access.administration.deactivate(ada, "x", write=write)
    await access.super_admins.create("bob@example.com", PASSWORD)
    assert (await access.administration.deactivate(ada, "x", write=write)).status == "inactive"
