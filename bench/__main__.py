"""`make bench`: a table of what the service does as shares of what its parts can do."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, cycle
from pathlib import Path
from statistics import median

import msgspec

from bench import ceilings
from bench.callers import Load, called, request
from bench.subject import Running, Subject, rate_of
from devstack import Given, Stack
from tests.support.command_records import TOPIC

CALLERS, FEW = 64, 4
FLOODS = {"idle": 10_000, "heads": 2_000, "bodies": 2_000, "trickles": 2_000, "streams": 2_000}
SHOWN = 1000
"""So many organizations are read: all of them lie in Redis."""


class Row(msgspec.Struct, frozen=True):
    """One line of the table. `goal`: the share that is wanted, where one is."""

    what: str
    figure: str
    ceiling: str
    share: float
    goal: float | None = None


def hot_reads(running: Running, ceiling: str, rounds: int, seconds: float) -> Row:
    """Measure cached reads of an organization's modules beside a route that answers a constant."""
    reads = [
        request("GET", f"/api/v1/organizations/{id_}/modules", running.admin.token or "")
        for id_ in running.subject.organizations[:SHOWN]
    ]
    constant, read = request("GET", "/constant"), partial(next, cycle(reads))
    filled = 0
    while filled < 2 * len(reads):
        filled += len(asyncio.run(called(running.url, read, CALLERS, seconds)).took)
    return side_by_side(
        f"GET of an organization's modules, {CALLERS} callers",
        "a constant",
        lambda: asyncio.run(called(running.url, read, CALLERS, seconds)),
        lambda: asyncio.run(called(ceiling, lambda: constant, CALLERS, seconds)),
        rounds,
        goal=0.40,
    )


def writes(running: Running, ceiling: str, callers: int, rounds: int, seconds: float, goal: float | None = None) -> Row:
    """Measure new assignments beside a route that does one upsert."""
    pairs = new_pairs(running)
    token = running.admin.token or ""

    def assign() -> bytes:
        organization, body = next(pairs)
        return request("POST", f"/api/v1/modules/assign/{organization}", token, body)

    def upsert() -> bytes:
        organization, body = next(pairs)
        return request("POST", f"/assign/{organization}", "", body)

    return side_by_side(
        f"POST of an assignment, {callers} caller{'s' if callers > 1 else ''}",
        "one upsert",
        lambda: asyncio.run(called(running.url, assign, callers, seconds)),
        lambda: asyncio.run(called(ceiling, upsert, callers, seconds)),
        rounds,
        goal=goal,
    )


def new_pairs(running: Running) -> Iterator[tuple[str, bytes]]:
    """Organizations with the body that assigns a module they do not have."""
    for _ in count():
        body = msgspec.json.encode({"module_id": running.admin.module()})
        for organization in running.subject.organizations:
            yield organization, body


def side_by_side(
    what: str, ceiling: str, row: Callable[[], Load], best: Callable[[], Load], rounds: int, *, goal: float | None
) -> Row:
    """Both in turn, so that whatever else the machine does concerns both; the median of the rounds' shares."""
    seen = [(best(), row()) for _ in range(rounds)]
    share = median(mine.rate / other.rate for other, mine in seen)
    other, mine = min(seen, key=lambda pair: abs(pair[1].rate / pair[0].rate - share))
    return Row(what, told(mine), f"{ceiling}: {told(other)}", share, goal)


def told(load: Load) -> str:
    """Describe a load."""
    return f"{load.rate:,.0f}/s, p50 {load.quantile(0.5):.1f} ms, p99 {load.quantile(0.99):.1f} ms"


