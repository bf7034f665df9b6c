"""Every problem the API may answer with: its stable `type`, its status, what it means, and which routes may give it."""

from collections.abc import Collection, Iterator, Mapping
from http import HTTPStatus
from inspect import getdoc
from typing import Any

import msgspec
from msgspec import Struct, to_builtins

from app.apidocs.routes import Route
from app.contexts import CONTEXTS
from shared import errors
from shared.errors import Kind, PreconditionFailed, Refusal, Refused
from shared.http.parameters import ANY_PARAMETER
from shared.http.problems import PROBLEM_JSON, STATUS, problem_body

Schema = dict[str, Any]

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
NOT_AN_ANSWER = {"app.manifest.export", "shared.commands.direct_sender", "app.service", "shared.commands.consumer"}
"""Modules whose refusals stay inside the service."""

KINDS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Refused)]
MEANING = {STATUS[each.kind]: str(getdoc(each)) for each in KINDS if each is not Refused} | {
    500: "It went wrong here.",
}
NAMES = {
    400: "Malformed",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    413: "TooLarge",
    415: "UnsupportedMedia",
    422: "Invalid",
}

ALSO_GIVES: Mapping[str, tuple[int, ...]] = {
    "login": (401, 403),
    "refresh": (400, 401, 403),
    "logout": (400,),
    "signUp": (403,),
    "createToken": (409,),
    "deactivateUser": (409,),
    "dropDeadLetter": (409,),
    "retryDeadLetter": (409,),
    "updateModuleConfig": (428,),
    "cancelBulkOperation": (409,),
    "retryBulkOperation": (409,),
}
"""What single operations give beyond the rules in `statuses_of`."""

ALSO_REFUSED_BY: Mapping[str, tuple[str, ...]] = {"signUp": ("access",)}
"""Contexts behind a seam whose refusals an operation passes on."""


ITS_OWN: Mapping[str, int] = {"signUp": 403}
"""Operations whose context has a refusal of its own beside those of everywhere, by its status."""


class ProblemType(Struct, frozen=True):
    """One kind of problem. `contexts` are those that refuse so; `shared` and `http` stand for all of them."""

    type: str
    status: int
    meaning: str
    contexts: tuple[str, ...]

    @property
    def code(self) -> str:
        """The end of its type."""
        return self.type.rpartition(":")[2]


def catalogue() -> list[ProblemType]:
    """All of them, by status and type. A code that several contexts refuse with has the first one's meaning."""
    found: dict[tuple[int, str], ProblemType] = {}
    for context, status, code, meaning in sorted([*refusals(), *((FRAMEWORK, *told) for told in OF_THE_FRAMEWORK)]):
        known = found.get((status, code))
        contexts = (*(known.contexts if known else ()), context)
        told = known.meaning if known else meaning
        found[status, code] = ProblemType(f"urn:modplane:problem:{code}", status, told, tuple(dict.fromkeys(contexts)))
    return [found[key] for key in sorted(found)]


def refusals() -> Iterator[tuple[str, int, str, str]]:
    """Context, status, code and meaning of each class of refusal. Of the kinds themselves only one is ever raised."""
    waiting: list[type[Refused]] = [Refused]
    while waiting:
        class_ = waiting.pop()
        waiting += class_.__subclasses__()
        context = class_.__module__.partition(".")[0]
        told = context in PACKAGES and class_ not in KINDS and class_.__module__ not in NOT_AN_ANSWER
        if told or class_ is PreconditionFailed:
            meaning = str(getdoc(class_)).partition("\n\n")[0].replace("\n", " ")
            yield context, STATUS[class_.kind], class_("").code, meaning


def statuses_of(route: Route, parameters: Collection[Schema]) -> list[int]:
    """The refusals a route may give, by rules: what it takes, who may call it, whether a command is sent for it."""
    places = {parameter["in"] for parameter in parameters}
    rules = {
        400: not route.handler.opt.get(ANY_PARAMETER),
        401: route.asks_who,
        403: route.asks_who,
        404: "path" in places,
        409: route.takes_command,
        412: route.takes_command,
        413: route.body is not None or route.takes_command,
        415: route.body is not None,
        422: route.takes_command or route.takes_key or route.takes_reason,
        429: route.is_limited,
        500: route.is_limited,
        503: route.is_limited,
    }
    also = ALSO_GIVES.get(str(route.handler.operation_id), ())
    return sorted({status for status, holds in rules.items() if holds} | set(also))


class Problems:
    """The answers of routes that refuse, each described once and referred to wherever it is given."""

    def __init__(self) -> None:
        self.responses: dict[str, Schema] = {}
        self._types = catalogue()

    def reference(self, route: Route, status: int, address: str) -> Schema:
        """Refers to the answer with this status; `address` is where the example was asked for."""
        contexts = self._contexts(route, status)
        whose = () if contexts == EVERYWHERE else contexts
        names = "".join(each.title() for each in whose if each not in {"shared", FRAMEWORK})
        name = names + NAMES.get(status, HTTPStatus(status).phrase.title().replace(" ", ""))
        if name not in self.responses:
            self.responses[name] = self._response(status, contexts, address)
        return {"$ref": f"#/components/responses/{name}"}

    def _contexts(self, route: Route, status: int) -> tuple[str, ...]:
        if status in ANYWHERE:
            return (
                (*EVERYWHERE, route.context) if ITS_OWN.get(str(route.handler.operation_id)) == status else EVERYWHERE
            )
        passed_on = ALSO_REFUSED_BY.get(str(route.handler.operation_id), ())
        gives_reason = route.takes_reason and status == HTTPStatus.UNPROCESSABLE_ENTITY
        shared = ("shared",) if gives_reason or (status != HTTPStatus.NOT_FOUND and route.takes_command) else ()
        return (route.context, *passed_on, *shared, FRAMEWORK)

    def _response(self, status: int, contexts: tuple[str, ...], address: str) -> Schema:
        possible = [each for each in self._types if each.status == status and set(each.contexts) & set(contexts)]
        listed = "".join(f"\n- `{each.type}`: {each.meaning}" for each in possible)
        examples = {each.code: {"summary": each.meaning, "value": example(each, address)} for each in possible}
        return {
            "description": f"{MEANING[status]}\n{listed}",
            "headers": headers_of(status),
            "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
        }


def headers_of(status: int) -> Schema:
    """What a refusal says beside its body."""
    names = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}.get(status, [])
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def example(type_: ProblemType, address: str) -> Any:
    """Such a problem as it is sent."""
    kind: Kind = next((kind for kind, status in STATUS.items() if status == type_.status), "malformed")
    body = problem_body(address, Refusal(kind, type_.code, type_.meaning), type_.status)
    return msgspec.json.decode(body)


def listed() -> list[Any]:
    """The catalogue for the document's `x-problem-types`."""
    return [to_builtins(each) for each in catalogue()]
