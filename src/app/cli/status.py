"""How the system is, at the terminal."""

from collections.abc import Iterator

from app.cli.container import container_of
from app.cli.output import EXIT_FAILED, Answer, Printer
from app.settings import Settings
from app.status.collect import SystemLook
from app.status.model import SystemStatus, counted
from app.status.rules import parts_of


async def tell_status(settings: Settings, say: Printer) -> Answer:
    """Says a line a part, and what still works beside it. Exit code 1 unless the database tells all it is asked."""
    async with container_of(settings) as container:
        status = await (await container.get(SystemLook)).status()
    for line in lines(status):
        say(line)
    return Answer(status, 0 if status.postgres.state == "ok" else EXIT_FAILED)


def lines(status: SystemStatus) -> Iterator[str]:
    """For people."""
    for name, part in parts_of(status).items():
        since = f" Since {part.since.isoformat(timespec='seconds')}." if part.since and part.state != "ok" else ""
        yield f"{name.replace('_', ' ')}: {part.state}. {part.words}{since}"
        if part.still_works:
            yield f"  Still works: {part.still_works}"
        if name == "consumers":
            for group in status.consumers.groups:
                topics = ", ".join(f"{each.topic} {each.lag}" for each in group.topics if each.lag)
                behind = f"{group.lag} behind ({topics})" if topics else "nothing behind"
                yield f"  {group.group}: {counted(group.members, 'member')}, {behind}"
        if name == "replicas":
            for one in status.replicas.items:
                yield f"  {one.name}: {one.state}, {one.role}, version {one.version}"
    yield f"{status.state}: {status.words}"