def backlogs(subject: Subject) -> list[Row]:
    """Measure a backlog of single commands beside a bare consumer, and a bulk operation beside the backlog."""
    with subject.service() as running:
        drained, in_bulk = running.admin.module(), running.admin.module()
        subject.wait_for_quiet()
    total, endpoints = len(subject.organizations), subject.endpoints
    begin = asyncio.run(ceilings.ends(endpoints.kafka_bootstrap, TOPIC))
    subject.put_backlog(drained)
    bare = asyncio.run(ceilings.drain(endpoints.kafka_bootstrap, endpoints.postgres_url, begin, total))
    with subject.service() as running:
        drain = rate_of_drain(running, drained)
        subject.wait_for_quiet()
        before = running.memory()
        bulk = running.bulk({"type": "assign", "module_id": in_bulk})
        grown = running.memory() - before
    return [
        Row(f"backlog of {total:,} commands", f"{drain:,.0f}/s", f"a bare consumer: {bare:,.0f}/s", drain / bare, 0.45),
        Row(
            f"bulk operation over {total:,} organizations",
            f"{bulk:,.0f}/s, {grown:+.0f} MB",
            f"the backlog: {drain:,.0f}/s",
            bulk / drain,
            1.0,
        ),
    ]


def rate_of_drain(running: Running, module: str) -> float:
    """Commands a second that are decided of what lies on the topic."""
    return rate_of(lambda: running.subject.holders(module), len(running.subject.organizations))


def floods(running: Running, rounds: int, seconds: float) -> Iterator[Row]:
    """Measure latency while other clients hold connections, beside latency without them."""
    id_, token = running.subject.organizations[0], running.admin.token or ""
    read, pairs = request("GET", f"/api/v1/organizations/{id_}/modules", token), new_pairs(running)

    def assign() -> bytes:
        organization, body = next(pairs)
        return request("POST", f"/api/v1/modules/assign/{organization}", token, body)

    asked: dict[str, Callable[[], bytes]] = {"reads": lambda: read, "writes": assign}
    for kind, number in FLOODS.items():
        seen: dict[str, list[tuple[Load, Load]]] = {name: [] for name in asked}
        for _ in range(rounds):
            calm = {
                name: asyncio.run(called(running.url, following, FEW, seconds)) for name, following in asked.items()
            }
            with running.flooded(kind, number):
                for name, following in asked.items():
                    seen[name].append((calm[name], asyncio.run(called(running.url, following, FEW, seconds))))
        for name, pairs_seen in seen.items():
            share = median(calm.quantile(0.99) / flooded.quantile(0.99) for calm, flooded in pairs_seen)
            calm_one, flooded_one = pairs_seen[0]
            what = f"{name} of {FEW} callers beside {number:,} {kind}"
            yield Row(what, told(flooded_one), f"alone: {told(calm_one)}", share, 0.5)


def all_floods(subject: Subject, rounds: int, seconds: float) -> Iterator[Row]:
    """Floods alone."""
    with subject.service() as service:
        yield from floods(service.furnish(), rounds, seconds)


def measured(subject: Subject, rounds: int, seconds: float) -> Iterator[Row]:
    """All rows, in the order in which they are measured."""
    with subject.ceilings() as ceiling, subject.service() as service:
        running = service.furnish()
        yield hot_reads(running, ceiling, rounds, seconds)
        yield writes(running, ceiling, CALLERS, rounds, seconds, goal=0.50)
        yield writes(running, ceiling, 1, rounds, seconds)
        megabytes = running.memory() + subject.memory()
        yield Row("memory, stack and service", f"{megabytes:,.0f} MB", "1,000 MB", 1000 / megabytes, 1.0)
        subject.wait_for_quiet()
    yield from backlogs(subject)


def main() -> None:
    """Run all rows and print the table."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--organizations", type=int, default=20_000)
    parser.add_argument("--only", choices=["connections"], help="what connections that say nothing do to others")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modplane-bench-") as folder:
        directory = Path(folder).resolve()
        stack = Stack(directory / "data", Given())
        stack.start()
        try:
            sys.stdout.write("| what | figure | ceiling | share | goal |\n| --- | --- | --- | --- | --- |\n")
            rows = all_floods if wanted.only else measured
            for row in rows(Subject(stack, directory, wanted.organizations), wanted.rounds, wanted.seconds):
                goal = "" if row.goal is None else f"{row.goal:.2f}"
                line = f"| {row.what} | {row.figure} | {row.ceiling} | **{row.share:.2f}** | {goal} |"
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
        finally:
            stack.stop()


if __name__ == "__main__":
    main()
