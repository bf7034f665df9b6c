"""Lists that are searched, filtered and read in pages. A context states its table, its orders and its conditions."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from shared.lists.cursors import DEFAULT_LIMIT, Cursors
from shared.lists.keyset import KeysetScan, Place, RowFilter, ScanSpec, Segment, Where, index_scans
from shared.lists.text_search import SORT_KEY, beginnings_first, words_begin
from shared.ports import Database, Transaction
from shared.postgres.rows import read_row

Item = TypeVar("Item")
Filter = TypeVar("Filter")


class Page(Struct, Generic[Item], frozen=True):
    """Some items of a list. `next_cursor` is null on the last page, and there alone."""

    items: Sequence[Item]
    next_cursor: str | None


PageType = TypeVar("PageType", bound=Page[Any])


class ListParams(Struct, Generic[Filter], frozen=True):
    """Which page of a list. Without `limit` and `sort` the list's own ones apply."""

    filter: Filter
    limit: int | None = None
    cursor: str | None = None
    sort: str | None = None

    @property
    def is_for_all(self) -> bool:
        return self.limit is None and self.cursor is None and self.sort is None


class Conditions(Struct, frozen=True):
    """Which rows a list has. `within` holds for the whole index, `common` for nearly all rows, `few` for few."""

    q: str | None = None
    within: Sequence[Where] = ()
    indexed: Sequence[Where] = ()
    tests: Sequence[Where] = ()
    common: Sequence[Where] = ()
    few: Sequence[Where] = ()
    keep: Sequence[RowFilter] = ()


class Lister(Generic[Filter, PageType]):
    """A list at a bounded price. Cursors are bound to `name`, the filter and the order. `orders` names columns."""

    name: ClassVar[str]
    table: ClassVar[str]
    columns: ClassVar[str]
    id: ClassVar[str]
    orders: ClassVar[Mapping[str, str]]
    default_sort: ClassVar[str] = "name"
    always_counts: ClassVar[bool] = False
    item_type: ClassVar[type[Struct]]
    page_type: type[PageType]

    def __init__(self, database: Database, cursors: Cursors) -> None:
        self._database = database
        self._cursors = cursors

    async def conditions(self, transaction: Transaction, wanted: Filter) -> Conditions:
        raise NotImplementedError

    async def items(self, transaction: Transaction, rows: Sequence[Any]) -> Sequence[Any]:
        """Return the items of a page of rows, in their order: by default those of `item_type`."""
        return [read_row(self.item_type, row) for row in rows]

    async def page(self, params: ListParams[Filter], *, name: str | None = None, with_total: bool = False) -> PageType:
        """Return at most `limit` items, perhaps fewer before the last page. Raises `BadCursor`."""
        sort = params.sort or self.default_sort
        cursors = await self._cursors.of(name or self.name, sort, params.filter)
        after = cursors.place(params.cursor, Place)
        total: dict[str, Any] = {}
        async with index_scans(self._database) as transaction:
            rows = KeysetScan(transaction, self._query(await self.conditions(transaction, params.filter), sort))
            page = await rows.page(after, params.limit or DEFAULT_LIMIT)
            if "total" in self.page_type.__struct_fields__:
                total["total"] = await rows.total() if with_total or self.always_counts else None
            items = await self.items(transaction, page.rows)
        return self.page_type(items=items, next_cursor=cursors.following(page.end), **total)

    def _query(self, conditions: Conditions, sort: str) -> ScanSpec:
        """Return the scan. In the order of names, those that begin with `q` come first."""
        searched = [] if conditions.q is None else [words_begin(conditions.q)]
        first, others = conditions.indexed[:1], conditions.indexed[1:]
        tests = [*others, *conditions.tests, *conditions.common, *searched, *conditions.few[1:]]
        segment = Segment([*conditions.within, *first], tests)
        is_costly = bool(searched or others or conditions.tests or conditions.few[1:] or conditions.keep)
        key, descending = self.orders[sort.removeprefix("-")], sort.startswith("-")
        begins_with_q = conditions.q is not None and key == SORT_KEY
        return ScanSpec(
            table=self.table,
            columns=self.columns,
            key=key,
            id=self.id,
            descending=descending,
            segments=beginnings_first(segment, conditions.q or "", descending=descending)
            if begins_with_q
            else [segment],
            narrow=[*searched, *conditions.indexed] if is_costly else [],
            few=conditions.few[0] if conditions.few else None,
            keep=conditions.keep,
        )


def equal_to(**values: Any) -> list[Where]:
    """Return a condition for each column that must have a value; None: any value."""
    return [Where(f"{column} = {{0}}", (value,)) for column, value in values.items() if value is not None]
