from tests.contracts.events import EventsThatCame


def test_every_event_it_publishes_came_as_its_schema_says(came: EventsThatCame) -> None:
    assert came.missing("access") == []
    assert came.violations("access") == []
