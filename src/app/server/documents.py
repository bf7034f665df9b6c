"""The API's documents over HTTP, and Swagger UI to read them. Nothing is loaded from other hosts."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from msgspec import Struct

from shared.http.bodies import AnyRequest
from shared.http.parameters import ANY_PARAMETER
from shared.http.responses import not_modified

DOCUMENTS = Path(__file__).resolve().parents[3] / "schemas"

PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Modplane API</title>
<link rel="icon" href="/schema/favicon-32x32.png">
<link rel="stylesheet" href="/schema/swagger-ui.css">
</head>
<body>
<main id="page"><noscript>This page needs JavaScript; <a href="/schema/openapi.json">the document</a>
does not.</noscript></main>
<script src="/schema/swagger-ui-bundle.js"></script>
<script src="/schema/page.js"></script>
</body>
</html>
"""
SCRIPT = b"""SwaggerUIBundle({
  url: "/schema/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  validatorUrl: null,
});
"""
# Swagger UI sets inline styles; scripts, data and images come from this service alone.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SWAGGER_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}


class StaticDocument(Struct, frozen=True):
    body: bytes
    media_type: str

    def answer(self, request: AnyRequest) -> ASGIResponse:
        """Answer with the document, or 304 when the client has it."""
        etag = f'"{hashlib.blake2b(self.body, digest_size=8).hexdigest()}"'
        wanted = request.headers.get("if-none-match")
        headers = [
            ("etag", etag),
            ("cache-control", "no-cache"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", CONTENT_POLICY),
        ]
        if wanted is not None and not_modified(wanted, etag):
            return ASGIResponse(body=b"", status_code=304, headers=headers, media_type=self.media_type)
        return ASGIResponse(body=self.body, headers=headers, media_type=self.media_type)


def document_routes(folder: Path = DOCUMENTS) -> list[HTTPRouteHandler]:
    swagger = swagger_folder()
    contents = {
        "/schema": (PAGE, "text/html"),
        "/schema/page.js": (SCRIPT, "text/javascript"),
        "/schema/openapi.json": ((folder / "openapi.json").read_bytes(), "application/json"),
        "/asyncapi": ((folder / "asyncapi.json").read_bytes(), "application/json"),
        **{f"/schema/{name}": ((swagger / name).read_bytes(), kind) for name, kind in SWAGGER_FILES.items()},
    }
    return [document_route(path, StaticDocument(*content)) for path, content in contents.items()]


def document_route(path: str, document: StaticDocument) -> HTTPRouteHandler:
    @get(path, include_in_schema=False, opt={ANY_PARAMETER: True})
    async def show(request: AnyRequest) -> ASGIResponse:
        return document.answer(request)

    return show


def swagger_folder() -> Path:
    """Return the folder with Swagger UI's files. Their package is not imported: it would import Flask."""
    package = find_spec("flask_swagger_ui")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("The package flask-swagger-ui is not installed: run `make env`.")
    return Path(package.submodule_search_locations[0]) / "dist"
