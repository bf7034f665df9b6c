"""Pages of any spec lead through exactly the rows it asks for, in order, at a bounded price."""

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import msgspec
import pytest

from shared.lists.keyset import Bounds, KeysetScan, Place, ScanSpec, Segment, Where, index_scans
from shared.lists.text_search import SORT_KEY, beginnings_first, words_begin
from shared.lists.text_search import WORDS as INDEXED
from shared.ports import Transaction
from shared.postgres.database import PostgresDatabase
from shared.text.forms import search_text, sort_key
from tests.support.query_cost import MeasuredDatabase

MADE = f"""
CREATE TABLE public.things (id text COLLATE "C" PRIMARY KEY, name text NOT NULL, colour text, made_at timestamptz,
  search_text text NOT NULL DEFAULT '', sort_key text COLLATE "C" NOT NULL);
CREATE INDEX ON public.things (sort_key, id);
CREATE INDEX ON public.things (colour, sort_key, id);
CREATE INDEX ON public.things (made_at, id);
CREATE INDEX ON public.things USING gin ({INDEXED});
GRANT SELECT ON public.things TO modplane_service
"""
LISTED = "id, name, colour, made_at, search_text, sort_key"
THINGS = ScanSpec(table="public.things", columns=LISTED, key=SORT_KEY, id="id")
SMALL = Bounds(few=3, steps=7, stride=2)
WORDS = ("Acme", "bakery", "Zeta", "dr", "Öl", "7")
START = datetime(2026, 11, 23, tzinfo=UTC)


class Thing(msgspec.Struct, frozen=True):
    id: str
    name: str
    colour: str | None
    made_at: datetime


def dice_of(number: int) -> random.Random:
    return random.Random(number)  # noqa: S311 - to try many things, the same ones at every run


def made_up(number: int) -> list[Thing]:
    dice = dice_of(number)
    return [
        Thing(
            f"{place:04}",
            " ".join(dice.choices(WORDS, k=dice.randint(1, 3))),
            dice.choice((None, "red", "blue")),
            START + timedelta(microseconds=dice.randint(0, 9)),
        )
        for place in range(40)
    ]


