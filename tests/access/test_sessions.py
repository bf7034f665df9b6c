import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from access.domain import OrganizationSuspended, SessionEnded
from access.events import SessionReusedEvent
from access.sessions import GRACE, SESSION_LIFETIME, SignedIn
from tests.access.conftest import Access, FakeStanding

ADMIN, OWNER, PASSWORD = "admin@example.com", "ada@example.com", "correct horse battery"


async def signed_in(access: Access) -> SignedIn:
    await access.super_admins.ensure_super_admin(ADMIN, PASSWORD)
    return await access.sign_in(ADMIN, PASSWORD)


async def assert_ended(access: Access, refresh_token: str) -> None:
    with pytest.raises(SessionEnded) as refused:
        await access.sessions.refresh(refresh_token)
    assert refused.value.kind == "unauthenticated"


async def test_a_session_goes_on_with_a_new_token_at_every_refresh(access: Access) -> None:
    first = await signed_in(access)
    second = await access.sessions.refresh(first.refresh.value)
    third = await access.sessions.refresh(second.refresh.value)
    assert len({first.refresh.value, second.refresh.value, third.refresh.value}) == 3
    assert (await access.bearer.authenticate(third.access.token)).role == "super_admin"


async def test_an_answer_that_was_lost_is_given_again_for_a_while(access: Access) -> None:
    first = await signed_in(access)
    second = await access.sessions.refresh(first.refresh.value)
    access.clock.advance(GRACE)
    again = await access.sessions.refresh(first.refresh.value)
    assert again.refresh.value == second.refresh.value
    assert (await access.bearer.authenticate(again.access.token)).role == "super_admin"
    await access.sessions.refresh(again.refresh.value)
    await assert_ended(access, first.refresh.value)


async def test_a_repeated_refresh_does_not_lengthen_the_while(access: Access) -> None:
    first = await signed_in(access)
    await access.sessions.refresh(first.refresh.value)
    access.clock.advance(GRACE)
    await access.sessions.refresh(first.refresh.value)
    access.clock.advance(timedelta(seconds=1))
    await assert_ended(access, first.refresh.value)


async def test_a_token_that_comes_again_later_ends_the_session_for_everybody(access: Access) -> None:
    first = await signed_in(access)
    second = await access.sessions.refresh(first.refresh.value)
    access.clock.advance(GRACE + timedelta(seconds=1))
    await assert_ended(access, first.refresh.value)
    await assert_ended(access, second.refresh.value)
    await assert_ended(access, first.refresh.value)
    assert [type(fact.event) for fact in access.audit_log.events].count(SessionReusedEvent) == 1


async def test_the_end_of_one_session_leaves_the_users_others(access: Access) -> None:
    first, other = await signed_in(access), await access.sign_in(ADMIN, PASSWORD)
    await access.sessions.refresh(first.refresh.value)
    access.clock.advance(GRACE + timedelta(seconds=1))
    await assert_ended(access, first.refresh.value)
    await access.sessions.refresh(other.refresh.value)


class MeetingStanding(FakeStanding):
    """Lets the first two look up the standing at the same time only."""

    def __init__(self) -> None:
        super().__init__()
        self.meeting = asyncio.Barrier(2)
        self.looks = 0

    async def is_suspended(self, organization_id: UUID) -> bool:
        self.looks += 1
        if self.looks <= self.meeting.parties:
            await self.meeting.wait()
        return False


async def test_two_that_refresh_at_once_go_on_with_the_same_token(access: Access) -> None:
    operation_id = uuid4()
    await access.owners.hold(operation_id, OWNER, None, PASSWORD)
    await access.activate(operation_id, uuid4())
    token = (await access.sign_in(OWNER, PASSWORD)).refresh.value
    meeting = access.sessions_with(MeetingStanding())
    answers = await asyncio.gather(*(meeting.refresh(token) for _ in range(2)))
    (following,) = {answer.refresh.value for answer in answers}
    await access.sessions.refresh(following)


async def test_a_session_does_not_outlive_its_time_however_often_it_is_refreshed(access: Access) -> None:
    token = (await signed_in(access)).refresh
    assert token.seconds == SESSION_LIFETIME.total_seconds()
    access.clock.advance(SESSION_LIFETIME - timedelta(seconds=10))
    following = (await access.sessions.refresh(token.value)).refresh
    assert following.seconds == 10
    access.clock.advance(timedelta(seconds=10))
    await assert_ended(access, following.value)


async def test_whoever_signed_out_stays_out_and_may_sign_out_again(access: Access) -> None:
    token = (await signed_in(access)).refresh.value
    await access.sessions.end([token])
    await access.sessions.end([token])
    await assert_ended(access, token)


async def test_a_suspended_organization_is_not_refreshed_until_it_is_reactivated(access: Access) -> None:
    operation_id, organization_id = uuid4(), uuid4()
    await access.owners.hold(operation_id, OWNER, None, PASSWORD)
    await access.activate(operation_id, organization_id)
    token = (await access.sign_in(OWNER, PASSWORD)).refresh.value
    access.standing.suspended.add(organization_id)
    with pytest.raises(OrganizationSuspended):
        await access.sessions.refresh(token)
    access.standing.suspended.clear()
    await access.sessions.refresh(token)


async def test_a_replaced_password_ends_the_sessions_of_the_old_one(access: Access) -> None:
    token = (await signed_in(access)).refresh.value
    await access.super_admins.ensure_super_admin(ADMIN, "another horse battery")
    await assert_ended(access, token)


@pytest.mark.parametrize("presented", ["", "x", "0" * 32 + "." + "a" * 43, "0" * 32 + ".", "é" * 76, "\x00"])
async def test_what_is_no_refresh_token_is_refused_and_ends_nothing(access: Access, presented: str) -> None:
    token = (await signed_in(access)).refresh.value
    await assert_ended(access, presented)
    await access.sessions.end([presented])
    await access.sessions.refresh(token)


async def test_the_database_knows_no_token_and_no_print_shows_one(access: Access) -> None:
    signed = await access.sessions.refresh((await signed_in(access)).refresh.value)
    secret = signed.refresh.value.partition(".")[2]
    async with access.database.snapshot() as transaction:
        row = str(await transaction.fetchval("SELECT sessions::text FROM access.sessions"))
    assert secret not in row + repr(signed)
    assert secret.encode().hex() not in row


async def test_expired_sessions_are_swept(access: Access) -> None:
    await signed_in(access)
    assert await access.sessions.sweep() == 0
    access.clock.advance(SESSION_LIFETIME)
    assert await access.sessions.sweep() == 1
