"""One operation of the OpenAPI document: the framework's, completed by what its route is."""

from http import HTTPStatus
from inspect import cleandoc, getdoc
from typing import Any

from msgspec import Struct

from app.apidocs.examples import Examples
from app.apidocs.headers import COMMAND_PARAMETERS, OF_ACCEPTED, OF_COMMANDS, RATE, READ_PARAMETERS, REASON, referred
from app.apidocs.problems import Problems, statuses_of
from app.apidocs.routes import JSON, Answer, Route

Schema = dict[str, Any]

AROUND = {200: "DecidedOrPreviewed", 201: "Decided"}
SETS_COOKIE = {"login", "refresh", "logout"}
DONE = {200: "Done.", 201: "Created.", 202: "Not decided yet: `Location` is where the outcome will be."}


class Pieces(Struct):
    """What operations are written with: the schemas of their types, examples of these, and the problems."""

    schemas: dict[Any, Schema]
    examples: Examples
    problems: Problems


def operation(route: Route, found: Schema, pieces: Pieces) -> Schema:
    """The operation as it is documented. `found` is what the framework knows of it."""
    parameters = own_parameters(found, pieces.examples)
    written: Schema = {
        "operationId": found["operationId"],
        "tags": found["tags"],
        "summary": found["summary"],
        "description": description_of(route),
    }
    if route.is_public:
        written["security"] = [] if route.security == [{}] else route.security
    if every := [*parameters, *implied_by(route)]:
        written["parameters"] = every
    if route.body is not None:
        written["requestBody"] = {"required": True, "content": {JSON: shown(route.body, pieces)}}
    written["responses"] = responses_of(route, parameters, pieces)
    return written


def description_of(route: Route) -> str:
    """What the function says, what the command it sends says, who may call it."""
    named = [route.function.__globals__.get(name) for name in route.function.__code__.co_names]
    commands = [each for each in named if isinstance(each, type) and getattr(each, "__module__", "").endswith(COMMANDS)]
    answers = [each.shape for each in route.answers.values() if isinstance(each.shape, type)]
    told = [cleandoc(route.function.__doc__ or ""), *map(getdoc, commands)]
    if not any(told):
        told = [getdoc(answer) for answer in answers if issubclass(answer, Struct)]
    guards = [str(getdoc(guard)).removeprefix("Guard: ").partition(". ")[0].rstrip(".") for guard in route.guards]
    told += [f"For {guard}." for guard in guards]
    return "\n\n".join(each for each in told if each)


COMMANDS = ".commands"


def own_parameters(found: Schema, examples: Examples) -> list[Schema]:
    """The framework's, made plain."""
    return [plain(each, examples) for each in found.get("parameters", [])]


def implied_by(route: Route) -> list[Schema]:
    """Parameters that follow from what the route is."""
    of_writes = COMMAND_PARAMETERS if route.takes_command else REASON if route.takes_reason else ()
    key = ("IdempotencyKey",) if route.takes_key else ()
    names = [*key, *of_writes, *(READ_PARAMETERS if route.is_conditional else ())]
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def plain(found: Schema, examples: Examples) -> Schema:
    """A parameter without what says nothing: null is no value of a parameter, it is left out."""
    schema = dict(found["schema"])
    if "oneOf" in schema:
        kept = [each for each in schema.pop("oneOf") if each.get("type") != "null"]
        schema = {**kept[0], **schema}
    description = schema.pop("description", None) or found.get("description") or DESCRIBED.get(found["name"])
    written = {"name": found["name"], "in": found["in"], "description": description, "schema": schema}
    if found["in"] != "path":
        return written
    return {**written, "required": True, "example": examples.of(schema, found["name"])}


