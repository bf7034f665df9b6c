"""Pages of lists of any length, at a bounded price whatever is asked.

A list leads along an index that has its order, and tests its rows one by one; after `STEPS` rows a page ends, with as
many as were found. A condition with an index of its own that holds for `FEW` rows at most turns this round: those
are fetched, tested and sorted. So neither a rare nor a common word makes a page read all there is, and the
thousandth page costs what the first does.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from shared.ports import Database, Transaction

FEW = 5000
STEPS = 5000
STRIDE = 500

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# Neither an old statistic nor a plan made while the table was small shall lead to a scan or a sort of all rows.
PLANNING = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true), set_config('jit', 'off', true)
"""

Keep = Callable[[Transaction, Sequence[Any]], Awaitable[Sequence[Any]]]
"""Those of the rows that another context has as well, in the same order."""


class Bounds(Struct, frozen=True):
    """How many rows may be sorted, how many tested in a page, and how many at a time where other contexts test too."""

    few: int = FEW
    steps: int = STEPS
    stride: int = STRIDE


BOUNDS = Bounds()


class Where(Struct, frozen=True):
    """A condition on a row; `{0}`, `{1}` … are where its arguments go."""

    sql: str
    arguments: tuple[Any, ...] = ()


class Turn(Struct, frozen=True):
    """One way along an index: `along` is looked up in it, `tests` are put to each row."""

    along: Sequence[Where] = ()
    tests: Sequence[Where] = ()


class Question(Struct, frozen=True, kw_only=True):
    """Which rows of a table are wanted: turn after turn, each in the order of `key` and `id`.

    `columns` include what `key`, `id` and all conditions are made of. `narrow` are conditions that have an index of
    their own and follow from every turn; `few` is one that is known to hold for few rows.
    """

    table: str
    columns: str
    key: str
    id: str
    descending: bool = False
    turns: Sequence[Turn] = (Turn(),)
    narrow: Sequence[Where] = ()
    few: Where | None = None
    keep: Sequence[Keep] = ()


class Place(Struct, frozen=True, array_like=True):
    """Where a page ended. A moment as `key` is in microseconds; `common`: it is known that nothing narrows the list."""

    turn: int
    common: bool
    key: str | int
    id: str


class Page(Struct, frozen=True):
    """Rows, and the place after which the next page begins; None: no row is left."""

    rows: Sequence[Any]
    end: Place | None


class Total(Struct, frozen=True):
    """How many there are; where it is not exact, there are as many at least."""

    count: int
    is_exact: bool


class Stretch(Struct, frozen=True):
    """What some steps found: rows with their places. `end` is where they ended; None: the turn is over."""

    found: Sequence[tuple[Any, Place]]
    end: Place | None
    steps: int


class Arguments(list[Any]):
    """A statement's arguments, numbered as they come."""

    def put(self, where: Where) -> str:
        """The condition with its arguments' numbers."""
        start = len(self) + 1
        self.extend(where.arguments)
        return where.sql.format(*(f"${number}" for number in range(start, start + len(where.arguments))))

    def all_of(self, conditions: Sequence[Where]) -> str:
        """The conditions as one."""
        return " AND ".join(f"({self.put(where)})" for where in conditions) or "true"


@asynccontextmanager
async def looking_up(database: Database) -> AsyncIterator[Transaction]:
    """A snapshot in which everything is looked up by indexes, and no table is scanned."""
    async with database.snapshot() as transaction:
        await transaction.execute(PLANNING)
        yield transaction


