"""Who sends a request: the bearer token becomes a caller, and guards decide what the caller may do."""

from typing import Any

from dishka import AsyncContainer
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from shared.errors import Forbidden, Refused, Unauthenticated
from shared.ports import EVENTS_SCOPE, Authenticator, Caller

EVERY_ORGANIZATION = ""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
EVENTS_PATH = "/api/v1/events"


class NotSignedIn(Unauthenticated):
    """The request carries no token."""


class RoleRequired(Forbidden):
    """The caller's role does not reach this far."""


class ScopeRequired(Forbidden):
    """The token's scopes do not reach this far."""


class NotYourOrganization(Forbidden):
    """The caller belongs to another organization."""


class Authentication:
    """ASGI middleware: authenticate. Never refuses by itself: guards do, so that public routes stay public."""

    def __init__(self, app: ASGIApp, container: AsyncContainer) -> None:
        self._app = app
        self._container = container
        self._authenticator: Authenticator | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
    """Raise `ScopeRequired`. The scope for events is enough to read events, and nothing else."""
    needed = "read" if method in SAFE_METHODS else "write"
    if needed not in caller.scopes:
        is_about_events = path == EVENTS_PATH or path.startswith(f"{EVENTS_PATH}/")
        if needed == "read" and is_about_events and EVENTS_SCOPE in caller.scopes:
            return caller
        raise ScopeRequired(f"This needs a token with the scope `{needed}`.")
    return caller


def bearer_token(scope: Scope) -> str:
    """Return the token of the Authorization header; empty when there is none."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, credentials = value.decode("latin-1").partition(" ")
            return credentials.strip() if scheme == "Bearer" or scheme.lower() == "bearer" else ""
    return ""


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
    """Raise the refusal of a missing or bad token."""
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
    return str(connection.path_params.get("organization_id", ""))


def may_read(caller: Caller, organization_id: str) -> bool:
    own = caller.operation_id is None and caller.organization_id == organization_id
    return own or caller.role == "super_admin" or (caller.role == "service" and caller.organization_id is None)
