"""The templates searched and in pages; whole, it is the same list."""

from typing import Any

import msgspec
import pytest

from industries.adapters.lists import IndustryFilter, PostgresIndustryList, Sort, whole_list
from industries.adapters.queries import PostgresIndustryReader
from industries.commands import CreateIndustry, DeleteIndustry, UpdateIndustry
from industries.events import TemplateModule
from shared.lists.cursors import BadCursor
from shared.lists.lister import ListParams
from tests.industries.conftest import Decide, FakeRegistry

OVEN = TemplateModule("oven", is_required=True, default_config={})
TILL = TemplateModule("till", is_required=True, default_config={})


@pytest.fixture(autouse=True)
async def industries(decide_batch: Decide, registry: FakeRegistry) -> None:
    """Each changed in a batch, and so at a moment, of its own; what requires tills cannot be applied."""
    await decide_batch(CreateIndustry("bakery", "Bread & Cake", "", modules=[OVEN]))
    await decide_batch(CreateIndustry("cake_shops", "cake shops", "", modules=[TILL]))
    await decide_batch(CreateIndustry("smithy", "Äxte", "", modules=[]))
    await decide_batch(CreateIndustry("mint", "Mint", "", modules=[OVEN], is_active=False))
    await decide_batch(CreateIndustry("old_bakery", "Old bakery", ""))
    await decide_batch(DeleteIndustry("old_bakery"))
    await decide_batch(UpdateIndustry("bakery", description="Changed last."))
    registry.status["till"] = "inactive"


async def found(listed: PostgresIndustryList, sort: Sort = "name", limit: int = 1, **wanted: Any) -> list[str]:
    query = ListParams(IndustryFilter(**wanted), limit, sort=sort)
    page = await listed.page(query)
    codes, total = [industry.industry_code for industry in page.items], page.total
    while page.next_cursor is not None:
        page = await listed.page(msgspec.structs.replace(query, cursor=page.next_cursor))
        codes += [industry.industry_code for industry in page.items]
    assert (total.count, total.is_exact) == (len(codes), True)
    return codes


async def test_existing_templates_are_found_by_what_is_asked(listed: PostgresIndustryList) -> None:
    for wanted, expected in (
        ({}, ["smithy", "bakery", "cake_shops"]),
        ({"include_inactive": True}, ["smithy", "bakery", "cake_shops", "mint"]),
        ({"status": "inactive"}, ["mint"]),
        ({"status": "active", "include_inactive": True}, ["smithy", "bakery", "cake_shops"]),
        ({"q": "cake"}, ["cake_shops", "bakery"]),
        ({"q": "BAKERY"}, ["bakery"]),
        ({"q": "äx"}, ["smithy"]),
        ({"q": "min"}, []),
        ({"q": "min", "include_inactive": True}, ["mint"]),
        ({"applicable": True}, ["smithy", "bakery"]),
        ({"applicable": False}, ["cake_shops"]),
        ({"applicable": False, "include_inactive": True}, ["cake_shops", "mint"]),
        ({"applicable": True, "q": "cake"}, ["bakery"]),
    ):
        for limit in (1, 50):
            assert await found(listed, limit=limit, **wanted) == expected, wanted


async def test_every_order_can_be_turned_round(listed: PostgresIndustryList) -> None:
    assert await found(listed, "-name") == ["cake_shops", "bakery", "smithy"]
    assert await found(listed, "updated_at") == ["cake_shops", "smithy", "bakery"]
    assert await found(listed, "-updated_at", 2) == ["bakery", "smithy", "cake_shops"]


async def test_the_whole_list_is_all_pages_in_one(listed: PostgresIndustryList, reader: PostgresIndustryReader) -> None:
    assert whole_list(await reader.active()) == await listed.page(ListParams(IndustryFilter()))
    every = IndustryFilter(include_inactive=True)
    assert whole_list(await reader.existing()) == await listed.page(ListParams(every))


async def test_a_cursor_is_bound_to_every_filter_and_the_order(listed: PostgresIndustryList) -> None:
    cursor = (await listed.page(ListParams(IndustryFilter(), 1))).next_cursor
    values: dict[str, Any] = {"q": "cake", "status": "active", "applicable": True, "include_inactive": True}
    assert values.keys() == {*IndustryFilter.__struct_fields__}
    for name, value in values.items():
        wanted = msgspec.structs.replace(IndustryFilter(), **{name: value})
        with pytest.raises(BadCursor):
            await listed.page(ListParams(wanted, 1, cursor))
    with pytest.raises(BadCursor):
        await listed.page(ListParams(IndustryFilter(), 1, cursor, "-name"))
