"""HTTP manners, once for all contexts: strict bodies, who is asking, cached bytes."""

import asyncio
import re
from codecs import BOM_UTF8
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from dishka import AsyncContainer
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.openapi import ResponseSpec
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from shared.cache.generations import Cached
from shared.errors import FieldError, Forbidden, Malformed, Refused, Unauthenticated, UnsupportedMedia
from shared.json.documents import duplicate_keys
from shared.json.patches import has_nul
from shared.ports import EVENTS_SCOPE, Authenticator, Caller
from shared.text.forms import flaws_in, unreadable

MAX_BODY_BYTES = 1024 * 1024
LARGE_BODY_BYTES = 16 * 1024
"""From here on reading a body once more takes longer than the event loop may be held."""
NO_BODY = (b"", b"{}", b"null")
EVERY_ORGANIZATION = ""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
EVENTS_PATH = "/api/v1/events"


AnyRequest: TypeAlias = Request[Any, Any, Any]


class InvalidBody(Malformed):
    """The body is not of the documented form."""


class UnsupportedContentEncoding(UnsupportedMedia):
    """The body is compressed."""


class NotSignedIn(Unauthenticated):
    """The request carries no token."""


class RoleRequired(Forbidden):
    """The caller's role does not reach this far."""


class ScopeRequired(Forbidden):
    """The token's scopes do not reach this far."""


class NotYourOrganization(Forbidden):
    """The caller belongs to another organization."""


@lru_cache
def strict_decoder(type_: Any) -> "msgspec.json.Decoder[Any]":
    """The decoder that bends nothing: no numbers from text, no unknown fields where the struct forbids them."""
    return msgspec.json.Decoder(type_)


class PlainRequest(Request[Any, Any, Any]):
    """A request whose body is read without the byte order mark that some clients put before UTF-8."""

    async def body(self) -> bytes:
        return (await super().body()).removeprefix(BOM_UTF8)


async def strict_body(request: Request[Any, Any, Any]) -> None:
    """Refuse a body that only a lax reading would accept, or that has a NUL, which the database cannot keep.

    Raises `InvalidBody` and `UnsupportedContentEncoding`.
    """
    if (encoding := request.headers.get("content-encoding", "identity").strip().lower()) not in {"", "identity"}:
        raise UnsupportedContentEncoding(
            f"Send the body as it is, without Content-Encoding: {encoding[:50]} is not taken here."
        )
    definition = request.route_handler.parsed_fn_signature.parameters.get("data")
    if definition is None:
        await refuse_body(request)
        return
    body = await request.body()
    try:
        decoded = strict_decoder(definition.annotation).decode(body)
    except msgspec.ValidationError as error:
        raise InvalidBody(f"The body does not fit: {error}", errors=[field_error(str(error))]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"The body is not JSON: {error}") from error
    if b"\\u0000" in body and has_nul(msgspec.json.decode(body)):
        raise InvalidBody("Text may not contain the character NUL (\\u0000).")
    large = len(body) > LARGE_BODY_BYTES
    if duplicates := await asyncio.to_thread(duplicate_keys, body) if large else duplicate_keys(body):
        raise InvalidBody("A key may be in an object once: which of its values is meant?", errors=duplicates)
    refuse_unreadable(decoded)


async def refuse_body(request: Request[Any, Any, Any]) -> None:
    """Raise `InvalidBody` for a body that the route would overlook. An empty object or null says nothing, as does none.

    Whoever sends `{"dry_run": true}` to an action without a body does not get the real thing.
    """
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    if (await request.body()).strip() not in NO_BODY:
        raise InvalidBody("This route takes no body. Nothing was done: put what it takes into the address.")


def refuse_unreadable(decoded: Any) -> None:
    """Raises `UnreadableText` for names that nobody could read, and `InvalidBody` for an empty search.

    The deciders refuse such names, too; here the fields have the names that the caller knows.
    """
    flaws = list(flaws_in(decoded))
    if errors := [error for kind, error in flaws if kind == "search"]:
        raise InvalidBody("A filter may not be empty: leave out what is not to be searched.", errors=errors)
    if flaws:
        raise unreadable([error for _, error in flaws])


def field_error(message: str) -> FieldError:
    """A message of msgspec with its path as a JSON pointer: "… - at `$.modules[3]`" is `/modules/3`."""
    text, _, path = message.partition(" - at `$")
    pointer = "".join("/" + part for part in re.findall(r"[^.\[\]`]+", path))
    named = re.search(r"(?:unknown|required) field `(.+?)`", text)
    return FieldError(f"{pointer}/{named.group(1)}" if named else pointer, text)


