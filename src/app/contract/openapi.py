"""The OpenAPI document: what the framework finds in the routes, put in order."""

from typing import Any

from dishka.integrations.litestar import DishkaRouter
from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from app.main import routes
from app.settings import Settings
from shared.adapters.command_operation import COMMAND_PARAMETERS

METHODS = ("get", "post", "patch", "delete")


def openapi_document() -> dict[str, Any]:
    """The document of all routes; the same for the same code, whatever the environment says."""
    found = described_routes().openapi_schema.to_schema()
    paths = {path: ordered(found["paths"][path]) for path in sorted(found["paths"])}
    return {"openapi": found["openapi"], **found, "paths": paths}


def described_routes() -> Litestar:
    """The routes without anything behind them, in an application that can say what they are."""
    every_route = routes(Settings.model_construct())
    return Litestar([DishkaRouter("/", route_handlers=every_route)], openapi_config=head())


def head() -> OpenAPIConfig:
    """The document's head; operations describe themselves."""
    return OpenAPIConfig(
        title="Modplane",
        version="1",
        description="Which modules exist, which industry gets which, and which organization has which.",
        components=Components(
            parameters=COMMAND_PARAMETERS,
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")},
        ),
        security=[{"bearer": []}],
        use_handler_docstrings=True,
        create_examples=False,
    )


def ordered(item: dict[str, Any]) -> dict[str, Any]:
    """A path's operations in the order people read them."""
    return {method: item[method] for method in METHODS if method in item}
