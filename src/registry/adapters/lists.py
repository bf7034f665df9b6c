"""The list of modules: searched, filtered and in pages; as a whole it is read through the cache."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Struct

from registry.adapters.queries import COLUMNS, ModuleDetails, details
from shared.lists import text_search
from shared.lists.cursors import PageSearch
from shared.lists.keyset import Total, Where
from shared.lists.lister import Conditions, Lister, ListParams, Page, equal_to
from shared.lists.parameters import text_parameter
from shared.lists.text_search import SORT_KEY
from shared.ports import Transaction
from shared.text.forms import composed

Sort = Literal["name", "-name", "updated_at", "-updated_at"]

STATUS = {None: [], "active": [Where("is_active")], "inactive": [Where("NOT is_active")]}


class ModuleList(Page[ModuleDetails], frozen=True):
    """Modules in the order of their names, unless another is given. `total` is of all pages.

    `next_cursor` is null on the last page, and in a list of all modules.
    """

    total: Total


class AvailableFilter(Struct, frozen=True):
    q: PageSearch = None
    category: Annotated[str | None, text_parameter(100, "Those of this category.")] = None
    service_name: Annotated[str | None, text_parameter(200, "Those that this service provides.")] = None


class ModuleFilter(AvailableFilter, frozen=True):
    """`q`: each of its words begins a word of the name or the id."""

    status: Literal["active", "inactive"] | None = None


class PostgresModuleList(Lister[ModuleFilter, ModuleList]):
    name, table, id = "modules", "registry.module_registry", "module_id"
    columns = f"{COLUMNS}, is_deleted, {text_search.COLUMNS}"
    orders: ClassVar = {"name": SORT_KEY, "updated_at": "updated_at"}
    always_counts = True
    page_type = ModuleList

    async def conditions(self, transaction: Transaction, wanted: ModuleFilter) -> Conditions:
        # Names are kept composed, however they are typed.
        given = {"category": wanted.category, "service_name": wanted.service_name}
        equal = equal_to(**{name: composed(text) for name, text in given.items() if text is not None})
        return Conditions(wanted.q, within=[Where("NOT is_deleted")], tests=[*equal, *STATUS[wanted.status]])

    async def items(self, transaction: Transaction, rows: Sequence[Any]) -> Sequence[ModuleDetails]:
        return [details(row) for row in rows]

    async def available(self, params: ListParams[AvailableFilter]) -> ModuleList:
        wanted = params.filter
        active = ModuleFilter(wanted.q, wanted.category, wanted.service_name, "active")
        return await self.page(ListParams(active, params.limit, params.cursor, params.sort), name="available modules")


def whole_list(modules: Sequence[ModuleDetails]) -> ModuleList:
    return ModuleList(modules, None, Total(len(modules), is_exact=True))