@pytest.fixture(scope="module")
async def owner(scratch_url: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    connection = await asyncpg.connect(scratch_url)
    await connection.execute(MADE)
    yield connection
    await connection.execute("DROP TABLE public.things")
    await connection.close()


async def store(owner: "asyncpg.Connection[Any]", things: Sequence[Thing]) -> None:
    await owner.execute("TRUNCATE public.things")
    rows = [
        (thing.id, thing.name, thing.colour, thing.made_at, search_text(thing.name), sort_key(thing.name))
        for thing in things
    ]
    dice_of(len(rows)).shuffle(rows)  # nothing lies in the table as it is listed
    await owner.executemany("INSERT INTO public.things VALUES ($1, $2, $3, $4, $5, $6)", rows)


async def pages(database: PostgresDatabase, spec: ScanSpec, limit: int = 2, bounds: Bounds = SMALL) -> list[list[str]]:
    """The ids of each page. A cursor's place survives being told as JSON."""
    found, after = [], None
    while True:
        async with index_scans(database) as transaction:
            page = await KeysetScan(transaction, spec, bounds).page(after, limit)
        assert len(page.rows) <= limit
        found.append([row["id"] for row in page.rows])
        if page.end is None:
            return found
        after = msgspec.json.decode(msgspec.json.encode(page.end), type=Place)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


async def everything(database: PostgresDatabase, spec: ScanSpec, **options: Any) -> list[str]:
    return [id_ for page in await pages(database, spec, **options) for id_ in page]


def by_name(things: Sequence[Thing], *, descending: bool = False) -> list[str]:
    ordered = sorted(things, key=lambda thing: (sort_key(thing.name).encode(), thing.id), reverse=descending)
    return [thing.id for thing in ordered]


async def only_odd(_: Transaction, rows: Sequence[Any]) -> Sequence[Any]:
    assert len(rows) <= SMALL.stride or len(rows) <= SMALL.few
    return [row for row in rows if int(row["id"]) % 2]


@pytest.mark.parametrize("number", range(4))
async def test_pages_lead_through_what_is_asked_for_in_order(
    database: PostgresDatabase, owner: "asyncpg.Connection[Any]", number: int
) -> None:
    things, dice = made_up(number), dice_of(number)
    await store(owner, things)
    for _ in range(12):
        word, colour = dice.choice(WORDS)[:2].upper(), dice.choice(("red", "blue", "green"))
        searched, coloured = words_begin(word), Where("colour = {0}", (colour,))
        with_word = [t for t in things if any(part.lower().startswith(word.lower()) for part in t.name.split())]
        of_colour = [t for t in things if t.colour == colour]
        both = [t for t in with_word if t in of_colour]
        descending, odd, limit = dice.choice((True, False)), dice.choice((True, False)), dice.choice((1, 3, 50))
        for conditions, expected in (
            (Segment(), things),
            (Segment([coloured]), of_colour),
            (Segment([], [searched]), with_word),
            (Segment([coloured], [searched]), both),
            (Segment([], [coloured, searched]), both),
        ):
            narrow = [*conditions.along, *conditions.tests] if dice.choice((True, False)) else []
            spec = msgspec.structs.replace(
                THINGS, segments=[conditions], narrow=narrow, descending=descending, keep=[only_odd] if odd else []
            )
            wanted = [t for t in expected if int(t.id) % 2] if odd else expected
            found = await everything(database, spec, limit=limit)
            assert found == by_name(wanted, descending=descending), (conditions, narrow)


async def test_turns_follow_each_other(database: PostgresDatabase, owner: "asyncpg.Connection[Any]") -> None:
    things = made_up(1)
    await store(owner, things)
    segments = [Segment([Where("colour = {0}", (colour,))]) for colour in ("red", "blue", "green")]
    expected = [id_ for colour in ("red", "blue") for id_ in by_name([t for t in things if t.colour == colour])]
    for limit in (1, 3, 50):
        spec = msgspec.structs.replace(THINGS, segments=segments)
        assert await everything(database, spec, limit=limit) == expected


async def test_moments_are_an_order_too(database: PostgresDatabase, owner: "asyncpg.Connection[Any]") -> None:
    things = made_up(2)
    await store(owner, things)
    ordered = [thing.id for thing in sorted(things, key=lambda thing: (thing.made_at, thing.id))]
    spec = msgspec.structs.replace(THINGS, key="made_at")
    assert await everything(database, spec) == ordered
    assert await everything(database, msgspec.structs.replace(spec, descending=True)) == ordered[::-1]


async def test_a_page_that_has_looked_at_enough_ends_with_what_it_has(
    database: PostgresDatabase, owner: "asyncpg.Connection[Any]"
) -> None:
    await store(owner, [Thing(f"{n:04}", "Acme", "red" if n in {0, 20} else None, START) for n in range(24)])
    rare = msgspec.structs.replace(THINGS, segments=[Segment([], [Where("colour = {0}", ("red",))])])
    assert await pages(database, rare) == [["0000"], [], ["0020"], []]
    narrowed = msgspec.structs.replace(rare, narrow=rare.segments[0].tests)
    assert await pages(database, narrowed) == [["0000", "0020"]]


async def test_a_search_that_became_common_goes_on_where_it_was(
    database: PostgresDatabase, owner: "asyncpg.Connection[Any]"
) -> None:
    await store(owner, [Thing(f"{n:04}", f"{n:04} Acme", None, START) for n in range(3)])
    spec = msgspec.structs.replace(THINGS, segments=[Segment([], [words_begin("acme")])], narrow=[words_begin("acme")])
    async with index_scans(database) as transaction:
        first = await KeysetScan(transaction, spec, SMALL).page(None, 2)
    assert first.end is not None
    assert not first.end.common
    await store(owner, [Thing(f"{n:04}", f"{n:04} Acme", None, START) for n in range(9)])
    async with index_scans(database) as transaction:
        rest = await KeysetScan(transaction, spec, SMALL).page(first.end, 20)
    assert [row["id"] for row in (*first.rows, *rest.rows)] == [f"{n:04}" for n in range(9)]


async def test_a_total_is_exact_as_far_as_it_looks(
    database: PostgresDatabase, owner: "asyncpg.Connection[Any]"
) -> None:
    await store(owner, [Thing(f"{n:04}", "Acme" if n else "Rare", "red", START) for n in range(9)])
    red, rare = Where("colour = {0}", ("red",)), words_begin("rare")
    async with index_scans(database) as transaction:
        for spec, bounds, told in (
            (THINGS, Bounds(), (9, True)),
            (THINGS, SMALL, (7, False)),
            (msgspec.structs.replace(THINGS, segments=[Segment([red], [rare])], narrow=[rare]), SMALL, (1, True)),
            (msgspec.structs.replace(THINGS, keep=[only_odd], few=Where("id < {0}", ("0003",))), SMALL, (1, True)),
            (
                msgspec.structs.replace(THINGS, segments=[Segment([Where("id < '0003'")]), Segment([red])]),
                SMALL,
                (7, False),
            ),
        ):
            total = await KeysetScan(transaction, spec, bounds).total()
            assert (total.count, total.is_exact) == told


async def test_even_a_small_table_is_read_by_its_indexes(
    database: PostgresDatabase, owner: "asyncpg.Connection[Any]"
) -> None:
    await store(owner, made_up(3))
    await owner.execute("ANALYZE public.things")
    red, acme = Where("colour = {0}", ("red",)), words_begin("acme")
    measured = MeasuredDatabase(database)
    for spec in (
        THINGS,
        msgspec.structs.replace(THINGS, segments=[Segment([red])]),
        msgspec.structs.replace(THINGS, segments=[Segment([], [acme])], narrow=[acme]),
    ):
        async with index_scans(measured) as transaction:
            await KeysetScan(transaction, spec, Bounds(few=3)).page(Place(0, False, "b", "0007"), 2)
    kinds = {node["Node Type"] for plan in measured.plans for node in nodes(plan)}
    assert kinds >= {"Index Scan", "Bitmap Index Scan"}
    assert not kinds & {"Seq Scan", "Sort", "Incremental Sort"}


@pytest.mark.parametrize(
    ("name", "q", "is_found"),
    [
        ("Ährenbäcker", "ähren", True),
        ("ÉCOLE Supérieure", "école sup", True),
        ("O'Brien & Sons (Ltd.)", "brien ltd", True),
        ("O'Brien & Sons", "o'br", True),
        ("ООО «Ромашка»", "РОМАШКА", True),
        ("Acme\u00a0GmbH", "Acme GmbH", True),
        ("Acme GmbH", "acme\u00a0gmbh", True),
        ("O’Neil & Söhne", "O'Neil", True),
        ("O'Neil", "O\u02bcneil", True),
        ("Meier–Huber", "Huber", True),
        ("Meier-Huber", "meier\u2212huber", True),
        ("“Zebra” Ltd", "Zebra", True),
        ("straße", "STRASSE", True),
        ("STRASSE", "straße", True),
        ("Café", "cafe\u0301", True),
        ("Cafe\u0301", "CAFÉ", True),
        ("Cafe", "café", False),
        ("ΟΔΟΣ", "οδος", True),
        ("Ｆｕｌｌ width", "full", True),
        ("ﬁnance", "fin", True),
        ("東京　タワー", "タワー", True),
        ("「東京」タワー", "タワー", True),
        ("किताब घर", "किता", True),
        ("☕ Café", "☕", True),
        ("Zebra", "Zebra ®", True),
        ("a\\b", "b", True),
        ("x" * 400, "x" * 400, True),
        ("Shop 10", "shop 1", True),
        ("acme.com", "com", True),
        ("a/b testing", "b", True),
        ("field_service", "serv", True),
        ("Müller-Lüdenscheidt", "lüd", True),
        ("<Acme>", "acme", True),
        ("24/7 Fitness", "7 fit", True),
        ("東京 タワー", "タ", True),
        ("Acme", "cme", False),
        ("Acme", "acme bakery", False),
        ("Acme", "!%", False),
        ("Acme", "' | 'x", False),
        ("C:\\x {y} $1 {0}", "x y", True),
        ("one two three four five six seven eight", "one two three four five six seven eight nine", True),
    ],
)
async def test_words_are_found_by_how_they_begin(
    database: PostgresDatabase, owner: "asyncpg.Connection[Any]", name: str, q: str, is_found: bool
) -> None:
    await store(owner, [Thing("1", name, None, START)])
    searched = words_begin(q)
    for narrow in ([], [searched]):
        spec = msgspec.structs.replace(THINGS, segments=[Segment([], [searched])], narrow=narrow)
        assert bool(await everything(database, spec)) == is_found


async def test_rows_that_come_and_go_move_no_others(
    database: PostgresDatabase, owner: "asyncpg.Connection[Any]"
) -> None:
    things = [Thing(f"{n:04}", f"{n:04}", None, START) for n in range(0, 40, 2)]
    await store(owner, things)
    seen, after = list[str](), None
    for step in range(100):
        async with index_scans(database) as transaction:
            page = await KeysetScan(transaction, THINGS, SMALL).page(after, 3)
        seen += [row["id"] for row in page.rows]
        if (after := page.end) is None:
            break
        await owner.execute(
            "INSERT INTO public.things VALUES ($1, $2, NULL, NULL, '', $3), ($4, $5, NULL, NULL, '', $6)",
            *(f"x{step}", f"{step:04}x", sort_key(f"{step:04}x")),
            *(f"y{step}", f"{39 - step:04}y", sort_key(f"{39 - step:04}y")),
        )
        await owner.execute("DELETE FROM public.things WHERE id = ANY($1)", [f"x{step - 1}", f"y{step - 1}"])
        await owner.execute("UPDATE public.things SET sort_key = $2 WHERE id = $1", seen[-1], sort_key("0000"))
    assert [id_ for id_ in seen if id_.isdigit()] == [thing.id for thing in things]
    assert all(one != other for one, other in pairwise(sorted(seen)))


async def test_what_begins_with_a_search_comes_first_in_the_order_of_people(
    database: PostgresDatabase, owner: "asyncpg.Connection[Any]"
) -> None:
    names = (
        "Zum Shop 1",
        "Shop 10",
        "Shop 2 at 1",
        "Shop 9 - 100",
        "shop 1",
        "A shop 11",
        "Shop-1a",
        "Shop 2",
        "Shöp 1",
    )
    await store(owner, [Thing(f"{n:04}", name, None, START) for n, name in enumerate(names)])

    async def found(q: str, *, descending: bool = False, limit: int = 1) -> list[str]:
        searched = words_begin(q)
        segments = beginnings_first(Segment([], [searched]), q, descending=descending)
        spec = msgspec.structs.replace(THINGS, segments=segments, narrow=[searched], descending=descending)
        return [names[int(id_)] for id_ in await everything(database, spec, limit=limit)]

    beginning, rest = ["shop 1", "Shop-1a", "Shop 10"], ["A shop 11", "Shop 2 at 1", "Shop 9 - 100", "Zum Shop 1"]
    for limit in (1, 2, 50):
        assert await found("Shop 1", limit=limit) == [*beginning, *rest]
        assert await found("SHOP-1", descending=True, limit=limit) == [
            *("Shop 10", "Shop-1a", "shop 1"),
            *("Zum Shop 1", "Shop 9 - 100", "Shop 2 at 1", "A shop 11"),
        ]
        assert await found("shöp", limit=limit) == ["Shöp 1"]
        assert (await found("1", limit=limit))[:2] == ["A shop 11", "shop 1"]
