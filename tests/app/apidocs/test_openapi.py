import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import jsonschema_rs
import pytest
from dishka import FromDishka
from dishka.integrations.litestar import DishkaRouter
from litestar import Controller, Litestar, Response, get, post
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Struct

from app.apidocs.examples import BY_NAME, ExampleMissing
from app.apidocs.openapi import described_routes, openapi_document
from app.apidocs.operations import routes_of
from app.apidocs.problems import catalogue, refusals
from app.apidocs.schemas import message_schemas
from shared.commands.http import CommandSender
from shared.http.authentication import super_admin
from shared.http.bodies import AnyRequest
from shared.http.command_route import CommandOperation, TakesCommand
from shared.http.problems import PROBLEM_JSON, STATUS
from shared.http.responses import documented

TAKEN_BY_COMMANDS = {"Idempotency-Key", "If-Match", "Prefer", "Modplane-Reason", "dry_run", "preview", "reason"}
VERBS = re.compile(
    r"(Activate|Apply|Assign|Cancel|Create|Deactivate|Delete|Drop|Export|Get|List|Reactivate|Refresh|Register|Restore"
    r"|Retry|Revoke|Search|Sign in|Sign out|Sign up|Start|Stream|Suspend|Unassign|Update)\b"
)
RATES = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document()


class Operation(NamedTuple):
    path: str
    method: str
    told: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.told["operationId"])


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield Operation(path, method, told)


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part
    while "$ref" in found:
        at: Any = document
        for name in found["$ref"].removeprefix("#/").split("/"):
            at = at[name]
        found = at
    return found


def parameters_of(document: dict[str, Any], told: dict[str, Any]) -> list[dict[str, Any]]:
    return [resolved(document, parameter) for parameter in told.get("parameters", ())]