class Authentication:
    """ASGI middleware: who is asking. Never refuses by itself: guards do, so that public routes stay public.

    It also hands the process's container to the handlers: nothing that is injected lives for one request only.
    """

    def __init__(self, app: ASGIApp, container: AsyncContainer) -> None:
        self._app = app
        self._container = container
        self._authenticator: Authenticator | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Puts a `Caller`, or the refusal of the token, into the scope."""
        if scope["type"] == ScopeType.HTTP:
            scope["state"]["dishka_container"] = self._container
            scope["user"] = await self._caller(scope)
            scope["auth"] = None
        await self._app(scope, receive, send)

    async def _caller(self, scope: HTTPScope) -> Caller | Refused:
        token = bearer_token(scope)
        if not token:
            return NotSignedIn("Sign in first: POST /api/v1/auth/login, then send `Authorization: Bearer <token>`.")
        if self._authenticator is None:
            found: Authenticator = await self._container.get(Authenticator)
            self._authenticator = found
        authenticator: Authenticator = self._authenticator
        try:
            return within_scopes(await authenticator.authenticate(token), scope["method"], scope["path"])
        except Refused as refused:
            return refused


def within_scopes(caller: Caller, method: str, path: str) -> Caller:
    """The caller, if his scopes allow such requests. Raises `ScopeRequired`.

    The scope for events is enough to read events, and nothing else.
    """
    needed = "read" if method in SAFE_METHODS else "write"
    if needed not in caller.scopes:
        is_about_events = path == EVENTS_PATH or path.startswith(f"{EVENTS_PATH}/")
        if needed == "read" and is_about_events and EVENTS_SCOPE in caller.scopes:
            return caller
        raise ScopeRequired(f"This needs a token with the scope `{needed}`.")
    return caller


def bearer_token(scope: Scope) -> str:
    """The token of the Authorization header; empty when there is none."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, credentials = value.decode("latin-1").partition(" ")
            return credentials.strip() if scheme == "Bearer" or scheme.lower() == "bearer" else ""
    return ""


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """Who asks. Raises the refusal of a missing or bad token."""
    user = connection.scope["user"]
    if isinstance(user, Refused):
        raise user
    if not isinstance(user, Caller):
        raise NotSignedIn("Sign in first.")
    return user


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: anybody with a token of a person or a service. Asynchronous, for a sync guard costs a thread."""
    if caller_of(connection).operation_id is not None:
        raise RoleRequired("This token only reads its one operation. Sign in for anything else.")


async def super_admin(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: super admins."""
    if caller_of(connection).role != "super_admin":
        raise RoleRequired("Only a super admin may do this.")


async def organizations_reader(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: who may read every organization: super admins, and services that are bound to none."""
    if not may_read(caller_of(connection), EVERY_ORGANIZATION):
        raise RoleRequired("Only a super admin, or a service that is bound to no organization, may do this.")


async def organization_reader(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: super admins, services, and the organization's own people."""
    if not may_read(caller_of(connection), organization_in_path(connection)):
        raise NotYourOrganization("You may only reach your own organization.")


async def organization_writer(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: super admins and the organization's own admins."""
    caller = caller_of(connection)
    if not may_read(caller, organization_in_path(connection)) or caller.role == "service":
        raise NotYourOrganization("You may only change your own organization.")
    if caller.role not in {"super_admin", "organization_admin"}:
        raise RoleRequired("Only an admin of the organization may do this.")


def organization_in_path(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The organization a route is about."""
    return str(connection.path_params.get("organization_id", ""))


def may_read(caller: Caller, organization_id: str) -> bool:
    """Super admins read any organization, and so do services that are bound to none; its people read their own.

    One operation's token reads none.
    """
    own = caller.operation_id is None and caller.organization_id == organization_id
    return own or caller.role == "super_admin" or (caller.role == "service" and caller.organization_id is None)


def documented(shape: Any, status: int = 200) -> dict[int, ResponseSpec]:
    """What a handler that answers with ready bytes documents as its answer."""
    return {status: ResponseSpec(shape, media_type="application/json", generate_examples=False, description="Done.")}


def send_cached(request: Request[Any, Any, Any], cached: Cached) -> ASGIResponse:
    """The bytes as they are, or 304 when the caller has them."""
    wanted = request.headers.get("if-none-match")
    headers = [("etag", cached.etag), ("cache-control", "private, no-cache")]
    if wanted is not None and not_modified(wanted, cached.etag):
        return ASGIResponse(body=b"", status_code=304, headers=headers, media_type="application/json")
    return ASGIResponse(body=cached.body, headers=headers, media_type="application/json")


def not_modified(wanted: str, etag: str) -> bool:
    """Whether If-None-Match names the ETag (weak comparison, RFC 9110)."""
    return wanted.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in wanted.split(","))
