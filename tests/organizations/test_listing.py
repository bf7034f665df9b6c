"""The list of organizations: what each filter lets through, in which order, and where a search begins."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from organizations.adapters.lists import OrganizationFilter, PostgresOrganizationList, Sort
from organizations.commands import SuspendOrganization
from shared.lists.cursors import BadCursor
from shared.lists.keyset import FEW
from shared.lists.lister import ListParams
from tests.organizations.conftest import World

MANY = """
INSERT INTO organizations.organizations (organization_id, name, industry_code, status, sequence, search_text,
  sort_key)
SELECT format('00000000-0000-7000-8000-%s', lpad(n::text, 12, '0')), 'Many ' || n, 'many', 'active', 1,
  'many ' || n, 'many ' || n
FROM generate_series(1, $1::integer) AS n
"""


async def names(world: World, query: ListParams[OrganizationFilter]) -> list[str]:
    """Those of all pages."""
    reader = await world.container.get(PostgresOrganizationList)
    page = await reader.page(query)
    found = [item.name for item in page.items]
    while page.next_cursor is not None:
        page = await reader.page(msgspec.structs.replace(query, cursor=page.next_cursor))
        found += [item.name for item in page.items]
    return found


async def found(world: World, sort: Sort = "name", limit: int = 1, **wanted: Any) -> list[str]:
    return await names(world, ListParams(OrganizationFilter(**wanted), limit, sort=sort))


async def add_many(world: World, number: int = FEW + 1) -> set[str]:
    """More organizations than are sorted; their ids."""
    async with world.database.writing() as transaction:
        await transaction.execute(MANY, number)
        rows = await transaction.fetch("SELECT organization_id FROM organizations.organizations")
    return {row[0] for row in rows}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["Ähre", "Apple", "banana", "banana", "Cherry"]),
        ("-name", ["Cherry", "banana", "banana", "Apple", "Ähre"]),
        ("created_at", ["banana", "Ähre", "Cherry", "banana", "Apple"]),
        ("-created_at", ["Apple", "banana", "Cherry", "Ähre", "banana"]),
    ],
)
async def test_pages_of_one_and_of_many_tell_the_same(world: World, sort: Sort, expected: list[str]) -> None:
    for name in ("banana", "Ähre", "Cherry", "banana", "Apple"):
        await world.register(name)
    for limit in (1, 2, 5, 50):
        assert await found(world, sort, limit) == expected


async def test_filters_narrow_the_list_together(world: World) -> None:
    await world.register("Apple")
    own = await world.register("apple pie", "bakery")
    suspended = await world.register("Big-APPLE", "bakery")
    pear = await world.register("Pear", "bakery")
    await world.decide(SuspendOrganization(suspended))
    world.fakes.having = {"ovens": {own, suspended}}
    world.fakes.on_template = {"bakery": {own: 2, pear: 2, suspended: 1}}
    for wanted, expected in (
        ({"q": "aPP"}, ["Apple", "apple pie", "Big-APPLE"]),
        ({"q": "pie app"}, ["apple pie"]),
        ({"q": "pple"}, []),
        ({"q": "%"}, []),
        ({"q": ""}, []),
        ({"q": pear.upper()}, ["Pear"]),
        ({"q": pear, "status": "suspended"}, []),
        ({"q": str(uuid4())}, []),
        ({"status": "suspended"}, ["Big-APPLE"]),
        ({"status": "active", "industry_code": "bakery"}, ["apple pie", "Pear"]),
        ({"q": "a", "industry_code": "bakery"}, ["apple pie", "Big-APPLE"]),
        ({"q": "a", "industry_code": "bakery", "status": "suspended"}, ["Big-APPLE"]),
        ({"industry_code": "smithy"}, []),
        ({"module_id": "ovens"}, ["apple pie", "Big-APPLE"]),
        ({"module_id": "tills"}, []),
        ({"module_id": "ovens", "status": "active"}, ["apple pie"]),
        ({"template_code": "bakery", "template_version": 2}, ["apple pie", "Pear"]),
        ({"template_code": "bakery"}, ["apple pie", "Big-APPLE", "Pear"]),
        ({"template_code": "bakery", "template_older_than": 2}, ["Big-APPLE"]),
        ({"template_code": "bakery", "template_older_than": 3}, ["apple pie", "Big-APPLE", "Pear"]),
        ({"template_code": "bakery", "template_older_than": 2, "template_version": 2}, []),
        ({"template_code": "bakery", "template_older_than": 1}, []),
        ({"module_id": "ovens", "template_code": "bakery", "template_version": 2}, ["apple pie"]),
        ({"q": pear, "module_id": "ovens"}, []),
    ):
        for sort in ("name", "created_at"):
            assert sorted(await found(world, sort, **wanted), key=str.lower) == sorted(expected, key=str.lower), wanted


async def test_names_that_begin_with_what_is_searched_come_first(world: World) -> None:
    for name in ("Old Dr Bee", "Dr Zeh", "Zum Dr", "dr Abel", "Adrian", "Bader, Dr"):
        await world.register(name)
    assert await found(world, q="DR") == ["dr Abel", "Dr Zeh", "Bader, Dr", "Old Dr Bee", "Zum Dr"]
    assert await found(world, "-name", 2, q="dr") == ["Dr Zeh", "dr Abel", "Zum Dr", "Old Dr Bee", "Bader, Dr"]
    assert await found(world, "created_at", 2, q="dr") == ["Old Dr Bee", "Dr Zeh", "Zum Dr", "dr Abel", "Bader, Dr"]


async def test_a_thing_that_many_have_is_asked_about_row_by_row(world: World) -> None:
    many = await add_many(world)
    one = await world.register("Only one")
    world.fakes.having = {"ovens": many | {one}, "tills": {min(many), one}}
    assert await found(world, limit=200, module_id="ovens", q="one") == ["Only one"]
    assert await found(world, limit=200, module_id="tills") == ["Many 1", "Only one"]
    assert len(await found(world, limit=200, module_id="ovens")) == len(many) + 1
    world.fakes.having["ovens"] = many
    assert "Only one" not in await found(world, limit=200, module_id="ovens")


async def test_a_total_is_told_when_it_is_asked_for(world: World) -> None:
    reader = await world.container.get(PostgresOrganizationList)
    for name in ("Apple", "Apple pie", "Pear"):
        await world.register(name)
    query = ListParams(OrganizationFilter(q="apple"), 1)
    assert (await reader.page(query)).total is None
    total = (await reader.page(query, with_total=True)).total
    assert total is not None
    assert (total.count, total.is_exact) == (2, True)


async def test_a_cursor_is_bound_to_every_filter_and_the_order(world: World) -> None:
    for name in ("Acme", "Acme"):
        await world.register(name)
    reader = await world.container.get(PostgresOrganizationList)
    query = ListParams(OrganizationFilter(), 1)
    cursor = (await reader.page(query)).next_cursor
    for limit, with_total in ((7, False), (1, True)):
        rest = msgspec.structs.replace(query, cursor=cursor, limit=limit)
        assert len((await reader.page(rest, with_total=with_total)).items) == 1
    bound = {
        "q": "acme",
        "status": "active",
        "industry_code": "bakery",
        "module_id": "ovens",
        "template_code": "bakery",
    }
    for name, value in bound.items():
        wanted = msgspec.structs.replace(query.filter, **{name: value})
        with pytest.raises(BadCursor):
            await reader.page(ListParams(wanted, 1, cursor))
    with pytest.raises(BadCursor):
        await reader.page(ListParams(OrganizationFilter(), 1, cursor, "-name"))
    assert {*bound, "template_version", "template_older_than"} == {*OrganizationFilter.__struct_fields__}
