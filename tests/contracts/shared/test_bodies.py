"""Whatever JSON is sent to whatever route, the answer is one of those that are documented."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from msgspec import json

from tests.contracts.http import Contract
from tests.support.api_client import Api, problem_of

EXAMPLES = 400
TEXT = some.text(max_size=12) | some.sampled_from(["", "a" * 600, "\u0000", "crm", "null", "\u202e", "\ufeff"])
SCALARS = some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = some.recursive(
    SCALARS, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXT, inner, max_size=4), max_leaves=10
)


class Route:
    """A writing route as it is documented, with an address that can be asked."""

    def __init__(self, method: str, path: str, operation: dict[str, Any], schema: dict[str, Any]) -> None:
        self.method, self.path, self.operation, self.schema = method, path, operation, schema

    def __repr__(self) -> str:
        return str(self.operation["operationId"])

    @property
    def documented(self) -> set[str]:
        return set(self.operation["responses"])

    def bodies(self) -> some.SearchStrategy[Any]:
        """Objects with the route's own fields, wrong and right, some missing and some added; and anything else."""
        fields = self.schema.get("properties", {})
        own = {name: VALUES | some.sampled_from(samples(each)) for name, each in fields.items()}
        return some.fixed_dictionaries({}, optional={**own, "unknown": VALUES}) | VALUES


def samples(field: dict[str, Any]) -> list[Any]:
    """A few values that may be right."""
    return [*field.get("examples", []), *field.get("enum", []), "field_service", {}, [], True, 1, str(uuid4())]


def writing_routes(contract: Contract) -> list[Route]:
    document = contract.story.admin.client.get(f"{contract.url}/schema/openapi.json").json()
    found = []
    for path, operations in document["paths"].items():
        address = path.replace("{organization_id}", contract.story.organization).replace("{module_id}", "field_service")
        address = address.replace("{industry_code}", "bakery")
        while "{" in address:
            address = address[: address.index("{")] + str(uuid4()) + address[address.index("}") + 1 :]
        for method, operation in operations.items():
            if method != "get":
                body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
                name = body.get("$ref", "").rpartition("/")[2]
                schema = document["components"]["schemas"].get(name, body)
                found.append(Route(method.upper(), address, operation, schema))
    return found


@pytest.fixture
def send(contract: Contract) -> Callable[[Route, bytes], None]:
    caller = Api(contract.url, contract.story.token())

    def send(route: Route, body: bytes) -> None:
        answer = caller.client.request(
            route.method, contract.url + route.path, content=body, headers={"Content-Type": "application/json"}
        )
        assert str(answer.status_code) in route.documented, (route, body, answer.text)
        assert answer.status_code < 500, (route, body, answer.text)
        if answer.status_code >= 400:
            problem_of(answer)

    return send


def test_any_body_is_answered_as_documented(contract: Contract, send: Callable[[Route, bytes], None]) -> None:
    routes = writing_routes(contract)
    assert len(routes) > 20

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(data=some.data(), route=some.sampled_from(routes))
    def sent(data: some.DataObject, route: Route) -> None:
        text = json.encode(data.draw(route.bodies()))
        cut = data.draw(some.sampled_from([b"", b"}", b"\xff", b","]) if data.draw(some.booleans()) else some.just(b""))
        send(route, text + cut)

    sent()
