"""What processes remember of sign-ins and tokens, on the real database."""

import asyncio
from uuid import UUID, uuid4

import pytest

from access.adapters.cached import (
    MAX_NAMED,
    TRUSTED_FOR,
    TRUSTED_IN_OUTAGE,
    BearerAuthenticator,
    CredentialMemories,
    CredentialMemory,
)
from access.domain import SessionEnded, TokenInvalid
from access.sessions import SignedIn
from shared.errors import Unauthenticated
from shared.postgres.database import PostgresDatabase
from tests.access.conftest import Access
from tests.access.test_api_tokens import created
from tests.fakes import FakeClock

ADMIN, PASSWORD = "admin@example.com", "correct horse battery"
UNKNOWN = UUID(int=7)


async def signed_in(access: Access) -> SignedIn:
    await access.super_admins.ensure_super_admin(ADMIN, PASSWORD)
    return await access.sign_in(ADMIN, PASSWORD)


async def session_of(authenticator: BearerAuthenticator, signed: SignedIn) -> UUID:
    session_id = (await authenticator.authenticate(signed.access.token)).session_id
    assert session_id is not None
    return session_id


async def test_an_access_token_ends_with_its_session_here_at_once(access: Access) -> None:
    first, other = await signed_in(access), await access.sign_in(ADMIN, PASSWORD)
    session_id = await session_of(access.bearer, first)
    await access.bearer.authenticate(other.access.token)
    await access.sessions.end([], session_id)
    with pytest.raises(SessionEnded):
        await access.bearer.authenticate(first.access.token)
    with pytest.raises(SessionEnded):
        await access.sessions.refresh(first.refresh.value)
    await access.bearer.authenticate(other.access.token)


async def test_signing_out_by_the_cookie_alone_ends_the_access_token_too(access: Access) -> None:
    signed = await signed_in(access)
    await access.bearer.authenticate(signed.access.token)
    await access.sessions.end([signed.refresh.value])
    with pytest.raises(SessionEnded):
        await access.bearer.authenticate(signed.access.token)


async def test_another_process_hears_of_the_end_and_without_hearing_looks_again(access: Access) -> None:
    memories, signed = CredentialMemories(), await signed_in(access)
    hearing, deaf = access.process(memories), access.process(CredentialMemories())
    session_id = await session_of(hearing, signed)
    await deaf.authenticate(signed.access.token)
    await access.sessions.end([], session_id)
    memories.heard(session_id.hex)
    with pytest.raises(SessionEnded):
        await hearing.authenticate(signed.access.token)
    access.clock.advance(TRUSTED_FOR)
    with pytest.raises(SessionEnded):
        await deaf.authenticate(signed.access.token)


async def test_whatever_ends_a_session_ends_its_access_tokens(access: Access) -> None:
    kept = await access.super_admins.create("other@example.com", PASSWORD)
    signed = await signed_in(access)
    user_id = (await access.bearer.authenticate(signed.access.token)).user_id
    await access.administration.deactivate(UUID(user_id), str(kept))
    with pytest.raises(SessionEnded):
        await access.bearer.authenticate(signed.access.token)
    await access.administration.activate(UUID(user_id), str(kept))
    again = await access.sign_in(ADMIN, PASSWORD)
    await access.super_admins.ensure_super_admin(ADMIN, "another horse battery")
    with pytest.raises(SessionEnded):
        await access.process(CredentialMemories()).authenticate(again.access.token)


async def test_a_revoked_token_is_refused_where_its_end_was_heard(access: Access) -> None:
    memories, made = CredentialMemories(), await created(access)
    replica = access.process(memories)
    await replica.authenticate(made.token)
    await access.api_tokens.revoke(made.described.id, "somebody")
    memories.heard(made.described.id.hex)
    with pytest.raises(TokenInvalid):
        await replica.authenticate(made.token)


class SlowReading:
    """A reading that goes on when a test lets it."""

    def __init__(self) -> None:
        self.begun, self.go_on, self.ended = asyncio.Event(), asyncio.Event(), False

    async def read(self, key: str) -> tuple[UUID, str]:
        if self.ended:
            raise Unauthenticated("Ended.")
        self.begun.set()
        await self.go_on.wait()
        return UNKNOWN, key


async def test_a_reading_that_began_before_the_end_is_neither_remembered_nor_shared(clock: FakeClock) -> None:
    slow = SlowReading()
    memory = CredentialMemory(slow.read, clock)
    before = asyncio.create_task(memory.get("a"))
    await slow.begun.wait()
    slow.ended = True
    memory.forget([UNKNOWN])
    with pytest.raises(Unauthenticated):
        await memory.get("a")
    slow.go_on.set()
    assert await before == "a"
    with pytest.raises(Unauthenticated):
        await memory.get("a")


async def test_a_known_caller_does_not_wait_for_a_reading_that_hangs(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("access.adapters.cached.PATIENCE_SECONDS", 0.01)
    slow = SlowReading()
    memory = CredentialMemory(slow.read, clock)
    slow.go_on.set()
    await memory.get("a")
    slow.go_on.clear()
    clock.advance(TRUSTED_FOR)
    assert await memory.get("a") == "a"
    clock.advance(TRUSTED_IN_OUTAGE)
    waiting = asyncio.create_task(memory.get("a"))
    slow.ended = True
    memory.forget([UNKNOWN])
    with pytest.raises(Unauthenticated):
        await memory.get("a")
    slow.go_on.set()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_the_word_of_many_ends_stays_short(database: PostgresDatabase) -> None:
    memories, heard = CredentialMemories(), list[object]()
    memories.join(heard.append)
    async with database.writing() as transaction:
        for count in (0, 1, MAX_NAMED, MAX_NAMED + 1, 10_000):
            await memories.announce(transaction, [uuid4() for _ in range(count)])
        await memories.announce(transaction, None)
    memories.heard("*")
    ids = [uuid4() for _ in range(3)]
    memories.heard(",".join(each.hex for each in ids))
    assert heard == [None, ids]
