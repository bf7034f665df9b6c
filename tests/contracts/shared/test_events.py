from pathlib import Path

from app.apidocs.schemas import event_types
from tests.contracts.events import EventsThatCame, subscribers


def test_every_event_it_publishes_came_as_its_schema_says(came: EventsThatCame) -> None:
    assert came.missing("system") == []
    assert came.violations("system") == []


async def test_every_context_with_events_or_subscribers_has_such_a_test() -> None:
    contexts = {type_.context for type_ in event_types()} | set(await subscribers())
    tested = {path.parent.name for path in Path(__file__).parents[1].glob("*/test_events.py")}
    assert contexts == tested - {"shared"} | {"system"}