def shown(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Every example of the document with its schema and where it is."""
    for operation in operations(document):
        answers = {status: resolved(document, told) for status, told in operation.told["responses"].items()}
        for place, told in {**answers, "request": operation.told.get("requestBody", {})}.items():
            for media in told.get("content", {}).values():
                for name, example in media["examples"].items():
                    yield f"{operation.id} {place} {name}", media["schema"], example["value"]
        for parameter in parameters_of(document, operation.told):
            if parameter["in"] == "path":
                yield f"{operation.id} {parameter['name']}", parameter["schema"], parameter["example"]
    for name, header in document["components"]["headers"].items():
        yield name, header["schema"], header["example"]


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    wrong = {}
    for place, schema, example in shown(document):
        whole = {**schema, "components": document["components"]}
        for error in jsonschema_rs.iter_errors(whole, example, validate_formats=True):
            wrong[place] = str(error.message)
    assert wrong == {}


def test_every_body_and_every_answer_with_one_has_an_example(document: dict[str, Any]) -> None:
    places = {place for place, _, _ in shown(document)}
    assert {"registerModule request usual", "registerModule 201 usual", "getModule 404 module_not_found"} <= places
    for operation in operations(document):
        for status, told in operation.told["responses"].items():
            content = resolved(document, told).get("content", {})
            assert bool(content) == (status != "304"), (operation.id, status)


def test_what_need_not_be_given_has_no_example_that_tools_would_send(document: dict[str, Any]) -> None:
    for operation in operations(document):
        for parameter in parameters_of(document, operation.told):
            assert ("example" in parameter) == (parameter["in"] == "path"), (operation.id, parameter["name"])


def test_every_operation_is_described_and_so_is_its_tag(document: dict[str, Any]) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert all(len(description) > 10 for description in tags.values())
    for operation in operations(document):
        assert {*operation.told["tags"]} <= tags.keys()
        assert min(len(operation.told[name]) for name in ("summary", "description")) > 10, operation.id
        assert all(each["description"] for each in parameters_of(document, operation.told)), operation.id


def test_every_summary_begins_with_a_verb_of_the_field_and_is_one_short_line(document: dict[str, Any]) -> None:
    summaries = {operation.id: str(operation.told["summary"]) for operation in operations(document)}
    assert {name: text for name, text in summaries.items() if not VERBS.match(text)} == {}
    assert {name: text for name, text in summaries.items() if len(text) > 80 or text.endswith(".")} == {}
    assert len(set(summaries.values())) == len(summaries)


def test_every_refusal_is_in_the_catalogue_and_given_by_some_operation(document: dict[str, Any]) -> None:
    listed = {each["type"]: each["status"] for each in document["x-problem-types"]}
    known = {f"urn:modplane:problem:{code}" for _, _, code, _ in refusals()}
    assert len(known) > 50
    assert known <= listed.keys()
    given = {
        example["value"]["type"]
        for response in document["components"]["responses"].values()
        for example in response["content"][PROBLEM_JSON]["examples"].values()
    }
    assert listed.keys() - given == {"urn:modplane:problem:method_not_allowed"}


def test_a_problem_is_documented_with_the_status_it_has_and_in_the_contexts_that_refuse_so() -> None:
    statuses = {(each.code, each.status): each.contexts for each in catalogue()}
    assert statuses["organization_suspended", 403] == ("access",)
    assert statuses["organization_suspended", 409] == ("assignments", "organizations")
    assert statuses["unknown_modules", 422] == ("assignments", "industries")
    assert ("idempotency_key_reused", 422) in statuses


def test_a_refusal_that_a_route_declares_is_among_its_answers(document: dict[str, Any]) -> None:
    answers = {operation.id: operation.told["responses"] for operation in operations(document)}
    for route in routes_of(described_routes()):
        for error in route.refusals.errors:
            answer = resolved(document, answers[route.id][str(STATUS[error.kind])])
            assert error("").code in answer["content"][PROBLEM_JSON]["examples"], (route.id, error)


def test_refusals_are_problems_and_nothing_else(document: dict[str, Any]) -> None:
    for operation in operations(document):
        for status, told in operation.told["responses"].items():
            answer = resolved(document, told)
            is_health = operation.id == "getReadiness"
            problem = PROBLEM_JSON in answer.get("content", {})
            assert problem == (int(status) >= 400 and not is_health), (operation.id, status)


def test_what_may_be_asked_is_told_from_what_is_always_sent(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert set(schemas["AssignmentResult"]["required"]) == schemas["AssignmentResult"]["properties"].keys()
    assert "errors" not in schemas["Problem"]["required"]
    assert schemas["ModuleToRegister"]["additionalProperties"] is False
    assert set(schemas["ModuleToRegister"]["required"]) < schemas["ModuleToRegister"]["properties"].keys()
    assert schemas["ModuleDetails"]["properties"]["created_at"] == {"type": "string", "format": "date-time"}
    assert [name for name in schemas if not name.isalnum()] == []


def test_what_is_created_leads_to_where_it_is_read_and_changed(document: dict[str, Any]) -> None:
    created = document["paths"]["/api/v1/module-registry"]["post"]["responses"]["201"]["links"]
    assert {"getModule", "updateModule", "deleteModule"} <= created.keys()
    assert created["getModule"]["parameters"] == {"module_id": "$response.body#/module_id"}
    signed_up = document["paths"]["/api/v1/organizations/signup"]["post"]["responses"]
    assert signed_up["201"]["links"]["getOrganization"]["parameters"] == {
        "organization_id": "$response.body#/organization/id"
    }
    assert "getOperation" in signed_up["202"]["links"]


def test_no_example_is_told_of_what_is_not_there(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    schemas = schemas | {name: told for file in message_schemas().values() for name, told in file["$defs"].items()}
    fields = {name for schema in schemas.values() for name in schema.get("properties", {})}
    fields |= {"event_id", "stream"}
    fields |= {told["name"] for each in operations(document) for told in parameters_of(document, each.told)}
    assert BY_NAME.keys() - fields == set()


class Bread(Struct, frozen=True, forbid_unknown_fields=True):
    """A loaf."""

    module_name: str
    weight: int


class NewController(Controller):
    """What somebody adds tomorrow."""

    path = "/bread/{module_id:str}"
    tags = ("bread",)
    guards = (super_admin,)

    @post(
        operation_id="bake", operation_class=CommandOperation, summary="Bake a loaf", responses=documented(Bread, 201)
    )
    async def bake(self, data: JSONBody[Bread], sender: FromDishka[CommandSender]) -> Response[bytes]:
        """Takes an hour."""
        raise NotImplementedError

    @get(operation_id="getBread", summary="Get a loaf", responses=documented(Bread))
    async def bread(self, request: AnyRequest, module_id: FromPath[str]) -> ASGIResponse:
        raise NotImplementedError


def test_who_sends_commands_is_marked_as_such() -> None:
    for route in routes_of(described_routes()):
        given = injected_into(written(route.handler.fn))
        sends = any(CommandSender in {each, *built_from(each)} for each in given)
        assert (route.path, sends) == (route.path, route.is_marked(TakesCommand))
        # A route that answers in a form of its own documents the undecided command itself.
        as_command = CommandSender in given and HTTPStatus.ACCEPTED not in route.answers
        assert (route.path, as_command) == (route.path, route.is_marked(CommandOperation))


def test_a_route_that_answers_as_a_command_names_the_command_it_sends() -> None:
    for route in routes_of(described_routes()):
        operation = route.handler.operation_class
        if issubclass(operation, CommandOperation):
            assert operation.command is not None, route.id
            assert operation.command.__module__ == f"{route.context}.commands"


def written(function: Any) -> Any:
    """The function as it was written, without those that inject into it."""
    while hasattr(function, "__dishka_orig_func__"):
        function = function.__dishka_orig_func__
    return function


def injected_into(function: Any) -> list[Any]:
    hints = get_type_hints(function, include_extras=True).values()
    return [get_args(each)[0] for each in hints if get_origin(each) is Annotated and is_injected(each)]


def is_injected(hint: Any) -> bool:
    return type(get_args(hint)[1]).__name__ == "_FromComponent"


def built_from(class_: type) -> list[Any]:
    return list(get_type_hints(vars(class_)["__init__"]).values()) if "__init__" in vars(class_) else []


def described(controller: type[Controller]) -> dict[str, Any]:
    config = OpenAPIConfig(title="Bakery", version="1", create_examples=False)
    return openapi_document(Litestar([DishkaRouter("/", route_handlers=[controller])], openapi_config=config))


def test_a_new_route_gets_all_of_it_by_itself() -> None:
    document = described(NewController)
    paths = document["paths"]["/bread/{module_id}"]
    bake, bread = paths["post"], paths["get"]
    assert document["tags"] == [{"name": "bread", "description": "What somebody adds tomorrow."}]
    assert bake["description"] == "Takes an hour.\n\nFor super admins."
    assert {each["name"] for each in parameters_of(document, bake)} == {"module_id", *TAKEN_BY_COMMANDS}
    assert set(bake["responses"]) == {
        "200", "201", "202", "400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "500", "503",
    }  # fmt: skip
    assert set(bake["responses"]["200"]["headers"]) == RATES | {"ETag", "Modplane-Operation-Id", "Modplane-Decided"}
    assert set(bake["responses"]["202"]["headers"]) == RATES | {"Location", "Modplane-Operation-Id", "Modplane-Decided"}
    assert bake["requestBody"]["content"]["application/json"]["examples"]["usual"]["value"] == {
        "module_name": "Field Service",
        "weight": 1,
    }
    assert bread["description"] == "A loaf.\n\nFor super admins."
    assert {each["name"] for each in parameters_of(document, bread)} == {"module_id", "If-None-Match"}
    assert set(bread["responses"]) == {"200", "304", "400", "401", "403", "404", "429", "500", "503"}


class Cake(Struct, frozen=True):
    """Nobody said what its topping looks like."""

    topping: str


class UnshownController(Controller):
    """Whose answer has a field nobody has shown."""

    tags = ("cake",)

    @get("/cake", operation_id="getCake", summary="Get a cake")
    async def cake(self) -> Cake:
        raise NotImplementedError


def test_who_adds_a_field_of_text_is_asked_what_it_looks_like() -> None:
    with pytest.raises(ExampleMissing, match=r"Give `topping` of Cake an example: .* app/apidocs/examples\.yaml"):
        described(UnshownController)
