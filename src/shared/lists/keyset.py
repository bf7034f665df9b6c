"""Pages of lists of any length, at a bounded cost whatever the filter.

A scan follows an index that has the list's order, and tests at most `STEPS` rows for a page. A condition with an
index of its own that holds for `FEW` rows at most reverses this: those rows are fetched, tested and sorted.

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

# Neither old statistics nor a plan made while the table was small may lead to a scan or a sort of all rows.
PLANNING = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true), set_config('jit', 'off', true)
"""

RowFilter = Callable[[Transaction, Sequence[Any]], Awaitable[Sequence[Any]]]
"""Returns the rows that pass a test of another context, in the same order."""


class Bounds(Struct, frozen=True):
    """How many rows may be sorted, how many tested for a page, and how many at a time where other contexts test too."""

    few: int = FEW
    steps: int = STEPS
    stride: int = STRIDE


BOUNDS = Bounds()


class Where(Struct, frozen=True):
    """A condition on a row; `{0}`, `{1}` … are where its arguments go."""

    sql: str
    arguments: tuple[Any, ...] = ()


class Segment(Struct, frozen=True):
    """A part of an index: `along` conditions delimit it, `tests` are applied to each of its rows."""

    along: Sequence[Where] = ()
    tests: Sequence[Where] = ()


class ScanSpec(Struct, frozen=True, kw_only=True):
    """The rows of a table: segment after segment, each in the order of `key` and `id`.

    `narrow` conditions have an index of their own and follow from every segment; `few` is known to hold for few rows.
    """

    table: str
    columns: str
    key: str
    id: str
    descending: bool = False
    segments: Sequence[Segment] = (Segment(),)
    narrow: Sequence[Where] = ()
    few: Where | None = None
    keep: Sequence[RowFilter] = ()


class Place(Struct, frozen=True, array_like=True):
    """Where a page ended. A time as `key` is in microseconds; `common`: no condition narrows the list to few rows."""

    segment: int
    common: bool
    key: str | int
    id: str


class RowPage(Struct, frozen=True):
    rows: Sequence[Any]
    end: Place | None


class Total(Struct, frozen=True):
    """How many there are; where it is not exact, there are as many at least."""

    count: int
    is_exact: bool


class Chunk(Struct, frozen=True):
    """Some tested rows: those that passed, and the last of all; None at the end of the segment."""

    passed: Sequence[tuple[Any, Place]]
    end: Place | None
    steps: int


class Arguments(list[Any]):
    def put(self, where: Where) -> str:
        """Add its arguments, and return the condition with their numbers."""
        start = len(self) + 1
        self.extend(where.arguments)
        return where.sql.format(*(f"${number}" for number in range(start, start + len(where.arguments))))

    def all_of(self, conditions: Sequence[Where]) -> str:
        return " AND ".join(f"({self.put(where)})" for where in conditions) or "true"


@asynccontextmanager
async def index_scans(database: Database) -> AsyncIterator[Transaction]:
    """Open a snapshot in which plans use indexes, and scan or sort no table."""
    async with database.snapshot() as transaction:
        await transaction.execute(PLANNING)
        yield transaction


