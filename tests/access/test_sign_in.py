import asyncio
from uuid import uuid4

import jwt
import pytest

from access.domain import EmailBelongsToOtherRole, OrganizationSuspended, UnacceptablePassword, WrongCredentials
from access.events import UserActivatedEvent, UserPasswordReplacedEvent
from tests.access.conftest import Access

ADMIN, PASSWORD = "admin@example.com", "correct horse battery"


async def test_the_super_admin_can_sign_in_under_any_spelling_of_the_address(access: Access) -> None:
    await access.super_admins.ensure_super_admin(" Admin@Example.com", PASSWORD)
    issued = await access.sign_in("ADMIN@example.com ", PASSWORD)
    claims = jwt.decode(issued.access.token, options={"verify_signature": False})
    assert (claims["role"], claims["org"]) == ("super_admin", None)


@pytest.mark.parametrize("email", ["nobody@example.com", "no address", "a\x00@x.com", "a\ud800@x.com"])
async def test_an_unknown_address_costs_and_answers_what_a_wrong_password_does(access: Access, email: str) -> None:
    await access.super_admins.ensure_super_admin(ADMIN, PASSWORD)
    with pytest.raises(WrongCredentials) as wrong_password:
        await access.sign_in(ADMIN, "wrong horse battery")
    with pytest.raises(WrongCredentials) as unknown:
        await access.sign_in(email, PASSWORD)
    assert unknown.value.refusal() == wrong_password.value.refusal()
    assert access.passwords.verified == [f"hashed:{PASSWORD}", None]


async def test_a_password_that_is_no_text_is_a_wrong_one(access: Access) -> None:
    await access.super_admins.ensure_super_admin(ADMIN, PASSWORD)
    with pytest.raises(WrongCredentials):
        await access.sign_in(ADMIN, "\ud800")


async def test_a_deactivated_user_cannot_sign_in(access: Access) -> None:
    await access.super_admins.ensure_super_admin(ADMIN, PASSWORD)
    async with access.database.writing() as transaction:
        await transaction.execute("UPDATE access.users SET is_active = false")
    with pytest.raises(WrongCredentials):
        await access.sign_in(ADMIN, PASSWORD)


async def test_a_suspension_is_told_to_those_who_know_the_password(access: Access) -> None:
    operation_id, organization_id = uuid4(), uuid4()
    await access.owners.hold(operation_id, "ada@example.com", None, PASSWORD)
    await access.activate(operation_id, organization_id)
    access.standing.suspended.add(organization_id)
    with pytest.raises(OrganizationSuspended) as refused:
        await access.sign_in("ada@example.com", PASSWORD)
    assert (refused.value.kind, refused.value.code) == ("forbidden", "organization_suspended")
    with pytest.raises(WrongCredentials):
        await access.sign_in("ada@example.com", "wrong horse battery")


async def test_ensuring_twice_changes_and_records_nothing_more(access: Access) -> None:
    for _ in range(2):
        await access.super_admins.ensure_super_admin(ADMIN, PASSWORD)
    assert [type(fact.event) for fact in access.audit_log.events] == [UserActivatedEvent]


async def test_processes_that_start_together_make_one_super_admin(access: Access) -> None:
    await asyncio.gather(*(access.super_admins.ensure_super_admin(ADMIN, PASSWORD) for _ in range(4)))
    assert len(access.audit_log.events) == 1
    await access.sign_in(ADMIN, PASSWORD)


async def test_a_changed_password_replaces_the_old_one_once(access: Access) -> None:
    await access.super_admins.ensure_super_admin(ADMIN, PASSWORD)
    changed = "another horse battery"
    await asyncio.gather(*(access.super_admins.ensure_super_admin(ADMIN, changed) for _ in range(4)))
    assert [type(fact.event) for fact in access.audit_log.events] == [UserActivatedEvent, UserPasswordReplacedEvent]
    assert len({fact.event_id for fact in access.audit_log.events}) == 2
    await access.sign_in(ADMIN, changed)
    with pytest.raises(WrongCredentials):
        await access.sign_in(ADMIN, PASSWORD)


async def test_a_weak_super_admin_password_is_refused(access: Access) -> None:
    with pytest.raises(UnacceptablePassword):
        await access.super_admins.ensure_super_admin(ADMIN, "admin")


async def test_another_users_address_does_not_become_the_super_admins(access: Access) -> None:
    operation_id = uuid4()
    await access.owners.hold(operation_id, ADMIN, None, PASSWORD)
    await access.activate(operation_id, uuid4())
    with pytest.raises(EmailBelongsToOtherRole):
        await access.super_admins.ensure_super_admin(ADMIN, "another horse battery")
    await access.sign_in(ADMIN, PASSWORD)


async def test_a_pending_signup_with_the_super_admins_address_gives_way(access: Access) -> None:
    operation_id = uuid4()
    await access.owners.hold(operation_id, ADMIN, None, PASSWORD)
    await access.super_admins.ensure_super_admin(ADMIN, "another horse battery")
    assert await access.held_rows() == 0
    await access.sign_in(ADMIN, "another horse battery")
