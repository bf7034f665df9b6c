"""Lists of templates: searched and in pages, and those that contain a module."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Struct
from msgspec.structs import replace

from industries.adapters.postgres import CONFIG
from industries.adapters.queries import PostgresIndustryReader
from industries.ports import ModuleCatalog
from industries.views import IndustryDetails, ModuleIndustry, ModuleIndustryPage
from shared.lists import text_search
from shared.lists.cursors import Cursors, PageSearch
from shared.lists.keyset import RowFilter, Total, Where
from shared.lists.lister import Conditions, Lister, Page
from shared.lists.parameters import value_parameter
from shared.lists.text_search import SORT_KEY
from shared.ports import Database, Transaction
from shared.postgres.rows import read_row

CONTAINING = """
FROM industries.industry_module_templates m
JOIN industries.industry_templates t ON t.id = m.template_id AND t.version = m.version
WHERE m.module_id = $1 AND NOT t.is_deleted
"""

COUNT = f"SELECT count(*), count(*) FILTER (WHERE m.is_required) {CONTAINING}"

MEMBERSHIPS = f"""
SELECT t.industry_code, t.industry_name, t.is_active, t.version, m.is_required, m.default_config {CONTAINING}
  AND (NOT m.is_required, t.industry_code COLLATE "C") > ($2, $3)
ORDER BY NOT m.is_required, t.industry_code COLLATE "C" LIMIT $4
"""

Sort = Literal["name", "-name", "updated_at", "-updated_at"]
APPLICABLE = value_parameter("Those that can be applied as they are; `false`: those that cannot.")
STATUS = {None: [], "active": [Where("is_active")], "inactive": [Where("NOT is_active")]}


class IndustryList(Page[IndustryDetails], frozen=True):
    """Templates in the order of their names, unless another is given. `total` is of all pages.

    `next_cursor` is null on the last page, and in a list of all templates.
    """

    total: Total


class IndustryFilter(Struct, frozen=True):
    """Conditions; only active templates by default. `q`: each of its words begins a word of the name or the code."""

    q: PageSearch = None
    status: Literal["active", "inactive"] | None = None
    applicable: Annotated[bool | None, APPLICABLE] = None
    include_inactive: bool = False

    @property
    def shows_inactive(self) -> bool:
        return self.include_inactive or self.status == "inactive"

    @property
    def is_for_all(self) -> bool:
        return replace(self, include_inactive=False) == IndustryFilter()


class PostgresIndustryList(Lister[IndustryFilter, IndustryList]):
    name, table, id = "industries", "industries.industry_templates", "industry_code"
    columns = f"industry_code, is_active, is_deleted, updated_at, {text_search.COLUMNS}"
    orders: ClassVar = {"name": SORT_KEY, "updated_at": "updated_at"}
    always_counts = True
    page_type = IndustryList

    def __init__(self, database: Database, cursors: Cursors, reader: PostgresIndustryReader) -> None:
        super().__init__(database, cursors)
        self._reader = reader

    async def conditions(self, transaction: Transaction, wanted: IndustryFilter) -> Conditions:
        status = wanted.status or (None if wanted.include_inactive else "active")
        keep = [] if wanted.applicable is None else [self._applicable(is_so=wanted.applicable)]
        return Conditions(wanted.q, within=[Where("NOT is_deleted")], tests=STATUS[status], keep=keep)

    async def items(self, transaction: Transaction, rows: Sequence[Any]) -> Sequence[IndustryDetails]:
        codes = [row["industry_code"] for row in rows]
        described = await self._reader.described(transaction, codes) if codes else {}
        return [described[code] for code in codes]

    def _applicable(self, *, is_so: bool) -> RowFilter:
        async def keep(transaction: Transaction, rows: Sequence[Any]) -> Sequence[Any]:
            described = await self._reader.described(transaction, [row["industry_code"] for row in rows])
            return [row for row in rows if described[row["industry_code"]].applicable == is_so]

        return keep


class PostgresModuleMemberships:
    def __init__(self, database: Database, modules: ModuleCatalog, cursors: Cursors) -> None:
        self._database = database
        self._modules = modules
        self._cursors = cursors

    async def page(self, module_id: str, limit: int, cursor: str | None) -> ModuleIndustryPage | None:
        """Return at most `limit`; None when there is no such module. Raise `BadCursor`."""
        cursors = await self._cursors.of("industries of a module", module_id)
        is_optional, code = cursors.place(cursor, tuple[bool, str]) or (False, "")
        async with self._database.snapshot() as transaction:
            summary = (await self._modules.summaries(transaction, [module_id])).get(module_id)
            if summary is None or summary.status == "deleted":
                return None
            count, required = await transaction.fetchrow(COUNT, module_id)
            rows = await transaction.fetch(MEMBERSHIPS, module_id, is_optional, code, limit + 1)
        items = [read_row(ModuleIndustry, row, default_config=CONFIG.decode(row["default_config"])) for row in rows]
        following = cursors.beyond(items, limit, lambda last: (not last.is_required, last.industry_code))
        return ModuleIndustryPage(items[:limit], count, required, following)


def whole_list(industries: Sequence[IndustryDetails]) -> IndustryList:
    return IndustryList(industries, None, Total(len(industries), is_exact=True))
