"""Serve the built UI: its one page at every address, and its hashed assets, compressed at build time."""

import hashlib
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from litestar import HttpMethod, Response, route
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Struct

from shared.http.bodies import AnyRequest
from shared.http.parameters import ANY_PARAMETER
from shared.http.responses import not_modified

PAGES = ("/", "/login", "/signup", "/organization", "/super-admin", "/super-admin/{path:path}")
ENCODINGS = {"br": ".br", "gzip": ".gz"}
READ = [HttpMethod.GET, HttpMethod.HEAD]
PATHS_WITHOUT_PAGES = ("/api/", "/assets/", "/schema", "/asyncapi", "/health", "/metrics")
Refuse = Callable[[AnyRequest, Any], Response[bytes]]
get_file = partial(route, http_method=READ, include_in_schema=False, sync_to_thread=False, opt={ANY_PARAMETER: True})

# Styles are set inline by the component library; scripts never are.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-cache",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
IMMUTABLE = "public, max-age=31536000, immutable"
ONE_HOUR = "public, max-age=3600"


class StoredFile(Struct, frozen=True):
    media_type: str
    etag: str
    bodies: Mapping[str, bytes]

    def encoded_for(self, accepted: str) -> tuple[str, bytes]:
        """Return the encoding and body for an Accept-Encoding; the encoding is empty for a plain body."""
        offered = {part.partition(";")[0].strip() for part in accepted.split(",") if "q=0" not in part.replace(" ", "")}
        name = next((name for name in ENCODINGS if name in offered and name in self.bodies), "")
        return name, self.bodies[name]


class WebNotBuilt(Exception):  # noqa: N818 - named after the fault
    """The directory holds no build of the UI."""


def index_page(directory: Path) -> Path:
    """Return the page of a build. Raises `WebNotBuilt`."""
    page = directory / "index.html"
    if not page.is_file():
        raise WebNotBuilt(f"There is no index.html in {directory}. Build the UI first: make web.")
    return page


def load_build(directory: Path) -> Mapping[str, StoredFile]:
    """Load the files of a build by their paths in it: a later one is served from the next start on.

    Raises `WebNotBuilt`.
    """
    index_page(directory)
    return {
        path.relative_to(directory).as_posix(): load_file(path)
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.suffix not in ENCODINGS.values()
    }


def load_file(path: Path) -> StoredFile:
    plain = path.read_bytes()
    twins = {name: path.with_name(path.name + suffix) for name, suffix in ENCODINGS.items()}
    bodies = {"": plain} | {name: twin.read_bytes() for name, twin in twins.items() if twin.is_file()}
    etag = f'"{hashlib.blake2b(plain, digest_size=12).hexdigest()}"'
    return StoredFile(mimetypes.guess_type(path.name)[0] or "application/octet-stream", etag, bodies)


def web_routes(directory: Path) -> Sequence[HTTPRouteHandler]:
    """Return the handlers of a build. Addresses without a page are 404 like any other unknown route."""
    files = load_build(directory)

    @get_file(list(PAGES), name="page")
    def page(request: AnyRequest, path: str | None = None) -> Response[bytes]:
        del path
        return respond(request, files["index.html"], PAGE_HEADERS)

    @get_file("/assets/{path:path}", name="asset")
    def asset(request: AnyRequest, path: FromPath[Path]) -> Response[bytes]:
        return respond(request, existing(files, f"assets/{str(path).lstrip('/')}"), {"Cache-Control": IMMUTABLE})

    names = sorted(name for name in files if "/" not in name and name != "index.html")

    @get_file([f"/{name}" for name in names], name="file")
    def file(request: AnyRequest) -> Response[bytes]:
        return respond(request, existing(files, request.scope["path"].lstrip("/")), {"Cache-Control": ONE_HOUR})

    return [page, asset, file]


def or_page(directory: Path, refuse: Refuse) -> Refuse:
    """Answer browsers at unknown addresses with the page, which says so; everything else as `refuse` does."""
    page = load_file(index_page(directory))

    def answer(request: AnyRequest, error: Any) -> Response[bytes]:
        path, accepted = request.scope["path"], request.headers.get("accept", "")
        if request.method in READ and "text/html" in accepted and not path.startswith(PATHS_WITHOUT_PAGES):
            return Response(page.bodies[""], status_code=404, media_type=page.media_type, headers=dict(PAGE_HEADERS))
        return refuse(request, error)

    return answer


def existing(files: Mapping[str, StoredFile], name: str) -> StoredFile:
    """Return the file. Raises what the framework raises for unknown routes."""
    if name not in files:
        raise NotFoundException(detail=f"There is no file {name[:200]!r}.")
    return files[name]


def respond(request: AnyRequest, file: StoredFile, headers: Mapping[str, str]) -> Response[Any]:
    common = {**headers, "ETag": file.etag, "Vary": "Accept-Encoding"}
    wanted = request.headers.get("if-none-match")
    if wanted is not None and not_modified(wanted, file.etag):
        return Response(b"", status_code=304, headers=common)
    encoding, body = file.encoded_for(request.headers.get("accept-encoding", ""))
    if encoding:
        common["Content-Encoding"] = encoding
    return Response(body, status_code=200, media_type=file.media_type, headers=common)
