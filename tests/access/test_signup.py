import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.json import encode

from access.domain import EmailTaken, InvalidEmail, PendingOwnerGone, UnacceptablePassword, WrongCredentials
from access.events import UserActivatedEvent
from shared.errors import Refused
from shared.messages import event_id
from tests.access.conftest import Access

EMAIL, PASSWORD = "ada@example.com", "correct horse battery"


@pytest.fixture
async def held(access: Access) -> UUID:
    operation_id = uuid4()
    await access.owners.hold(operation_id, EMAIL, "Ada", PASSWORD)
    return operation_id


async def test_an_owner_signs_in_only_after_the_activation(access: Access, held: UUID) -> None:
    with pytest.raises(WrongCredentials):
        await access.sign_in(EMAIL, PASSWORD)
    await access.activate(held, uuid4())
    await access.sign_in(EMAIL, PASSWORD)
    assert await access.pending(held) == frozenset()


async def test_an_activation_records_one_fact_without_secret_or_address(access: Access, held: UUID) -> None:
    organization_id = uuid4()
    await access.activate(held, organization_id)
    (fact,) = access.audit_log.events
    assert fact.event == UserActivatedEvent(held, organization_id, "organization_admin")
    assert (fact.aggregate_id, fact.user_id, fact.organization_id) == (str(held), str(held), organization_id)
    assert fact.event_id not in {event_id(held, position) for position in range(10)}
    written = encode((fact.event, fact.state)).decode()
    assert "hashed:" not in written
    assert EMAIL not in written


async def test_a_held_address_is_taken_in_any_spelling(access: Access, held: UUID) -> None:
    with pytest.raises(EmailTaken) as refused:
        await access.owners.hold(uuid4(), "ADA@Example.com", None, PASSWORD)
    assert refused.value.code == "email_taken"
    assert await access.pending(held) == {held}


async def test_a_users_address_is_taken(access: Access, held: UUID) -> None:
    await access.activate(held, uuid4())
    other = uuid4()
    with pytest.raises(EmailTaken):
        await access.owners.hold(other, EMAIL, None, PASSWORD)
    assert await access.pending(other) == frozenset()


async def test_repeating_a_signup_is_harmless_before_and_after_its_activation(access: Access, held: UUID) -> None:
    await access.owners.hold(held, EMAIL, "Ada", "another horse battery")
    await access.activate(held, uuid4())
    await access.owners.hold(held, EMAIL, "Ada", "another horse battery")
    assert await access.held_rows() == 0
    await access.sign_in(EMAIL, PASSWORD)