DESCRIBED = {
    "bulk_operation_id": "The bulk operation's id.",
    "cursor": "`next_cursor` of the page before; left out, the first page.",
    "force": "Overrules templates that require the module.",
    "include_inactive": "Inactive ones too; for super admins.",
    "industry_code": "The industry's code.",
    "letter_id": "The dead letter's id.",
    "limit": "How many items a page has at most.",
    "module_id": "The module's id.",
    "operation_id": "The operation's id.",
    "organization_id": "The organization's id.",
    "status": "Only those that stand so.",
    "token_id": "The API token's id.",
    "user_id": "The user's id.",
}


def shown(type_: Any, pieces: Pieces) -> Schema:
    """A media type: its schema and an example."""
    schema = pieces.schemas[type_]
    return {"schema": schema, "examples": {"usual": {"value": pieces.examples.of(schema)}}}


def responses_of(route: Route, parameters: list[Schema], pieces: Pieces) -> Schema:
    """Every status the route answers with, those of refusals included."""
    responses = {status: answer_of(route, status, answer, pieces) for status, answer in route.answers.items()}
    if route.answers_as_command:
        created = route.answers.get(HTTPStatus.CREATED)
        if created is not None:
            responses.setdefault(200, answer_of(route, 200, created, pieces))
        responses.setdefault(202, accepted(pieces))
    if route.is_conditional:
        responses[304] = {"description": "The caller has it.", "headers": referred("ETag")}
    address = filled(route.path, parameters)
    for status in statuses_of(route, parameters):
        responses.setdefault(status, pieces.problems.reference(route, status, address))
    limits = referred(*RATE) if route.is_limited else {}
    for response in responses.values():
        if "$ref" not in response and limits:
            response["headers"] = {**response.get("headers", {}), **limits}
    return {str(status): responses[status] for status in sorted(responses)}


def answer_of(route: Route, status: int, answer: Answer, pieces: Pieces) -> Schema:
    """An answer that is no refusal."""
    described = DONE.get(status, HTTPStatus(status).phrase + ".")
    written: Schema = {"description": described}
    headers = headers_of(route, status)
    if headers:
        written["headers"] = referred(*headers)
    content = shown(answer.shape, pieces)
    if route.answers_as_command and status in AROUND:
        content = around(content, AROUND[status], pieces)
    return {**written, "content": {answer.media_type: content}}


def headers_of(route: Route, status: int) -> list[str]:
    """What the answer says beside its body."""
    if status == HTTPStatus.ACCEPTED and route.takes_command:
        return list(OF_ACCEPTED)
    names = ["ETag"] if route.is_conditional else []
    names += OF_COMMANDS if route.takes_command else []
    names += ["Location"] if route.takes_command and not route.answers_as_command else []
    return names + (["Set-Cookie"] if route.handler.operation_id in SETS_COOKIE else [])


def around(content: Schema, name: str, pieces: Pieces) -> Schema:
    """A command's answer: its result, and around it what is known of the operation, or of the dry run."""
    schema = {"$ref": f"#/components/schemas/{name}"}
    result = content["examples"]["usual"]["value"]
    told = pieces.examples.of(schema)
    decided = {"usual": {"value": {key: told[key] for key in ("operation_id", "status")} | result}}
    foreseen = {"dry_run": {"value": {key: told[key] for key in told if key != "operation_id"} | result}}
    examples = decided | (foreseen if "dry_run" in told else {})
    return {"schema": {"allOf": [schema, content["schema"]]}, "examples": examples}


def accepted(pieces: Pieces) -> Schema:
    """202: nobody waited, or the wait was over."""
    schema = {"$ref": "#/components/schemas/Accepted"}
    content = {JSON: {"schema": schema, "examples": {"usual": {"value": pieces.examples.of(schema)}}}}
    return {"description": DONE[202], "headers": referred(*OF_ACCEPTED), "content": content}


def filled(path: str, parameters: list[Schema]) -> str:
    """The address of an example."""
    for each in parameters:
        path = path.replace(f"{{{each['name']}}}", str(each.get("example")))
    return path
