import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from access.adapters.postgres import PostgresApiTokens, PostgresUserDirectory
from access.domain import (
    ApiToken,
    CreatorLetGo,
    EmailTaken,
    LastSuperAdmin,
    SessionEnded,
    TokenInvalid,
    UnacceptablePassword,
    UserNotFound,
    WrongCredentials,
)
from access.events import ApiTokenRevokedEvent, UserActivatedEvent, UserDeactivatedEvent, UserReactivatedEvent
from shared.ports import Transaction
from tests.access.conftest import Access
from tests.access.test_api_tokens import created

ADA, BOB, PASSWORD = "ada@example.com", "bob@example.com", "correct horse battery"
SOMEBODY_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"


async def two_super_admins(access: Access) -> tuple[UUID, UUID]:
    return await access.super_admins.create(ADA, PASSWORD), await access.super_admins.create(BOB, PASSWORD)


async def test_a_created_super_admin_can_sign_in_and_is_created_once(access: Access) -> None:
    await access.super_admins.create(f" {ADA.upper()}", PASSWORD)
    await access.sign_in(ADA, PASSWORD)
    with pytest.raises(EmailTaken):
        await access.super_admins.create(ADA, PASSWORD)
    with pytest.raises(UnacceptablePassword):
        await access.super_admins.create(BOB, "admin")
    assert [(type(event.event), event.user_id) for event in access.audit_log.events] == [
        (UserActivatedEvent, "system:cli")
    ]


async def test_a_deactivated_user_is_out_and_an_activated_one_signs_in_anew(access: Access) -> None:
    ada, bob = await two_super_admins(access)
    session = (await access.sign_in(BOB, PASSWORD)).refresh.value
    for _ in range(2):
        await access.administration.deactivate(bob, str(ada))
    with pytest.raises(WrongCredentials):
        await access.sign_in(BOB, PASSWORD)
    for _ in range(2):
        await access.administration.activate(bob, str(ada))
    with pytest.raises(SessionEnded):
        await access.sessions.refresh(session)
    await access.sign_in(BOB, PASSWORD)
    told = [(type(event.event), event.aggregate_id, event.user_id) for event in access.audit_log.events[2:]]
    assert told == [(UserDeactivatedEvent, str(bob), str(ada)), (UserReactivatedEvent, str(bob), str(ada))]


class MeetingDirectory(PostgresUserDirectory):
    """Whoever sees the super admins goes on when another one has seen them too, or waits for his lock."""

    def __init__(self) -> None:
        self.seen = 0

    async def active_super_admins(self, transaction: Transaction) -> frozenset[UUID]:
        found = await super().active_super_admins(transaction)
        self.seen += 1
        async with asyncio.timeout(10):
            while self.seen < 2 and not await transaction.fetchval(SOMEBODY_WAITS):
                pass  # the look itself lets the other one go on
        return found


async def test_one_super_admin_remains_also_when_two_deactivate_each_other_at_once(access: Access) -> None:
    ada, bob = await two_super_admins(access)
    users = access.administration_with(MeetingDirectory())
    answers = await asyncio.gather(
        users.deactivate(ada, str(bob)), users.deactivate(bob, str(ada)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["LastSuperAdmin", "UserStatus"]


async def test_a_user_nobody_knows_is_told(access: Access) -> None:
    for administer in (access.administration.deactivate, access.administration.activate):
        with pytest.raises(UserNotFound):
            await administer(uuid4(), "x")


async def refused(access: Access, *tokens: str) -> list[bool]:
    answers = await asyncio.gather(*(access.bearer.authenticate(token) for token in tokens), return_exceptions=True)
    return [isinstance(answer, TokenInvalid) for answer in answers]


async def test_who_is_let_go_takes_no_token_along_however_it_was_come_by(access: Access) -> None:
    ada, bob = await two_super_admins(access)
    own = await created(access, str(bob), name="own")
    child = await created(access, str(own.described.id), name="of his token")
    grandchild = await created(access, str(child.described.id), name="of that one", role="service")
    before = await created(access, str(bob), name="gone already")
    orphan = await created(access, str(before.described.id), name="of the one that is gone")
    expired = await created(access, str(bob), name="expired", expires_at=access.clock.now() + timedelta(seconds=1))
    other = await created(access, str(ada), name="another's")
    await access.api_tokens.revoke(before.described.id, str(ada))
    access.clock.advance(timedelta(seconds=1))
    taken = [own.token, child.token, grandchild.token, orphan.token]
    assert await refused(access, *taken, other.token) == [False] * 5
    answer = await access.administration.deactivate(bob, str(ada), "left the company")
    assert {each.name for each in answer.revoked_tokens} == {
        "own",
        "of his token",
        "of that one",
        "of the one that is gone",
    }
    assert expired.described.id not in {each.id for each in answer.revoked_tokens}
    assert await refused(access, *taken, other.token) == [True] * 4 + [False]
    told = {
        event.aggregate_id: event for event in access.audit_log.events if isinstance(event.event, ApiTokenRevokedEvent)
    }
    assert {str(each.id) for each in answer.revoked_tokens} <= set(told)
    assert told[str(own.described.id)].reason == "left the company"
    await access.administration.activate(bob, str(ada))
    assert await refused(access, *taken) == [True] * 4


async def test_a_user_who_was_let_go_before_leaves_no_token_behind_either(access: Access) -> None:
    ada, bob = await two_super_admins(access)
    await access.administration.deactivate(bob, str(ada))
    async with access.database.writing() as transaction:
        await transaction.execute("UPDATE access.users SET is_active = true WHERE id = $1", bob)
    made = await created(access, str(bob))
    async with access.database.writing() as transaction:
        await transaction.execute("UPDATE access.users SET is_active = false WHERE id = $1", bob)
    answer = await access.administration.deactivate(bob, str(ada))
    assert [each.id for each in answer.revoked_tokens] == [made.described.id]
    assert (await access.administration.deactivate(bob, str(ada))).revoked_tokens == []


async def test_no_token_is_made_by_who_was_let_go_while_asking(access: Access) -> None:
    ada, bob = await two_super_admins(access)
    token = await created(access, str(bob))
    await access.administration.deactivate(bob, str(ada))
    for creator in (str(bob), str(token.described.id)):
        with pytest.raises(CreatorLetGo):
            await created(access, creator)


async def test_a_token_that_is_being_made_is_waited_for_and_ends_with_its_maker(access: Access) -> None:
    ada, bob = await two_super_admins(access)
    async with access.database.writing() as transaction:
        assert await PostgresApiTokens().may_mint(transaction, bob)
        letting_go = asyncio.create_task(access.administration.deactivate(bob, str(ada)))
        async with asyncio.timeout(10):
            while not await transaction.fetchval(SOMEBODY_WAITS):
                pass  # the look itself lets the other one go on
        late = ApiToken(uuid4(), "late", "super_admin", None, ["read"], str(bob), access.clock.now())
        await PostgresApiTokens().add(transaction, late, b"late")
    assert [each.id for each in (await letting_go).revoked_tokens] == [late.id]


async def test_the_last_super_admin_keeps_what_is_his(access: Access) -> None:
    ada = await access.super_admins.create(ADA, PASSWORD)
    made = await created(access, str(ada))
    with pytest.raises(LastSuperAdmin):
        await access.administration.deactivate(ada, str(ada))
    assert await refused(access, made.token) == [False]
