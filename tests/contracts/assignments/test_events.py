from tests.contracts.events import EventsThatCame, consumed_but_not_published


def test_every_event_it_publishes_came_as_its_schema_says(came: EventsThatCame) -> None:
    assert came.missing("assignments") == []
    assert came.violations("assignments") == []


async def test_every_event_it_consumes_is_one_that_some_context_publishes() -> None:
    assert await consumed_but_not_published("assignments") == set()
