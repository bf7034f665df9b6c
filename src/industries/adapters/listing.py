"""The templates searched, filtered and in pages; the active ones as a whole are read through the cache."""

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from industries.adapters.reading import IndustryDetails, PostgresIndustryReader
from shared.lists.cursors import Cursors
from shared.lists.keyset import Keep, LongList, Place, Question, Total, Turn, Where, looking_up
from shared.lists.text_search import COLUMNS, SORT_KEY, beginnings_first, words_begin
from shared.ports import Database, Transaction

Sort = Literal["name", "-name", "updated_at", "-updated_at"]
IndustryStanding = Literal["active", "inactive"]

LIVING = Where("NOT is_deleted")
STANDING = {"active": Where("is_active"), "inactive": Where("NOT is_active")}


class IndustryList(Struct, frozen=True):
    """Templates in the order of their names, unless another is asked for. `total` is of all pages.

    `next_cursor` is null on the last page, and where nothing was asked for but all templates.
    """

    items: Sequence[IndustryDetails]
    next_cursor: str | None
    total: Total


class IndustryFilter(Struct, frozen=True):
    """Which templates: all that are given hold; active ones alone, unless it is said otherwise.

    `q`: each of its words begins a word of the name or the code. `applicable`: whether it can be applied as it is.
    """

    q: str | None = None
    status: IndustryStanding | None = None
    applicable: bool | None = None
    include_inactive: bool = False

    @property
    def shows_inactive(self) -> bool:
        """Whether inactive templates may be among them."""
        return self.include_inactive or self.status == "inactive"


class IndustryQuery(Struct, frozen=True):
    """A page of them; all, where neither a page, an order nor a filter is asked for."""

    limit: int | None = None
    cursor: str | None = None
    sort: Sort | None = None
    wanted: IndustryFilter = IndustryFilter()

    @property
    def is_for_all(self) -> bool:
        """Whether nothing is asked for but the whole list."""
        asked = (self.limit, self.cursor, self.sort, self.wanted.q, self.wanted.status, self.wanted.applicable)
        return all(each is None for each in asked)


class PostgresIndustryList:
    """Reads living templates page by page."""

    def __init__(self, database: Database, reader: PostgresIndustryReader, cursors: Cursors) -> None:
        self._database = database
        self._reader = reader
        self._cursors = cursors

    async def page(self, wanted: IndustryQuery, default_limit: int) -> IndustryList:
        """Raises `BadCursor`."""
        sort: Sort = wanted.sort or "name"
        cursors = await self._cursors.of("industries", sort, wanted.wanted)
        after = cursors.place(wanted.cursor, Place)
        async with looking_up(self._database) as transaction:
            found = LongList(transaction, question(wanted.wanted, sort, self._applicable(wanted.wanted)))
            page, total = await found.page(after, wanted.limit or default_limit), await found.total()
            codes = [row["industry_code"] for row in page.rows]
            described = await self._reader.described(transaction, codes) if codes else {}
        return IndustryList([described[code] for code in codes], cursors.following(page.end), total)

    def _applicable(self, wanted: IndustryFilter) -> Sequence[Keep]:
        async def keep(transaction: Transaction, rows: Sequence[Any]) -> Sequence[Any]:
            described = await self._reader.described(transaction, [row["industry_code"] for row in rows])
            return [row for row in rows if described[row["industry_code"]].applicable == wanted.applicable]

        return [] if wanted.applicable is None else [keep]


def everything(industries: Sequence[IndustryDetails]) -> IndustryList:
    """All of them as one page."""
    return IndustryList(industries, None, Total(len(industries), is_exact=True))


def question(wanted: IndustryFilter, sort: Sort, keep: Sequence[Keep]) -> Question:
    """By name, those whose name begins with `q` come first."""
    words = [words_begin(wanted.q)] if wanted.q is not None else []
    status = wanted.status or (None if wanted.include_inactive else "active")
    turn = Turn([LIVING], [*([STANDING[status]] if status else []), *words])
    descending, by_name = sort.startswith("-"), sort.endswith("name")
    return Question(
        table="industries.industry_templates",
        columns=f"industry_code, is_active, is_deleted, updated_at, {COLUMNS}",
        key=SORT_KEY if by_name else "updated_at",
        id="industry_code",
        descending=descending,
        turns=beginnings_first(turn, wanted.q, descending=descending) if wanted.q is not None and by_name else [turn],
        narrow=words,
        keep=keep,
    )
