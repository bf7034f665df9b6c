"""Where to go with an answer: the id a write tells is what other operations take in their path."""

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from app.apidocs.routes import Route

Schema = dict[str, Any]

IN_PATH = re.compile(r"\{(\w+)\}")
FOLLOWED = ("get", "patch", "delete")
ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "signUp": {"organization_id": "/organization/id"},
    "createToken": {"token_id": "/id"},
}
"""Ids that an answer has under another name than the path that takes them."""


def add_links(paths: Mapping[str, Schema], every: Sequence[Route], named: Mapping[str, Schema]) -> None:
    """Links what was created to its GET, PATCH and DELETE, and what is not decided yet to its operation."""
    for route in every:
        answers = paths[route.path][route.method]["responses"]
        for status in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
            answer = answers.get(str(status.value), {})
            if links := dict(sorted(links_of(route, answer, every, named))):
                answer["links"] = links


def links_of(
    route: Route, answer: Schema, every: Sequence[Route], named: Mapping[str, Schema]
) -> Iterator[tuple[str, Schema]]:
    """Operations whose whole path can be filled from the answer."""
    told = ids_in(route, answer, named)
    for other in every:
        needed = IN_PATH.findall(other.path)
        if needed and other.method in FOLLOWED and set(needed) <= told.keys():
            parameters = {name: f"$response.body#{told[name]}" for name in needed}
            yield (
                str(other.handler.operation_id),
                {
                    "operationId": other.handler.operation_id,
                    "description": "With the id of this answer.",
                    "parameters": parameters,
                },
            )


def ids_in(route: Route, answer: Schema, named: Mapping[str, Schema]) -> dict[str, str]:
    """Where in the answer's body each id is."""
    schemas = [content["schema"] for content in answer.get("content", {}).values()]
    found = dict(ELSEWHERE.get(str(route.handler.operation_id), {}))
    for schema in [part for each in schemas for part in each.get("allOf", [each])]:
        properties = named.get(schema.get("$ref", "").rpartition("/")[2], schema).get("properties", {})
        found |= {name: f"/{name}" for name in properties if name.endswith(("_id", "_code"))}
    return found
