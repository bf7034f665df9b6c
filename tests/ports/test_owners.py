"""The people who wait for their organization: the fake, and `access` on PostgreSQL, keep the same promises."""

from typing import NamedTuple
from uuid import UUID, uuid4

import pytest

from organizations.ports import OperationTokens, PendingOwners, SignupOwners
from shared.errors import Refused
from shared.postgres.database import PostgresDatabase
from tests.fakes import NOON
from tests.organizations.conftest import Fakes
from tests.ports.conftest import Plane

PASSWORD = "a long enough password"
ADD = """
INSERT INTO organizations.organizations (organization_id, name, status, sequence) VALUES ($1, 'Crumbs', 'active', 1)
"""


class Site(NamedTuple):
    """The three ports of a signup."""

    signups: SignupOwners
    owners: PendingOwners
    tokens: OperationTokens
    database: PostgresDatabase

    async def hold(self, operation_id: UUID, email: str) -> None:
        await self.signups.hold(operation_id, email, None, PASSWORD)

    async def pending(self, *operation_ids: UUID) -> frozenset[UUID]:
        async with self.database.writing() as transaction:
            return await self.owners.pending(transaction, operation_ids)

    async def activate(self, operation_id: UUID) -> None:
        async with self.database.writing() as transaction:
            organization_id = str(uuid4())
            await transaction.execute(ADD, organization_id)
            await self.owners.activate(transaction, [(operation_id, organization_id)], NOON)

    async def discard(self, *operation_ids: UUID) -> None:
        async with self.database.writing() as transaction:
            await self.owners.discard(transaction, operation_ids)


@pytest.fixture
async def site(real_plane: Plane | None, database: PostgresDatabase) -> Site:
    if real_plane is None:
        fakes = Fakes()
        return Site(fakes, fakes, fakes, database)
    return Site(
        await real_plane.get(SignupOwners),
        await real_plane.get(PendingOwners),
        await real_plane.get(OperationTokens),
        database,
    )


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@example.com"


async def test_an_email_is_held_by_one_operation_whatever_its_case(site: Site, email: str) -> None:
    first, second = uuid4(), uuid4()
    await site.hold(first, email)
    await site.hold(first, email)
    for ask in (site.signups.hold, site.signups.check):
        with pytest.raises(Refused) as refused:
            await ask(second, email.upper(), None, PASSWORD)
        assert (refused.value.code, [one.pointer for one in refused.value.errors]) == ("email_taken", ["/email"])
    assert await site.pending(first, second) == {first}


async def test_checking_keeps_nothing(site: Site, email: str) -> None:
    first = uuid4()
    await site.signups.check(first, email, None, PASSWORD)
    assert await site.pending(first) == frozenset()
    await site.hold(uuid4(), email)


@pytest.mark.parametrize(
    ("email", "name", "password", "code"),
    [
        ("nobody", None, PASSWORD, "invalid_email"),
        ("a@example.com", "a\x07", PASSWORD, "invalid_name"),
        ("a@example.com", None, "short", "unacceptable_password"),
    ],
)
async def test_whoever_cannot_be_held_is_told_why(
    site: Site, email: str, name: str | None, password: str, code: str
) -> None:
    for ask in (site.signups.hold, site.signups.check):
        with pytest.raises(Refused) as refused:
            await ask(uuid4(), email, name, password)
        assert refused.value.code == code


async def test_an_email_is_free_again_once_its_owner_was_let_go(site: Site, email: str) -> None:
    first, second = uuid4(), uuid4()
    await site.hold(first, email)
    await site.signups.release(first)
    await site.signups.release(first)
    await site.hold(second, email)
    await site.discard(second)
    await site.discard(second, first)
    assert await site.pending(first, second) == frozenset()
    await site.hold(first, email)


async def test_an_owner_who_was_activated_waits_no_more_and_keeps_the_email(site: Site, email: str) -> None:
    owner = uuid4()
    await site.hold(owner, email)
    await site.activate(owner)
    await site.hold(owner, email)
    assert await site.pending(owner) == frozenset()
    with pytest.raises(Refused):
        await site.hold(uuid4(), email)


async def test_every_operation_has_a_token_of_its_own(site: Site) -> None:
    first, second = [await site.tokens.issue(id_) for id_ in (uuid4(), uuid4())]
    assert "" != first != second != ""
