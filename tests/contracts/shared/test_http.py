from pathlib import Path
from typing import Any

from tests.contracts.http import ENDLESS, Contract
from tests.journeys.test_routes import beginning
from tests.support.api_client import problem_of

OWN = ("shared", "app")
BAD_STREAMS = ("organization_id=null", "module_id=A", "type=", "since=noon", "last_event_id=x", "operation_id=1")
FOLDERS = Path(__file__).parents[1]


def test_the_routes_keep_to_the_document_whatever_is_asked(contract: Contract) -> None:
    assert contract.findings(*OWN) == []


def test_a_stream_without_end_refuses_as_documented_and_begins_as_documented(contract: Contract) -> None:
    caller = contract.story.admin.client
    (stream,) = [each for each in documented(contract) if each["operationId"] in ENDLESS]
    for query in BAD_STREAMS:
        answer = beginning(caller, f"/events/stream?{query}")
        assert (query, answer.status_code, bool(problem_of(answer))) == (query, 400, True)
    answer = beginning(caller, "/events/stream?last_event_id=0-0")
    assert (answer.status_code, list(stream["responses"]["200"]["content"])) == (200, ["text/event-stream"])
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert {"200", "400"} < stream["responses"].keys()


def test_every_route_belongs_to_the_test_of_one_context(contract: Contract) -> None:
    tested = {path.parent.name for path in FOLDERS.glob("*/test_http.py")}
    assert contract.contexts == tested | set(OWN)
    routes = [name for context in contract.contexts for name in contract.operations(context)]
    assert len(routes) == len(set(routes)) == len({operation["operationId"] for operation in documented(contract)})


def documented(contract: Contract) -> list[dict[str, Any]]:
    answer = contract.story.admin.client.get(f"{contract.url}/schema/openapi.json")
    return [operation for path in answer.json()["paths"].values() for operation in path.values()]
