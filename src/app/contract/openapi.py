"""The OpenAPI document: what the framework finds in the routes, put in order."""

from typing import Any

from litestar import Litestar

METHODS = ("get", "post", "patch", "delete")


def openapi_document(app: Litestar) -> dict[str, Any]:
    """The document of an application's routes; the same for the same routes, in whatever order they were added."""
    found = app.openapi_schema.to_schema()
    paths = {path: ordered(found["paths"][path]) for path in sorted(found["paths"])}
    return {"openapi": found["openapi"], **found, "paths": paths}


def ordered(item: dict[str, Any]) -> dict[str, Any]:
    """A path's operations in the order people read them."""
    return {method: item[method] for method in METHODS if method in item}
