"""The list of users: by e-mail, what is searched first, whoever is asked for."""

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from access.adapters.lists import UserFilter, UserSort
from access.adapters.queries import list_columns
from shared.lists.cursors import BadCursor
from shared.lists.lister import ListParams
from shared.postgres.database import PostgresDatabase
from tests.access.conftest import Access

OWN = uuid4()
ADD = """
INSERT INTO access.users (id, email, name, password_hash, role, organization_id, is_active, search_text, sort_key)
VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8)
"""


@pytest.fixture
async def access_of_five(access: Access, database: PostgresDatabase) -> Access:
    async with database.writing() as transaction:
        for email, name, role, organization_id, is_active in (
            ("ada@acme.example", None, "super_admin", None, True),
            ("bob@acme.example", "Bob Dole", "super_admin", None, False),
            ("carl@example.com", "Carl Ada", "organization_admin", OWN, True),
            ("dora@example.com", "Dora Bo", "organization_admin", OWN, False),
            ("eve@acme.example", "Ève", "organization_admin", uuid4(), True),
        ):
            values = (uuid4(), email, name, role, organization_id, is_active)
            await transaction.execute(ADD, *values, *list_columns(email, name))
    return access


async def found(access: Access, sort: UserSort = "email", limit: int = 1, **wanted: Any) -> str:
    """The first letters of all pages' e-mails."""
    query = ListParams(UserFilter(**wanted), limit, sort=sort)
    page = await access.user_list.page(query)
    users = [*page.items]
    while page.next_cursor is not None:
        page = await access.user_list.page(msgspec.structs.replace(query, cursor=page.next_cursor))
        users += page.items
    return "".join(user.email[0] for user in users)


async def test_filters_narrow_the_list_together(access_of_five: Access) -> None:
    for wanted, expected in (
        ({}, "abcde"),
        ({"organization_id": OWN}, "cd"),
        ({"organization_id": uuid4()}, ""),
        ({"role": "super_admin"}, "ab"),
        ({"role": "organization_admin"}, "cde"),
        ({"role": "service"}, ""),
        ({"status": "inactive"}, "bd"),
        ({"status": "active"}, "ace"),
        ({"status": "inactive", "role": "super_admin"}, "b"),
        ({"organization_id": OWN, "status": "active"}, "c"),
        ({"q": "acme"}, "abe"),
        ({"q": "ACME.exam"}, "abe"),
        ({"q": "bo"}, "bd"),
        ({"q": "ada"}, "ac"),
        ({"q": "ada@"}, "ac"),
        ({"q": "dora bo", "organization_id": OWN}, "d"),
        ({"q": "èv"}, "e"),
        ({"q": "@"}, ""),
    ):
        for limit in (1, 50):
            assert await found(access_of_five, limit=limit, **wanted) == expected, wanted


async def test_e_mails_that_begin_with_what_is_searched_come_first(access_of_five: Access) -> None:
    assert await found(access_of_five, q="dora") == "d"
    assert await found(access_of_five, q="e") == "eabcd"
    assert await found(access_of_five, "-email", q="e") == "edcba"
    assert await found(access_of_five, "-email") == "edcba"


async def test_a_cursor_is_bound_to_every_filter_and_the_order(access_of_five: Access) -> None:
    page = await access_of_five.user_list.page(ListParams(UserFilter(), 1))
    for wanted in ({"q": "ada"}, {"organization_id": OWN}, {"role": "super_admin"}, {"status": "active"}):
        asked = msgspec.convert(wanted, UserFilter)
        with pytest.raises(BadCursor):
            await access_of_five.user_list.page(ListParams(asked, 1, page.next_cursor))
    with pytest.raises(BadCursor):
        await access_of_five.user_list.page(ListParams(UserFilter(), 1, page.next_cursor, "-email"))
    assert isinstance(page.items[0].id, UUID)
    assert "ada" not in repr(page)
