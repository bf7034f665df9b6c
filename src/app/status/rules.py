"""How the system is: facts in, the document out. Pure."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from app.status.model import Facts, Part, State, SystemStatus
from app.status.queue_rules import consumers, dead_letters, operations, relay
from app.status.server_rules import cache, drift, kafka, postgres, redis, replicas

WORST_FIRST: Sequence[State] = ("down", "degraded", "unknown", "ok")
SILENT_SECONDS = 15.0


def told(facts: Facts) -> SystemStatus:
    """The whole document."""
    running = [one for one in facts.replicas or () if one.silent_seconds <= SILENT_SECONDS]
    status = SystemStatus(
        state="ok",
        words="",
        checked_at=facts.now,
        answered_by=facts.answered_by,
        postgres=postgres(facts),
        kafka=kafka(facts, running),
        redis=redis(facts, running),
        relay=relay(facts),
        consumers=consumers(facts),
        dead_letters=dead_letters(facts),
        operations=operations(facts, running),
        cache=cache(facts, running),
        replicas=replicas(facts, running),
        module_types=drift(facts),
    )
    parts = list(parts_of(status).values())
    worst = min((part.state for part in parts), key=WORST_FIRST.index)
    wrong = [part.words for part in parts if part.state in {"down", "degraded"}]
    words = " ".join(wrong) or ("All is well." if worst == "ok" else "Not everything could be found out.")
    return replace(status, state=worst, words=words)


def parts_of(status: SystemStatus) -> Mapping[str, Part]:
    """The parts in their order, by name."""
    return {name: part for name in status.__struct_fields__ if isinstance(part := getattr(status, name), Part)}
