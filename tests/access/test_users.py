import asyncio
from uuid import UUID, uuid4

import pytest

from access.adapters.users import PostgresUserDirectory
from access.domain import EmailTaken, SessionEnded, UnacceptablePassword, UserNotFound, WrongCredentials
from access.events import UserActivatedEvent, UserDeactivatedEvent, UserReactivatedEvent
from access.users import UserAdministration
from shared.ports import Transaction
from tests.access.conftest import Access
from tests.fakes import FreshIds

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
    assert [(type(fact.event), fact.user_id) for fact in access.facts.facts] == [(UserActivatedEvent, "system:cli")]


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
    told = [(type(fact.event), fact.aggregate_id, fact.user_id) for fact in access.facts.facts[2:]]
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
    users = UserAdministration(access.database, MeetingDirectory(), access.facts, access.clock, FreshIds())
    answers = await asyncio.gather(
        users.deactivate(ada, str(bob)), users.deactivate(bob, str(ada)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["LastSuperAdmin", "NoneType"]


async def test_a_user_nobody_knows_is_told(access: Access) -> None:
    for administer in (access.administration.deactivate, access.administration.activate):
        with pytest.raises(UserNotFound):
            await administer(uuid4(), "x")