class LongList:
    """A question put in one transaction, which is one of `looking_up`."""

    def __init__(self, transaction: Transaction, question: Question, bounds: Bounds = BOUNDS) -> None:
        self._transaction = transaction
        self._question = question
        self._bounds = bounds
        self._few: Where | None = None

    async def page(self, after: Place | None, limit: int) -> Page:
        """At most `limit` rows. There may be fewer, even none, and a next page all the same."""
        self._few = None if after is not None and after.common else await self._narrowest()
        found: list[tuple[Any, Place]] = []
        turn, place, steps = after.turn if after else 0, after, 0
        while turn < len(self._question.turns):
            stretch = await self._stretch(turn, place, limit + 1 - len(found), self._bounds.steps - steps)
            found.extend(stretch.found)
            steps += stretch.steps
            if len(found) > limit:
                return Page([row for row, _ in found[:limit]], found[limit - 1][1])
            if stretch.end is None:
                turn, place = turn + 1, None
            elif steps < self._bounds.steps:
                place = stretch.end
            else:
                return Page([row for row, _ in found], stretch.end)
        return Page([row for row, _ in found], None)

    async def total(self) -> Total:
        """Counts among the first `STEPS` rows, in whatever order."""
        self._few = await self._narrowest()
        count, steps = 0, 0
        for turn in self._question.turns:
            arguments = Arguments()
            prologue, source = self._source(arguments)
            wanted, along = arguments.all_of(turn.tests), arguments.all_of(turn.along)
            statement = f"SELECT {self._question.id}, ({wanted}) AS wanted FROM {source} WHERE {along}"
            rows = await self._transaction.fetch(
                f"{prologue}{statement} LIMIT {self._bounds.steps - steps}", *arguments
            )
            count += len(await self._kept(rows))
            steps += len(rows)
            if steps == self._bounds.steps:
                return Total(count, is_exact=False)
        return Total(count, is_exact=True)

    async def _narrowest(self) -> Where | None:
        if self._question.few is not None:
            return self._question.few
        for where in self._question.narrow:
            arguments = Arguments()
            some = f"SELECT FROM {self._question.table} WHERE {arguments.put(where)} LIMIT {self._bounds.few + 1}"
            if (
                await self._transaction.fetchval(f"SELECT count(*) FROM ({some}) AS few", *arguments)
                <= self._bounds.few
            ):
                return where
        return None

    async def _stretch(self, turn: int, after: Place | None, wanted: int, steps: int) -> Stretch:
        # Who else tests rows tests many at once; who need not stops as soon as there are enough.
        steps = max(min(steps, self._bounds.stride) if self._question.keep else steps, 1)
        most = steps if self._question.keep else wanted
        arguments = Arguments()
        rows = await self._transaction.fetch(self._statement(arguments, turn, after, steps, most), *arguments)
        is_common = self._few is None and bool(self._question.narrow)
        found = [(row, place_of(row, turn, is_common)) for row in await self._kept(rows)]
        is_over = len(rows) < most and (not rows or rows[-1]["step"] < steps)
        end = None if is_over else place_of(rows[-1], turn, is_common)
        return Stretch(found, end, rows[-1]["step"] if rows else 0)

    def _statement(self, arguments: Arguments, turn: int, after: Place | None, steps: int, most: int) -> str:
        """The wanted ones among the next rows, and the last of these rows in any case.

        Rows come in the order of the inner query, and no further are tested once there are enough.
        """
        asked, way = self._question, self._question.turns[turn]
        prologue, source = self._source(arguments)
        wanted, conditions = arguments.all_of(way.tests), [*way.along]
        direction, beyond = ("DESC", "<") if asked.descending else ("ASC", ">")
        if after is not None:
            place = Where(f"({asked.key}, {asked.id}) {beyond} ({{0}}, {{1}})", (key_of(after), after.id))
            conditions.append(place)
        order = f"ORDER BY {asked.key} {direction}, {asked.id} {direction}"
        return f"""{prologue}
SELECT * FROM (
  SELECT {asked.columns}, {asked.id}::text AS place_id, {asked.key} AS place_key, ({wanted}) AS wanted,
    row_number() OVER ({order}) AS step
  FROM {source} WHERE {arguments.all_of(conditions)} {order} LIMIT {steps}
) AS stretch WHERE wanted OR step = {steps} LIMIT {most}"""

    def _source(self, arguments: Arguments) -> tuple[str, str]:
        """Where rows come from: the table, or the few."""
        if self._few is None:
            return "", self._question.table
        few = f"SELECT {self._question.columns} FROM {self._question.table} WHERE {arguments.put(self._few)}"
        return f"WITH few AS MATERIALIZED ({few}) ", "few"

    async def _kept(self, rows: Sequence[Any]) -> Sequence[Any]:
        kept: Sequence[Any] = [row for row in rows if row["wanted"]]
        for keep in self._question.keep:
            kept = await keep(self._transaction, kept) if kept else kept
        return kept


def place_of(row: Any, turn: int, is_common: bool) -> Place:
    """Where a row is."""
    key = row["place_key"]
    return Place(turn, is_common, (key - EPOCH) // MICROSECOND if isinstance(key, datetime) else key, row["place_id"])


def key_of(place: Place) -> str | datetime:
    """The key as the database takes it."""
    return place.key if isinstance(place.key, str) else EPOCH + place.key * MICROSECOND
