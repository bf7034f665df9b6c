"""Every problem of the API: its stable `type`, its status, its meaning, and the routes that may give it."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from inspect import getdoc
from typing import Any

import msgspec
from msgspec import Struct

from app.apidocs import Schema
from app.apidocs.operations import Route, referred
from app.contexts import CONTEXTS
from shared import errors
from shared.errors import Kind, PreconditionFailed, Refusal, Refused
from shared.http.command_route import TakesCommand, TakesReason
from shared.http.parameters import ANY_PARAMETER
from shared.http.problems import PROBLEM_JSON, STATUS, problem_body

PACKAGES = {"app", "shared", *(context.name for context in CONTEXTS)}
FRAMEWORK = "http"
EVERYWHERE = (FRAMEWORK, "shared", "access")
ANYWHERE = (400, 401, 403, 412, 413, 415, 428, 429, 500, 503)
"""Statuses whose problems are the same for all contexts."""

OF_THE_FRAMEWORK = (
    (400, "invalid_request", "A parameter is not of the documented form; `errors` names it."),
    (413, "body_too_large", "The body has more than 1 MiB."),
    (429, "rate_limit_exceeded", "The token, or the address, sent more requests in this minute than it may."),
    (500, "internal", "A defect. The request can be repeated with the same Idempotency-Key."),
    (500, "operation_failed", "The command failed, changed nothing, and is kept as a dead letter."),
    (404, "route_not_found", "There is no such address, or an id in it is no UUID."),
    (405, "method_not_allowed", "The address does not take this method; `Allow` names those it takes."),
)
INTERNAL = {"app.manifest.files", "shared.commands.direct_sender", "app.service", "shared.commands.consumer"}
"""Modules whose refusals stay inside the service."""

KINDS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Refused)]
MEANING = {STATUS[each.kind]: str(getdoc(each)) for each in KINDS if each is not Refused} | {500: "It went wrong here."}
NAMES = {
    400: "Malformed",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    413: "TooLarge",
    415: "UnsupportedMedia",
    422: "Invalid",
}
HEADERS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


class ProblemType(Struct, frozen=True):
    """A kind of problem. `contexts` are those that refuse so; `shared` and `http` stand for all of them."""

    type: str
    status: int
    meaning: str
    contexts: tuple[str, ...]

    @property
    def code(self) -> str:
        return self.type.rpartition(":")[2]


def catalogue() -> list[ProblemType]:
    """Return all types, by status and code. A code of several contexts has the first one's meaning."""
    types: dict[tuple[int, str], ProblemType] = {}
    for context, status, code, meaning in sorted([*refusals(), *((FRAMEWORK, *each) for each in OF_THE_FRAMEWORK)]):
        known = types.get((status, code), ProblemType(f"urn:modplane:problem:{code}", status, meaning, ()))
        contexts = tuple(dict.fromkeys((*known.contexts, context)))
        types[status, code] = ProblemType(known.type, status, known.meaning, contexts)
    return [types[key] for key in sorted(types)]


def refusals() -> Iterator[tuple[str, int, str, str]]:
    """Yield context, status, code and meaning of each class of refusal."""
    waiting: list[type[Refused]] = [Refused]
    while waiting:
        class_ = waiting.pop()
        waiting += class_.__subclasses__()
        context = class_.__module__.partition(".")[0]
        is_answer = context in PACKAGES and class_ not in KINDS and class_.__module__ not in INTERNAL
        if is_answer or class_ is PreconditionFailed:
            meaning = str(getdoc(class_)).partition("\n\n")[0].replace("\n", " ")
            yield context, STATUS[class_.kind], class_("").code, meaning


def statuses_of(route: Route) -> list[int]:
    takes_command, takes_body = route.is_marked(TakesCommand), route.body is not None
    rules = {
        400: not route.handler.opt.get(ANY_PARAMETER),
        401: not route.is_public,
        403: not route.is_public,
        404: "{" in route.path,
        409: takes_command,
        412: takes_command,
        413: takes_body or takes_command,
        415: takes_body,
        422: route.is_marked(TakesReason),
        429: route.is_limited,
        500: route.is_limited,
        503: route.is_limited,
    }
    declared = {STATUS[error.kind] for error in route.refusals.errors}
    return sorted({status for status, holds in rules.items() if holds} | declared)


class Problems:
    def __init__(self) -> None:
        self.responses: dict[str, Schema] = {}
        self._types = catalogue()

    def references(self, route: Route, address: str) -> Mapping[int, Schema]:
        return {status: self._reference(route, status, address) for status in statuses_of(route)}

    def _reference(self, route: Route, status: int, address: str) -> Schema:
        contexts = self._contexts(route, status)
        own = [error for error in route.refusals.errors if STATUS[error.kind] == status]
        declared = {error.__module__.partition(".")[0] for error in own} - set(contexts)
        contexts = (*contexts, *sorted(declared))
        named = contexts if declared or status not in ANYWHERE else ()
        prefix = "".join(each.title() for each in named if each not in {"shared", FRAMEWORK})
        name = prefix + NAMES.get(status, HTTPStatus(status).phrase.title().replace(" ", ""))
        if name not in self.responses:
            self.responses[name] = self._response(status, contexts, address)
        return {"$ref": f"#/components/responses/{name}"}

    def _contexts(self, route: Route, status: int) -> tuple[str, ...]:
        if status in ANYWHERE:
            return EVERYWHERE
        takes_command = route.is_marked(TakesCommand)
        is_of_reason = route.is_marked(TakesReason) and status == HTTPStatus.UNPROCESSABLE_ENTITY
        shared = ("shared",) if is_of_reason or (takes_command and status != HTTPStatus.NOT_FOUND) else ()
        return (route.context, *route.refusals.passed_on, *shared, FRAMEWORK)

    def _response(self, status: int, contexts: tuple[str, ...], address: str) -> Schema:
        possible = [each for each in self._types if each.status == status and set(each.contexts) & set(contexts)]
        listed = "".join(f"\n- `{each.type}`: {each.meaning}" for each in possible)
        examples = {each.code: {"summary": each.meaning, "value": example(each, address)} for each in possible}
        return {
            "description": f"{MEANING[status]}\n{listed}",
            "headers": referred(*HEADERS.get(status, ())),
            "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
        }


def example(type_: ProblemType, address: str) -> Any:
    kind: Kind = next((kind for kind, status in STATUS.items() if status == type_.status), "malformed")
    return msgspec.json.decode(problem_body(address, Refusal(kind, type_.code, type_.meaning), type_.status))