async def test_of_many_at_once_one_gets_the_address(access: Access) -> None:
    operation_ids = [uuid4() for _ in range(6)]
    answers = await asyncio.gather(
        *(access.owners.hold(operation_id, EMAIL, None, PASSWORD) for operation_id in operation_ids),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["EmailTaken"] * 5 + ["NoneType"]
    assert len(await access.pending(*operation_ids)) == 1


async def test_an_expired_owner_is_not_pending_and_gives_way(access: Access, held: UUID) -> None:
    access.clock.advance(timedelta(days=8))
    assert await access.pending(held) == frozenset()
    newer = uuid4()
    await access.owners.hold(newer, EMAIL, None, PASSWORD)
    assert await access.pending(held, newer) == {newer}


async def test_an_expired_operation_can_be_held_again(access: Access, held: UUID) -> None:
    access.clock.advance(timedelta(days=8))
    await access.owners.hold(held, EMAIL, None, PASSWORD)
    assert await access.pending(held) == {held}


async def test_sweeping_deletes_the_expired_alone(access: Access, held: UUID) -> None:
    access.clock.advance(timedelta(days=7))
    newer = uuid4()
    await access.owners.hold(newer, "bob@example.com", None, PASSWORD)
    access.clock.advance(timedelta(days=1))
    assert await access.owners.sweep() == 1
    assert await access.owners.sweep() == 0
    assert await access.pending(held, newer) == {newer}


async def test_a_released_address_is_free(access: Access, held: UUID) -> None:
    for _ in range(2):
        await access.owners.release(held)
    await access.owners.hold(uuid4(), EMAIL, None, PASSWORD)


async def test_a_refused_registration_frees_the_address(access: Access, held: UUID) -> None:
    async with access.database.writing() as transaction:
        await access.owners.discard(transaction, [held, uuid4()])
    await access.owners.hold(uuid4(), EMAIL, None, PASSWORD)


async def test_no_organization_is_registered_without_its_owner(access: Access, held: UUID) -> None:
    gone = uuid4()
    with pytest.raises(PendingOwnerGone):
        await access.activate_all([(held, uuid4()), (gone, uuid4())])
    assert access.audit_log.events == []
    assert await access.pending(held, gone) == {held}


async def test_a_pending_owner_cannot_be_released_while_its_registration_is_decided(access: Access, held: UUID) -> None:
    unlocked = "SELECT operation_id FROM access.pending_owners FOR UPDATE SKIP LOCKED"
    async with access.database.writing() as deciding, access.database.writing() as releasing:
        assert await releasing.fetchval(unlocked) == held
        await releasing.execute("COMMIT AND CHAIN")
        assert await access.owners.pending(deciding, [held]) == {held}
        assert await releasing.fetchval(unlocked) is None


async def test_an_owner_whose_address_a_user_got_meanwhile_is_not_pending(access: Access, held: UUID) -> None:
    async with access.database.writing() as transaction:
        insert = "INSERT INTO access.users (id, email, password_hash, role) VALUES ($1, $2, '', 'service')"
        await transaction.execute(insert, uuid4(), EMAIL)
    assert await access.pending(held) == frozenset()


@pytest.mark.parametrize(
    ("email", "name", "password"),
    [(EMAIL, None, PASSWORD), ("nowhere", None, PASSWORD), ("bob@example.com", "\x00", PASSWORD), (EMAIL, None, "x")],
)
async def test_checking_tells_what_holding_would_and_keeps_nothing(
    access: Access, held: UUID, email: str, name: str | None, password: str
) -> None:
    newer = uuid4()
    with pytest.raises(Refused) as told:
        await access.owners.check(newer, email, name, password)
    with pytest.raises(Refused) as refused:
        await access.owners.hold(newer, email, name, password)
    assert told.value.refusal() == refused.value.refusal()
    await access.owners.check(newer, "bob@example.com", "Bob", PASSWORD)
    await access.owners.check(held, EMAIL, "Ada", PASSWORD)
    assert await access.held_rows() == 1


async def test_checking_frees_what_expired_and_minds_users(access: Access, held: UUID) -> None:
    access.clock.advance(timedelta(days=8))
    await access.owners.check(uuid4(), EMAIL, None, PASSWORD)
    await access.owners.hold(held, EMAIL, None, PASSWORD)
    await access.activate(held, uuid4())
    with pytest.raises(EmailTaken):
        await access.owners.check(uuid4(), EMAIL, None, PASSWORD)


async def test_nothing_to_do_is_nothing_done(access: Access) -> None:
    async with access.database.snapshot() as read_only:
        await access.owners.activate(read_only, [], access.clock.now())
        await access.owners.discard(read_only, [])
    assert access.audit_log.events == []


@pytest.mark.parametrize(
    ("email", "password", "refusal"),
    [("no address", PASSWORD, InvalidEmail), (EMAIL, "short", UnacceptablePassword)],
)
async def test_a_wrong_field_holds_nothing(access: Access, email: str, password: str, refusal: type[Exception]) -> None:
    operation_id = uuid4()
    with pytest.raises(refusal):
        await access.owners.hold(operation_id, email, None, password)
    assert await access.pending(operation_id) == frozenset()
