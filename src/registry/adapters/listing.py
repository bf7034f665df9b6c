"""The registry searched, filtered and in pages; as a whole it is read through the cache."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from registry.adapters.postgres import COLUMNS, ModuleDetails, details
from shared.lists import text_search as words
from shared.lists.cursors import Cursors
from shared.lists.keyset import LongList, Place, Question, Total, Turn, Where, looking_up
from shared.lists.text_search import SORT_KEY, beginnings_first, words_begin
from shared.ports import Database

Sort = Literal["name", "-name", "updated_at", "-updated_at"]
ModuleStanding = Literal["active", "inactive"]

LIVING = Where("NOT is_deleted")
STANDING = {"active": Where("is_active"), "inactive": Where("NOT is_active")}


class ModuleList(Struct, frozen=True):
    """Modules in the order of their names, unless another is asked for. `total` is of all pages.

    `next_cursor` is null on the last page, and where nothing was asked for but all modules.
    """

    items: Sequence[ModuleDetails]
    next_cursor: str | None
    total: Total


class ModuleFilter(Struct, frozen=True):
    """Which modules: all that are given hold. `q`: each of its words begins a word of the name or the id."""

    q: str | None = None
    category: str | None = None
    service_name: str | None = None
    status: ModuleStanding | None = None


class ModuleQuery(Struct, frozen=True):
    """A page of them."""

    limit: int
    cursor: str | None = None
    sort: Sort = "name"
    wanted: ModuleFilter = ModuleFilter()


class PostgresModuleList:
    """Reads living modules page by page."""

    def __init__(self, database: Database, cursors: Cursors) -> None:
        self._database = database
        self._cursors = cursors

    async def page(self, wanted: ModuleQuery, name: str = "modules") -> ModuleList:
        """`name` tells cursors of different lists apart. Raises `BadCursor`."""
        cursors = await self._cursors.of(name, wanted.sort, wanted.wanted)
        after = cursors.place(wanted.cursor, Place)
        async with looking_up(self._database) as transaction:
            found = LongList(transaction, question(wanted.wanted, wanted.sort))
            page, total = await found.page(after, wanted.limit), await found.total()
        return ModuleList([details(row) for row in page.rows], cursors.following(page.end), total)

    async def available(self, wanted: ModuleQuery) -> ModuleList:
        """The same of active modules alone."""
        active = msgspec.structs.replace(wanted.wanted, status="active")
        return await self.page(msgspec.structs.replace(wanted, wanted=active), "available modules")


def everything(modules: Sequence[ModuleDetails]) -> ModuleList:
    """All of them as one page."""
    return ModuleList(modules, None, Total(len(modules), is_exact=True))


def question(wanted: ModuleFilter, sort: Sort) -> Question:
    """By name, those whose name begins with `q` come first."""
    searched = [words_begin(wanted.q)] if wanted.q is not None else []
    equal = {"category": wanted.category, "service_name": wanted.service_name}
    tests = [Where(f"{column} = {{0}}", (value,)) for column, value in equal.items() if value is not None]
    tests += [STANDING[wanted.status]] if wanted.status else []
    turn, descending, by_name = Turn([LIVING], [*tests, *searched]), sort.startswith("-"), sort.endswith("name")
    return Question(
        table="registry.module_registry",
        columns=f"{COLUMNS}, is_deleted, {words.COLUMNS}",
        key=SORT_KEY if by_name else "updated_at",
        id="module_id",
        descending=descending,
        turns=beginnings_first(turn, wanted.q, descending=descending) if wanted.q is not None and by_name else [turn],
        narrow=searched,
    )
