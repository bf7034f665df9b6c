"""The OpenAPI document: what the framework finds in the routes, completed by rules, and put in order."""

from collections.abc import Mapping, Sequence
from inspect import getdoc
from typing import Any, Literal
from uuid import UUID

from dishka.integrations.litestar import DishkaRouter
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Contact, Info
from msgspec import UNSET, Struct, UnsetType

from app.apidocs.examples import Examples
from app.apidocs.headers import HEADERS, PARAMETERS
from app.apidocs.links import add_links
from app.apidocs.operations import Pieces, operation
from app.apidocs.problems import Problems, listed
from app.apidocs.routes import Route, routes_of
from app.apidocs.schemas import complete, reached_from, schemas_of, structs_in
from app.main import routes
from app.settings import Settings
from shared.errors import FieldError
from shared.messages import PreviewedChange

Schema = dict[str, Any]

METHODS = ("get", "post", "patch", "delete")
WHERE = "#/components/schemas/{name}"

INTRODUCTION = """\
Which modules exist, which industry gets which, and which organization has which.

Every write is a command: it answers with its outcome, or, where `Prefer: respond-async` asks for it or the wait is
over, with 202 and the operation's address. Give each an `Idempotency-Key` and repeat it as often as you like.
Errors are `application/problem+json`; programs go by `type`, of which `x-problem-types` lists every one.
"""


class Decided(Struct, frozen=True):
    """Around a command's result: its operation, and whether it changed anything."""

    operation_id: UUID
    status: Literal["applied", "unchanged"]


class DecidedOrPreviewed(Struct, frozen=True):
    """Around a command's result: its operation; of a dry run what would happen, and no operation.

    `changes` are the events that would be recorded, `impact` tells whom the command concerns beyond its own, `preview`
    binds a command to this very decision, and `sequence` is the state's to which If-Match would refer.
    """

    status: Literal["applied", "unchanged"]
    operation_id: UUID | UnsetType = UNSET
    dry_run: Literal[True] | UnsetType = UNSET
    sequence: int | UnsetType = UNSET
    preview: str | UnsetType = UNSET
    changes: Sequence[PreviewedChange] | UnsetType = UNSET
    impact: dict[str, Any] | UnsetType | None = UNSET


class Accepted(Struct, frozen=True):
    """A command that is not decided yet."""

    operation_id: UUID
    status: Literal["pending"]


class Problem(Struct, frozen=True):
    """Problem details (RFC 9457). `type` is stable and meant for programs, `detail` for people.

    Some types have further members, such as the modules that stand in the way.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: Sequence[FieldError] | UnsetType = UNSET


OF_ALL = (Decided, DecidedOrPreviewed, Accepted, Problem)


def openapi_document(app: Litestar | None = None) -> Schema:
    """The document of all routes; the same for the same code, whatever the environment says. `app`: of other routes."""
    app = app or described_routes()
    found = app.openapi_schema.to_schema()["paths"]
    every = sorted(routes_of(app), key=lambda route: (route.path, METHODS.index(route.method)))
    schemas, named = types_of(every)
    pieces = Pieces(schemas, Examples(named), Problems())
    paths: dict[str, Schema] = {}
    for route in every:
        paths.setdefault(route.path, {})[route.method] = operation(route, found[route.path][route.method], pieces)
    add_links(paths, every, named)
    return {
        "openapi": "3.1.0",
        "info": head(),
        "servers": [{"url": "/", "description": "The host that shows this document."}],
        "security": [{"bearer": []}],
        "tags": tags_of(every),
        "paths": paths,
        "components": {
            "schemas": named,
            "responses": dict(sorted(pieces.problems.responses.items())),
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": {"bearer": BEARER},
        },
        "x-problem-types": listed(),
    }


BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "The `access_token` of `POST /api/v1/auth/login`, an API token (`mpt_…`), or a token of the "
    "external issuer where one is configured.",
}


def head() -> Schema:
    """Who speaks."""
    return Info(
        title="Modplane",
        version="1",
        summary="The module control plane of a multi-tenant product.",
        description=INTRODUCTION,
        contact=Contact(name="Modplane"),
    ).to_schema()


def described_routes() -> Litestar:
    """The routes without anything behind them, in an application that can say what they are."""
    every_route = routes(Settings.model_construct())
    config = OpenAPIConfig(title="Modplane", version="1", create_examples=False)
    return Litestar([DishkaRouter("/", route_handlers=every_route)], openapi_config=config)


def types_of(every: Sequence[Route]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """The schema of each body and answer, and the named ones. What is only sent, never asked for, is sent whole."""
    asked = [route.body for route in every if route.body is not None]
    sent = [answer.shape for route in every for answer in route.answers.values()]
    types = [*asked, *sent, *OF_ALL]
    schemas, named = schemas_of(types, WHERE)
    asked_for = reached_from(schemas[: len(asked)], named)
    classes = {struct.cls.__name__: struct.cls for struct in structs_in(types)}
    named = {
        name: schema if name in asked_for or name not in classes else complete(schema, classes[name])
        for name, schema in named.items()
    }
    return by_type(types, schemas), named


def by_type(types: Sequence[Any], schemas: Sequence[Schema]) -> dict[Any, Schema]:
    """Each type's schema."""
    return dict(zip(types, schemas, strict=True))


def tags_of(every: Sequence[Route]) -> list[Mapping[str, str]]:
    """Each tag with what its first controller says of itself."""
    told: dict[str, str] = {}
    for route in every:
        for tag in sorted(route.handler.resolve_tags()):
            told.setdefault(tag, str(getdoc(route.controller)))
    return [{"name": name, "description": told[name]} for name in sorted(told)]