class KeysetScan:
    def __init__(self, transaction: Transaction, spec: ScanSpec, bounds: Bounds = BOUNDS) -> None:
        self._transaction = transaction
        self._spec = spec
        self._bounds = bounds
        self._few: Where | None = None

    async def page(self, after: Place | None, limit: int) -> RowPage:
        """Return at most `limit` rows: fewer, even none, may come before the last page."""
        self._few = None if after is not None and after.common else await self._narrowest()
        passed: list[tuple[Any, Place]] = []
        segment, place, steps = after.segment if after else 0, after, 0
        while segment < len(self._spec.segments):
            chunk = await self._chunk(segment, place, limit + 1 - len(passed), self._bounds.steps - steps)
            passed.extend(chunk.passed)
            steps += chunk.steps
            if len(passed) > limit:
                return RowPage([row for row, _ in passed[:limit]], passed[limit - 1][1])
            if chunk.end is None:
                segment, place = segment + 1, None
            elif steps < self._bounds.steps:
                place = chunk.end
            else:
                return RowPage([row for row, _ in passed], chunk.end)
        return RowPage([row for row, _ in passed], None)

    async def total(self) -> Total:
        """Count the rows that pass among the first `STEPS`, in whatever order."""
        self._few = await self._narrowest()
        count, steps = 0, 0
        for segment in self._spec.segments:
            arguments = Arguments()
            prologue, source = self._source(arguments)
            wanted, along = arguments.all_of(segment.tests), arguments.all_of(segment.along)
            statement = f"SELECT {self._spec.id}, ({wanted}) AS wanted FROM {source} WHERE {along}"
            rows = await self._transaction.fetch(
                f"{prologue}{statement} LIMIT {self._bounds.steps - steps}", *arguments
            )
            count += len(await self._kept(rows))
            steps += len(rows)
            if steps == self._bounds.steps:
                return Total(count, is_exact=False)
        return Total(count, is_exact=True)

    async def _narrowest(self) -> Where | None:
        if self._spec.few is not None:
            return self._spec.few
        for where in self._spec.narrow:
            arguments = Arguments()
            some = f"SELECT FROM {self._spec.table} WHERE {arguments.put(where)} LIMIT {self._bounds.few + 1}"
            if (
                await self._transaction.fetchval(f"SELECT count(*) FROM ({some}) AS few", *arguments)
                <= self._bounds.few
            ):
                return where
        return None

    async def _chunk(self, segment: int, after: Place | None, wanted: int, steps: int) -> Chunk:
        # Other contexts test many rows at once; without them the scan stops as soon as there are enough.
        steps = max(min(steps, self._bounds.stride) if self._spec.keep else steps, 1)
        most = steps if self._spec.keep else wanted
        arguments = Arguments()
        rows = await self._transaction.fetch(self._statement(arguments, segment, after, steps, most), *arguments)
        is_common = self._few is None and bool(self._spec.narrow)
        passed = [(row, place_of(row, segment, is_common)) for row in await self._kept(rows)]
        is_over = len(rows) < most and (not rows or rows[-1]["step"] < steps)
        end = None if is_over else place_of(rows[-1], segment, is_common)
        return Chunk(passed, end, rows[-1]["step"] if rows else 0)

    def _statement(self, arguments: Arguments, segment: int, after: Place | None, steps: int, most: int) -> str:
        """Return the SQL of the next rows that pass, and of the last tested one in any case."""
        spec, part = self._spec, self._spec.segments[segment]
        prologue, source = self._source(arguments)
        wanted, conditions = arguments.all_of(part.tests), [*part.along]
        direction, comparison = ("DESC", "<") if spec.descending else ("ASC", ">")
        if after is not None:
            place = Where(f"({spec.key}, {spec.id}) {comparison} ({{0}}, {{1}})", (key_of(after), after.id))
            conditions.append(place)
        order = f"ORDER BY {spec.key} {direction}, {spec.id} {direction}"
        return f"""{prologue}
SELECT * FROM (
  SELECT {spec.columns}, {spec.id}::text AS place_id, {spec.key} AS place_key, ({wanted}) AS wanted,
    row_number() OVER ({order}) AS step
  FROM {source} WHERE {arguments.all_of(conditions)} {order} LIMIT {steps}
) AS chunk WHERE wanted OR step = {steps} LIMIT {most}"""

    def _source(self, arguments: Arguments) -> tuple[str, str]:
        if self._few is None:
            return "", self._spec.table
        few = f"SELECT {self._spec.columns} FROM {self._spec.table} WHERE {arguments.put(self._few)}"
        return f"WITH few AS MATERIALIZED ({few}) ", "few"

    async def _kept(self, rows: Sequence[Any]) -> Sequence[Any]:
        kept: Sequence[Any] = [row for row in rows if row["wanted"]]
        for keep in self._spec.keep:
            kept = await keep(self._transaction, kept) if kept else kept
        return kept


def place_of(row: Any, segment: int, is_common: bool) -> Place:
    key = row["place_key"]
    return Place(
        segment, is_common, (key - EPOCH) // MICROSECOND if isinstance(key, datetime) else key, row["place_id"]
    )


def key_of(place: Place) -> str | datetime:
    return place.key if isinstance(place.key, str) else EPOCH + place.key * MICROSECOND
