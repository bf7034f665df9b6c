"""Routes, and each as an operation of the OpenAPI document: what the framework knows, completed by its marks."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from inspect import cleandoc, getdoc
from typing import Any, get_args, get_origin

from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute
from msgspec import Struct

from app.apidocs import Schema, read_data
from app.apidocs.examples import Examples
from shared.http.command_route import REFUSALS, CommandOperation, Refusals, TakesCommand, TakesReason
from shared.http.rate_limits import EXEMPT

JSON = "application/json"
AROUND = {200: "DecidedOrPreviewed", 201: "Decided"}
DESCRIPTIONS = {200: "Done.", 201: "Created.", 202: "Not decided yet: `Location` is where the outcome will be."}
RATE = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
OF_COMMANDS = ("ETag", "Modplane-Operation-Id", "Modplane-Decided")
OF_ACCEPTED = ("Location", "Modplane-Operation-Id", "Modplane-Decided")
PARAMETERS: Mapping[str, str] = read_data("parameters.yaml")


class Answer(Struct, frozen=True):
    shape: Any
    media_type: str


class Route(Struct, frozen=True):
    path: str
    method: str
    handler: HTTPRouteHandler

    @property
    def id(self) -> str:
        return str(self.handler.operation_id)

    @property
    def context(self) -> str:
        return self.handler.fn.__module__.partition(".")[0]

    @property
    def body(self) -> Any:
        given = self.handler.parsed_fn_signature.parameters.get("data")
        return None if given is None else given.annotation

    @property
    def answers(self) -> Mapping[int, Answer]:
        if specified := self.handler.responses:
            return {status: Answer(spec.data_container, str(spec.media_type)) for status, spec in specified.items()}
        returned = self.handler.parsed_fn_signature.return_type.raw
        shape = get_args(returned)[0] if get_origin(returned) is Response else returned
        return {self.handler.status_code: Answer(shape, JSON)}

    @property
    def security(self) -> list[Any]:
        """Alternatives, one of which a caller needs. Empty: what the document requires."""
        return list(self.handler.resolve_security())

    @property
    def is_public(self) -> bool:
        return {} in self.security

    @property
    def is_limited(self) -> bool:
        return not self.path.startswith(EXEMPT)

    @property
    def is_conditional(self) -> bool:
        return self.method == "get" and self.handler.parsed_fn_signature.return_type.raw is ASGIResponse

    @property
    def refusals(self) -> Refusals:
        declared: Refusals = self.handler.opt.get(REFUSALS, Refusals())
        return declared

    def is_marked(self, mark: type[TakesReason]) -> bool:
        return issubclass(self.handler.operation_class, mark)


def routes_of(app: Litestar) -> Iterator[Route]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for method, (handler, _) in route.route_handler_map.items():
            if method != "OPTIONS" and handler.resolve_include_in_schema():
                yield Route(route.path_format, method.lower(), handler)


class Writer:
    def __init__(self, schemas: Mapping[Any, Schema], examples: Examples) -> None:
        self._schemas = schemas
        self._examples = examples

    def operation(self, route: Route, generated: Schema) -> Schema:
        """Complete the framework's operation, but for its refusals."""
        operation: Schema = {
            "operationId": generated["operationId"],
            "tags": generated["tags"],
            "summary": generated["summary"],
            "description": description_of(route),
        }
        if route.is_public:
            operation["security"] = [] if route.security == [{}] else route.security
        own = [self._plain(each) for each in generated.get("parameters", [])]
        if parameters := [*own, *implied_by(route)]:
            operation["parameters"] = parameters
        if route.body is not None:
            operation["requestBody"] = {"required": True, "content": {JSON: self._media(self._schemas[route.body])}}
        operation["responses"] = self._responses(route)
        return operation

    def _plain(self, generated: Schema) -> Schema:
        """Return the framework's parameter without null, which is no value of a parameter: it is left out."""
        schema = dict(generated["schema"])
        if "oneOf" in schema:
            kept = [each for each in schema.pop("oneOf") if each.get("type") != "null"]
            schema = {**kept[0], **schema}
        name = generated["name"]
        description = schema.pop("description", None) or generated.get("description") or PARAMETERS.get(name)
        plain = {"name": name, "in": generated["in"], "description": description, "schema": schema}
        if generated["in"] != "path":
            return plain
        return {**plain, "required": True, "example": self._examples.of(schema, name)}

    def _media(self, schema: Schema) -> Schema:
        return {"schema": schema, "examples": {"usual": {"value": self._examples.of(schema)}}}

    def _responses(self, route: Route) -> dict[int, Schema]:
        responses = {status: self._answer(route, status, answer) for status, answer in route.answers.items()}
        if route.is_marked(CommandOperation):
            if created := route.answers.get(HTTPStatus.CREATED):
                responses.setdefault(200, self._answer(route, 200, created))
            accepted = self._media({"$ref": "#/components/schemas/Accepted"})
            headers = referred(*OF_ACCEPTED)
            responses.setdefault(
                202, {"description": DESCRIPTIONS[202], "headers": headers, "content": {JSON: accepted}}
            )
        if route.is_conditional:
            responses[304] = {"description": "The caller has it.", "headers": referred("ETag")}
        for response in responses.values() if route.is_limited else ():
            response["headers"] = response.get("headers", {}) | referred(*RATE)
        return responses

    def _answer(self, route: Route, status: int, answer: Answer) -> Schema:
        response: Schema = {"description": DESCRIPTIONS.get(status, HTTPStatus(status).phrase + ".")}
        if headers := headers_of(route, status):
            response["headers"] = referred(*headers)
        content = self._media(self._schemas[answer.shape])
        if route.is_marked(CommandOperation) and status in AROUND:
            content = self._around(content, AROUND[status])
        return {**response, "content": {answer.media_type: content}}

    def _around(self, content: Schema, name: str) -> Schema:
        schema = {"$ref": f"#/components/schemas/{name}"}
        result = content["examples"]["usual"]["value"]
        around = self._examples.of(schema)
        examples = {"usual": {"value": {key: around[key] for key in ("operation_id", "status")} | result}}
        if "dry_run" in around:
            dry_run = {key: value for key, value in around.items() if key != "operation_id"}
            examples["dry_run"] = {"value": dry_run | result}
        return {"schema": {"allOf": [schema, content["schema"]]}, "examples": examples}


