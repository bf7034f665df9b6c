"""`modplane status`: the system's status in sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.cli.container import container_of
from app.cli.output import EXIT_FAILED, Answer, Printer
from app.settings import Settings
from app.status.collect import StatusCollector
from app.status.gauges import COUNTED
from app.status.model import SystemStatus

DATABASE_SILENT = "The database does not tell, so nobody knows."
NO_WRITES = "Reads. Writes and sign-ins are answered 503 until the database takes them again; {nothing_lost}."
NOTHING_LOST = "nothing that was acknowledged is lost"

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "postgres": {
        "answers": "PostgreSQL answers.",
        "incomplete": "PostgreSQL answers, but not all questions: it is too slow, or its schema is old "
        "(`modplane migrate`).",
        "disk_full": "PostgreSQL takes no writes: its disk is full.",
        "read_only": "PostgreSQL takes no writes: it is read-only.",
        "files_unwritable": "PostgreSQL takes no writes: its files cannot be written, its log says why.",
        "unreachable": "PostgreSQL does not answer.",
    },
    "kafka": {
        "answers": "Kafka answers.",
        "partly_unreachable": "{kafka.replicas_without} of {kafka.replicas} replicas cannot reach Kafka{events}.",
        "unreachable": "Kafka does not answer: writes are decided without it{events}.",
    },
    "redis": {
        "answers": "Redis answers.",
        "partly_unreachable": "{redis.replicas_without} of {redis.replicas} replicas go past Redis.",
        "unreachable": "Redis does not answer: reads come from PostgreSQL.",
    },
    "relay": {
        "publishing": "{relay.leader} takes events to Kafka: {queue}.",
        "late": "{relay.leader} takes events to Kafka: {queue}.",
        "no_leader": "Nobody takes events to Kafka: {queue}.",
        "unknown": DATABASE_SILENT,
    },
    "consumers": {
        "caught_up": "All caught up.",
        "behind": "{lag} behind.",
        "far_behind": "{lag} behind.",
        "group_without_members": "Nobody consumes {without_members}: {lag} behind.",
        "unknown": "Kafka does not answer, so nobody knows.",
    },
    "dead_letters": {
        "none_open": "No dead letter is open.",
        "open": "Dead letters to decide on: {letters}.",
        "keys_blocked": "Dead letters to decide on: {letters}.",
        "unknown": DATABASE_SILENT,
    },
    "operations": {
        "none_pending": "No operation waits for its decision.",
        "pending": "{pending} undecided, the oldest for {oldest_pending}.",
        "late": "{pending} undecided, the oldest for {oldest_pending}.",
        "unknown": DATABASE_SILENT,
    },
    "cache": {
        "measured": "On {running} since they started, {cache.hit_ratio:.1%} of {reads:,} reads were hits.",
        "not_read": "On {running} since they started, nothing was read through the cache.",
        "unknown": DATABASE_SILENT,
    },
    "replicas": {
        "running": "{running} running.",
        "some_silent": "{running} running; not heard of any more: {silent}.",
        "no_consumer": "{running} running; none of them consumes.",
        "unknown": DATABASE_SILENT,
    },
    "module_types": {
        "same": "The enum has every registered module and no others.",
        "different": "The enum lacks {unlisted} and has {unregistered} others.",
        "unknown": DATABASE_SILENT,
    },
}
STILL_WORKS: Mapping[str, Mapping[str, str]] = {
    "postgres": {
        "unreachable": "Cached reads are served. Writes, sign-ins and other reads are answered 503 until it is back; "
        f"{NOTHING_LOST}.",
        **dict.fromkeys(("disk_full", "read_only", "files_unwritable"), NO_WRITES.format(nothing_lost=NOTHING_LOST)),
    },
    "kafka": dict.fromkeys(
        ("partly_unreachable", "unreachable"),
        "Reads and writes. Replicas that cannot reach it decide commands themselves; events wait, and follow in order.",
    ),
    "redis": dict.fromkeys(
        ("partly_unreachable", "unreachable"),
        "Everything, more slowly: reads come from PostgreSQL. Requests are not limited by their rate.",
    ),
    "relay": dict.fromkeys(
        ("late", "no_leader"), "Reads and writes. Consumers of events see them later, and in order."
    ),
    "consumers": dict.fromkeys(
        ("far_behind", "group_without_members"),
        "Reads. Commands wait in Kafka and are answered 202 meanwhile; none is lost.",
    ),
    "dead_letters": {
        "open": "Everything else; what was set aside did not happen.",
        "keys_blocked": "Everything but the events of the blocked keys, which wait until their letters are retried or "
        "dropped.",
    },
    "operations": {
        "late": "Reads. The operations' addresses answer; their commands are decided as soon as somebody consumes."
    },
    "replicas": {"no_consumer": "Reads. Commands wait in Kafka until a worker runs."},
}


async def tell_status(settings: Settings, say: Printer) -> Answer:
    """Return exit code 1 unless the database answers every query and takes writes."""
    async with container_of(settings) as container:
        status = await (await container.get(StatusCollector)).status()
    for line in lines(status):
        say(line)
    return Answer(status, 0 if status.postgres.state == "ok" else EXIT_FAILED)


def lines(status: SystemStatus) -> Iterator[str]:
    sentences = sentences_of(status)
    for name, part in status.parts.items():
        since = f" Since {part.since.isoformat(timespec='seconds')}." if part.since and part.state != "ok" else ""
        yield f"{name.replace('_', ' ')}: {part.state}. {sentences[name]}{since}"
        if still_works := STILL_WORKS.get(name, {}).get(part.code):
            yield f"  Still works: {still_works}"
        if name == "consumers":
            for group in status.consumers.groups:
                topics = ", ".join(f"{each.topic} {each.lag}" for each in group.topics if each.lag)
                behind = f"{group.lag} behind ({topics})" if topics else "nothing behind"
                yield f"  {group.group}: {counted(group.members, 'member')}, {behind}"
        if name == "replicas":
            for one in status.replicas.items:
                yield f"  {one.name}: {one.state}, {one.role}, version {one.version}"
    wrong = [sentences[name] for name, part in status.parts.items() if part.state in {"down", "degraded"}]
    well = "All is well." if status.state == "ok" else "Not everything could be found out."
    yield f"{status.state}: {' '.join(wrong) or well}"


def sentences_of(status: SystemStatus) -> Mapping[str, str]:
    values = {**status.parts, **numbers_of(status)}
    return {name: SENTENCES[name][part.code].format(**values) for name, part in status.parts.items()}


def numbers_of(status: SystemStatus) -> Mapping[str, Any]:
    relay, cache, operations = status.relay, status.cache, status.operations
    events = counted(relay.waiting or 0, "event")
    open_letters = status.dead_letters.open
    kinds = {} if open_letters is None else {"command": open_letters.command, "event": open_letters.event}
    if open_letters is not None:
        kinds["unpublished event"] = open_letters.relay
    states = {one.name: one.state for one in status.replicas.items}
    return {
        "events": "" if relay.waiting is None else f", {events} waiting",
        "queue": f"{events} waiting, the oldest for {seconds(relay.oldest_seconds or 0)}"
        if relay.waiting
        else "no event waits",
        "lag": counted(status.consumers.lag or 0, "record"),
        "without_members": ", ".join(each.group for each in status.consumers.groups if not each.members),
        "letters": ", ".join(counted(number, kind) for kind, number in kinds.items() if number),
        "pending": counted(operations.pending or 0, "operation"),
        "oldest_pending": seconds(operations.oldest_pending_seconds or 0),
        "reads": sum(count or 0 for count in (cache.hits, cache.misses, cache.bypasses)),
        "running": counted(list(states.values()).count("running"), "replica"),
        "silent": ", ".join(name for name, state in states.items() if state == "silent"),
        "unlisted": counted(len(status.module_types.unlisted), "registered module"),
        "unregistered": len(status.module_types.unregistered),
    }


def counted(number: int, noun: str) -> str:
    """`1 event`, `2 events`, `100,000 events or more`."""
    words = f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
    return f"{words} or more" if number == COUNTED else words


def seconds(number: float) -> str:
    """`0.3 s`, `12 s`, `5 min`, `3 h`."""
    if number < 10:  # noqa: PLR2004 - below that tenths tell something
        return f"{number:.1f} s"
    for size, unit in ((3600, "h"), (60, "min")):
        if number >= 2 * size:
            return f"{number / size:.0f} {unit}"
    return f"{number:.0f} s"
