"""The OpenAPI document: the framework's, completed by the routes' marks, and put in order."""

import re
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from inspect import getdoc
from typing import Any, Literal
from uuid import UUID

from dishka.integrations.litestar import DishkaRouter
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from msgspec import UNSET, Struct, UnsetType, to_builtins

from app.apidocs import Schema, read_data
from app.apidocs.examples import Examples
from app.apidocs.operations import Route, Writer, routes_of
from app.apidocs.problems import Problems, catalogue
from app.apidocs.schemas import complete, reached_from, schemas_of, structs_in
from app.main import routes
from app.settings import Settings
from shared.errors import FieldError
from shared.http.command_route import PARAMETERS
from shared.messages import PreviewedChange

METHODS = ("get", "post", "patch", "delete")
IN_PATH = re.compile(r"\{(\w+)\}")
FOLLOWED = ("get", "patch", "delete")
WHERE = "#/components/schemas/{name}"

FIXED: Schema = read_data("openapi.yaml")


class Decided(Struct, frozen=True):
    """Around a command's result: its operation, and whether it changed anything."""

    operation_id: UUID
    status: Literal["applied", "unchanged"]


class DecidedOrPreviewed(Struct, frozen=True):
    """Around a command's result: its operation; of a dry run what would happen, and no operation.

    `changes` are the events that would be recorded, `impact` counts what else the command affects, `preview` binds
    a command to this very decision, and `sequence` is the state's to which If-Match would refer.
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
    """Return the document of all routes, or of those of `app`."""
    app = app or described_routes()
    generated = app.openapi_schema.to_schema()["paths"]
    routes_ = sorted(routes_of(app), key=lambda route: (route.path, METHODS.index(route.method)))
    schemas, named = types_of(routes_)
    writer, problems = Writer(schemas, Examples(named)), Problems()
    paths: dict[str, Schema] = {}
    for route in routes_:
        operation = writer.operation(route, generated[route.path][route.method])
        responses = problems.references(route, filled(route, operation)) | operation["responses"]
        operation["responses"] = {str(status): responses[status] for status in sorted(responses)}
        paths.setdefault(route.path, {})[route.method] = operation
    add_links(paths, routes_, named)
    components = FIXED["components"]
    return {
        **{key: value for key, value in FIXED.items() if key != "components"},
        "tags": tags_of(routes_),
        "paths": paths,
        "components": {
            "schemas": named,
            "responses": dict(sorted(problems.responses.items())),
            **components,
            "parameters": {**PARAMETERS, **components["parameters"]},
        },
        "x-problem-types": to_builtins(catalogue()),
    }


def described_routes() -> Litestar:
    config = OpenAPIConfig(title="Modplane", version="1", create_examples=False)
    return Litestar([DishkaRouter("/", route_handlers=routes(Settings.model_construct()))], openapi_config=config)


def types_of(every: Sequence[Route]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """Return the schema of each body and answer, and the named ones. Structs that are only sent are complete."""
    received = [route.body for route in every if route.body is not None]
    sent = [answer.shape for route in every for answer in route.answers.values()]
    types = [*received, *sent, *OF_ALL]
    schemas, named = schemas_of(types, WHERE)
    incomplete = reached_from(schemas[: len(received)], named)
    classes = {struct.cls.__name__: struct.cls for struct in structs_in(types)}
    for name in classes.keys() & named.keys() - incomplete:
        named[name] = complete(named[name], classes[name])
    return dict(zip(types, schemas, strict=True)), named


def tags_of(every: Sequence[Route]) -> list[Mapping[str, str]]:
    texts: dict[str, str] = {}
    for route in every:
        for tag in sorted(route.handler.resolve_tags()):
            function = route.handler.fn
            controller = getattr(sys.modules[function.__module__], function.__qualname__.partition(".")[0])
            texts.setdefault(tag, str(getdoc(controller)))
    return [{"name": name, "description": texts[name]} for name in sorted(texts)]


def filled(route: Route, operation: Schema) -> str:
    examples = {each["name"]: each.get("example") for each in operation.get("parameters", ()) if "name" in each}
    return IN_PATH.sub(lambda match: str(examples[match[1]]), route.path)


def add_links(paths: Mapping[str, Schema], every: Sequence[Route], named: Mapping[str, Schema]) -> None:
    """Link what was created to its GET, PATCH and DELETE, and what is not decided yet to its operation."""
    for route in every:
        responses = paths[route.path][route.method]["responses"]
        for status in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
            response = responses.get(str(status.value), {})
            if links := dict(sorted(links_of(ids_in(response, named), route, every).items())):
                response["links"] = links


def links_of(ids: Mapping[str, str], route: Route, every: Sequence[Route]) -> Mapping[str, Schema]:
    """Return links to operations whose whole path the response fills."""
    links = {}
    for other in every:
        needed = IN_PATH.findall(other.path)
        if needed and other.path.startswith(f"{route.path}/{{") and "id" in ids:
            ids = {needed[0]: ids["id"], **ids}
        if needed and other.method in FOLLOWED and set(needed) <= ids.keys():
            links[other.id] = {
                "operationId": other.id,
                "description": "With the id of this answer.",
                "parameters": {name: f"$response.body#{ids[name]}" for name in needed},
            }
    return links


def ids_in(response: Schema, named: Mapping[str, Schema]) -> dict[str, str]:
    """Return the pointer to each id in the response's body; `organization_id` is also the id of an `organization`."""
    ids: dict[str, str] = {}
    schemas = [content["schema"] for content in response.get("content", {}).values()]
    for schema in [part for each in schemas for part in each.get("allOf", [each])]:
        for name, field in resolved(schema, named).get("properties", {}).items():
            if name == "id" or name.endswith(("_id", "_code")):
                ids[name] = f"/{name}"
            elif "id" in resolved(field, named).get("properties", {}):
                ids.setdefault(f"{name}_id", f"/{name}/id")
    return ids


def resolved(schema: Schema, named: Mapping[str, Schema]) -> Schema:
    return named.get(schema.get("$ref", "").rpartition("/")[2], schema)