def description_of(route: Route) -> str:
    """Return the docstrings of the handler and of the command it sends, or of the answer, and who may call it."""
    operation = route.handler.operation_class
    command = operation.command if issubclass(operation, CommandOperation) else None
    texts = [cleandoc(route.handler.fn.__doc__ or ""), getdoc(command) if command else ""]
    if not any(texts):
        texts = [getdoc(answer.shape) for answer in route.answers.values() if is_struct(answer.shape)]
    for guard in route.handler.resolve_guards():
        callers = str(getdoc(guard)).removeprefix("Guard: ").partition(". ")[0].rstrip(".")
        texts.append(f"For {callers}.")
    return "\n\n".join(text for text in texts if text)


def is_struct(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, Struct)


def implied_by(route: Route) -> Sequence[Schema]:
    operation = route.handler.operation_class
    names = list(operation.parameters_taken) if issubclass(operation, TakesReason) else []
    names += ["IfNoneMatch"] if route.is_conditional else []
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def headers_of(route: Route, status: int) -> list[str]:
    takes_command = route.is_marked(TakesCommand)
    if status == HTTPStatus.ACCEPTED and takes_command:
        return list(OF_ACCEPTED)
    names = ["ETag"] if route.is_conditional else []
    names += OF_COMMANDS if takes_command else []
    names += ["Location"] if takes_command and not route.is_marked(CommandOperation) else []
    return names + (["Set-Cookie"] if route.handler.resolve_response_cookies() else [])


def referred(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
