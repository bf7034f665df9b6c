"""The registry searched and in pages; whole, it is the same list."""

from typing import Any

import msgspec
import pytest

from registry.adapters.lists import AvailableFilter, ModuleFilter, PostgresModuleList, Sort, whole_list
from registry.adapters.queries import PostgresModuleReader
from shared.lists.cursors import BadCursor
from shared.lists.lister import ListParams
from shared.postgres.database import PostgresDatabase
from shared.text.forms import search_text, sort_key
from tests.fakes import CURSORS

ADD = """
INSERT INTO registry.module_registry (module_id, module_name, description, category, service_name, api_endpoint,
  version, metadata, default_config, is_active, is_deleted, sequence, updated_at, search_text,
  sort_key)
VALUES ($1, $2, '', $3, $4, '/', '1', '{}', '{}', $5, $6, 1, now() + $7 * interval '1 s', $8, $9)
"""

MODULES = (
    ("crm", "Customers", "Sales", "sales", True, False),
    ("crm_leads", "Leads of customers", "Sales", "leads", True, False),
    ("field_service", "field Service", "Operations", "field", False, False),
    ("hr", "Ärzte & Personal", "People", "people", True, False),
    ("old_crm", "Customers of old", "Sales", "sales", True, True),
)


@pytest.fixture
async def modules(database: PostgresDatabase) -> PostgresModuleList:
    async with database.writing() as transaction:
        for number, module in enumerate(MODULES):
            forms = (search_text(module[1], module[0]), sort_key(module[1]))
            await transaction.execute(ADD, *module, number, *forms)
    return PostgresModuleList(database, CURSORS)


async def found(modules: PostgresModuleList, sort: Sort = "name", limit: int = 1, **wanted: Any) -> list[str]:
    query = ListParams(ModuleFilter(**wanted), limit, sort=sort)
    page = await modules.page(query)
    ids, total = [module.module_id for module in page.items], page.total
    while page.next_cursor is not None:
        page = await modules.page(msgspec.structs.replace(query, cursor=page.next_cursor))
        ids += [module.module_id for module in page.items]
    assert (total.count, total.is_exact) == (len(ids), True)
    return ids


async def test_existing_modules_are_found_by_what_is_asked(modules: PostgresModuleList) -> None:
    asked: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({}, ["hr", "crm", "field_service", "crm_leads"]),
        ({"q": "cust"}, ["crm", "crm_leads"]),
        ({"q": "leads"}, ["crm_leads"]),
        ({"q": "CRM"}, ["crm", "crm_leads"]),
        ({"q": "serv"}, ["field_service"]),
        ({"q": "field_s"}, ["field_service"]),
        ({"q": "ärz pers"}, ["hr"]),
        ({"q": "ustomers"}, []),
        ({"category": "Sales"}, ["crm", "crm_leads"]),
        ({"service_name": "people"}, ["hr"]),
        ({"status": "inactive"}, ["field_service"]),
        ({"status": "active", "category": "Sales", "q": "l"}, ["crm_leads"]),
    )
    for wanted, expected in asked:
        for limit in (1, 50):
            assert await found(modules, limit=limit, **wanted) == expected, wanted


async def test_every_order_can_be_turned_round(modules: PostgresModuleList) -> None:
    assert await found(modules, "-name") == ["crm_leads", "field_service", "crm", "hr"]
    assert await found(modules, "updated_at") == ["crm", "crm_leads", "field_service", "hr"]
    assert await found(modules, "-updated_at", 3) == ["hr", "field_service", "crm_leads", "crm"]


async def test_the_whole_list_is_all_pages_in_one(modules: PostgresModuleList, database: PostgresDatabase) -> None:
    whole = whole_list(await PostgresModuleReader(database).existing())
    assert whole == await modules.page(ListParams(ModuleFilter(), 200))
    assert (whole.next_cursor, whole.total.count) == (None, 4)


async def test_available_modules_are_the_active_ones_and_a_list_of_their_own(modules: PostgresModuleList) -> None:
    page = await modules.available(ListParams(AvailableFilter(), 2))
    assert [module.module_id for module in page.items] == ["hr", "crm"]
    assert page.total.count == 3
    with pytest.raises(BadCursor):
        await modules.page(ListParams(ModuleFilter(status="active"), 2, page.next_cursor))
    rest = await modules.available(ListParams(AvailableFilter(), 2, page.next_cursor))
    assert [module.module_id for module in rest.items] == ["crm_leads"]


async def test_a_cursor_is_bound_to_every_filter_and_the_order(modules: PostgresModuleList) -> None:
    cursor = (await modules.page(ListParams(ModuleFilter(), 1))).next_cursor
    for name in ModuleFilter.__struct_fields__:
        wanted = msgspec.structs.replace(ModuleFilter(), **{name: "active"})
        with pytest.raises(BadCursor):
            await modules.page(ListParams(wanted, 1, cursor))
    with pytest.raises(BadCursor):
        await modules.page(ListParams(ModuleFilter(), 1, cursor, "-name"))
