"""Serves the built UI: its one page for every address of it, and its hashed assets, compressed when they were built."""

import hashlib
import mimetypes
from collections.abc import Callable, Mapping, Sequence
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
OF_PROGRAMS = ("/api/", "/assets/", "/schema", "/asyncapi", "/health", "/metrics")
"""Where nobody looks for a page."""
Refuse = Callable[[AnyRequest, Any], Response[bytes]]
OVERLOOKS = {ANY_PARAMETER: True}

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
FOR_EVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"


class StoredFile(Struct, frozen=True):
    """A file of the build as it is sent: plain, and in each encoding it was built in."""

    media_type: str
    etag: str
    bodies: Mapping[str, bytes]

    def encoded_for(self, accepted: str) -> tuple[str, bytes]:
        """The smallest form the caller takes, and its encoding (empty: plain)."""
        offered = {part.partition(";")[0].strip() for part in accepted.split(",") if "q=0" not in part.replace(" ", "")}
        name = next((name for name in ENCODINGS if name in offered and name in self.bodies), "")
        return name, self.bodies[name]


class WebNotBuilt(Exception):  # noqa: N818 - says what is missing
    """The named directory holds no build of the UI."""


def page_of(directory: Path) -> Path:
    """The page of a build. Raises `WebNotBuilt`."""
    page = directory / "index.html"
    if not page.is_file():
        raise WebNotBuilt(f"There is no index.html in {directory}. Build the UI first: make web.")
    return page


def load_build(directory: Path) -> Mapping[str, StoredFile]:
    """The files of a build by their path below it, read once: a new build is served from the next start on.

    Raises `WebNotBuilt`.
    """
    page_of(directory)
    return {
        path.relative_to(directory).as_posix(): stored(path)
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.suffix not in ENCODINGS.values()
    }


def stored(path: Path) -> StoredFile:
    """One file with its compressed twins."""
    plain = path.read_bytes()
    twins = {name: path.with_name(path.name + suffix) for name, suffix in ENCODINGS.items()}
    bodies = {"": plain} | {name: twin.read_bytes() for name, twin in twins.items() if twin.is_file()}
    etag = f'"{hashlib.blake2b(plain, digest_size=12).hexdigest()}"'
    return StoredFile(mimetypes.guess_type(path.name)[0] or "application/octet-stream", etag, bodies)


def web_routes(directory: Path) -> Sequence[HTTPRouteHandler]:
    """The handlers of a build. Addresses that no page has are answered 404 like any other unknown route."""
    files = load_build(directory)

    @route(list(PAGES), http_method=READ, include_in_schema=False, name="page", sync_to_thread=False, opt=OVERLOOKS)
    def page(request: AnyRequest, path: str | None = None) -> Response[bytes]:
        """The one page there is: it reads its own address."""
        del path
        return sent(request, files["index.html"], PAGE_HEADERS)

    @route(
        "/assets/{path:path}",
        http_method=READ,
        include_in_schema=False,
        name="asset",
        sync_to_thread=False,
        opt=OVERLOOKS,
    )
    def asset(request: AnyRequest, path: FromPath[Path]) -> Response[bytes]:
        """Named by its content, so it may be kept for ever."""
        return sent(request, found(files, f"assets/{str(path).lstrip('/')}"), {"Cache-Control": FOR_EVER})

    names = sorted(name for name in files if "/" not in name and name != "index.html")

    @route(
        [f"/{name}" for name in names],
        http_method=READ,
        include_in_schema=False,
        name="file",
        sync_to_thread=False,
        opt=OVERLOOKS,
    )
    def file(request: AnyRequest) -> Response[bytes]:
        """The few files whose names are fixed."""
        return sent(request, found(files, request.scope["path"].lstrip("/")), {"Cache-Control": AN_HOUR})

    return [page, asset, file]


def with_page_for(directory: Path, refuse: Refuse) -> Refuse:
    """Answer a browser that asks for an address that is not there with the page, which says so; others as `refuse`."""
    page = stored(page_of(directory))

    def not_there(request: AnyRequest, error: Any) -> Response[bytes]:
        path, accepted = request.scope["path"], request.headers.get("accept", "")
        if request.method in READ and "text/html" in accepted and not path.startswith(OF_PROGRAMS):
            return Response(page.bodies[""], status_code=404, media_type=page.media_type, headers=dict(PAGE_HEADERS))
        return refuse(request, error)

    return not_there


def found(files: Mapping[str, StoredFile], name: str) -> StoredFile:
    """The file. Raises what the framework raises for unknown routes."""
    if name not in files:
        raise NotFoundException(detail=f"There is no file {name[:200]!r}.")
    return files[name]


def sent(request: AnyRequest, file: StoredFile, headers: Mapping[str, str]) -> Response[Any]:
    """The file in the best encoding, or 304."""
    common = {**headers, "ETag": file.etag, "Vary": "Accept-Encoding"}
    wanted = request.headers.get("if-none-match")
    if wanted is not None and not_modified(wanted, file.etag):
        return Response(b"", status_code=304, headers=common)
    encoding, body = file.encoded_for(request.headers.get("accept-encoding", ""))
    if encoding:
        common["Content-Encoding"] = encoding
    return Response(body, status_code=200, media_type=file.media_type, headers=common)
