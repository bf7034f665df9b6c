"""Serves like `modplane serve`, but streams of events beat, and ask whether their caller may listen, all the time."""

from app.logs import configure_logs
from app.main import serve
from app.settings import Settings
from shared.eventlog.model import EventFilter
from shared.eventlog.postgres import PostgresEventLog
from shared.eventlog.sse import EventStream, Pace
from shared.eventlog.tail import EventTail

QUICK = Pace(heartbeat_seconds=0.5, check_seconds=0.5)

begin = EventStream.__init__


def begin_quick(stream: EventStream, log: PostgresEventLog, tail: EventTail, wanted: EventFilter, _: Pace) -> None:
    begin(stream, log, tail, wanted, QUICK)


if __name__ == "__main__":
    setattr(EventStream, "__init__", begin_quick)  # noqa: B010 - mypy knows better than to assign methods
    configure_logs()
    serve(Settings())
