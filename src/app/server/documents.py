"""The documents over HTTP, and a page to read them. Everything comes from this service: no other host is asked."""

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
# Swagger UI sets styles as it draws; scripts, data and images come from here alone.
ONLY_FROM_HERE = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PIECES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript", "favicon-32x32.png": "image/png"}


class Shown(Struct, frozen=True):
    """What an address shows, always the same while the process lives."""

    body: bytes
    media_type: str

    def answer(self, request: AnyRequest) -> ASGIResponse:
        """The bytes, or 304 when the caller has them."""
        etag = f'"{hashlib.blake2b(self.body, digest_size=8).hexdigest()}"'
        wanted = request.headers.get("if-none-match")
        headers = [
            ("etag", etag),
            ("cache-control", "no-cache"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", ONLY_FROM_HERE),
        ]
        if wanted is not None and not_modified(wanted, etag):
            return ASGIResponse(body=b"", status_code=304, headers=headers, media_type=self.media_type)
        return ASGIResponse(body=self.body, headers=headers, media_type=self.media_type)


def document_routes(folder: Path = DOCUMENTS) -> list[HTTPRouteHandler]:
    """The page, what it is made of, and the committed documents as they lie there."""
    swagger = pieces_folder()
    shown = {"/schema": Shown(PAGE, "text/html"), "/schema/page.js": Shown(SCRIPT, "text/javascript")}
    shown |= {f"/schema/{name}": Shown((swagger / name).read_bytes(), kind) for name, kind in PIECES.items()}
    shown["/schema/openapi.json"] = Shown((folder / "openapi.json").read_bytes(), "application/json")
    shown["/asyncapi"] = Shown((folder / "asyncapi.json").read_bytes(), "application/json")
    return [at(path, what) for path, what in shown.items()]


def at(path: str, what: Shown) -> HTTPRouteHandler:
    """The route that shows it."""

    @get(path, include_in_schema=False, opt={ANY_PARAMETER: True})
    async def show(request: AnyRequest) -> ASGIResponse:
        return what.answer(request)

    return show


def pieces_folder() -> Path:
    """Where the package with Swagger UI's files keeps them. It is found, not imported: it would ask for Flask."""
    package = find_spec("flask_swagger_ui")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("The package flask-swagger-ui is not installed: run `make env`.")
    return Path(package.submodule_search_locations[0]) / "dist"
