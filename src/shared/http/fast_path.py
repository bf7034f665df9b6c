"""Answer the reads that other services send on every request before any routing.

Only what would be a plain success is answered here, with the bytes and headers the route would send; anything else
(another path, a parameter, no token, a stranger, an absent thing, an outage) goes on to the route, which says why.
"""

import re
from collections.abc import Awaitable, Callable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from shared.cache.generations import Cached
from shared.errors import Refused
from shared.http.authentication import bearer_token, may_read, within_scopes
from shared.http.responses import respond
from shared.ports import Authenticator

CANONICAL_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

Read = Callable[[str], Awaitable[Cached | None]]


class FastPath:
    """ASGI middleware for one GET route of organizations, such as `/api/v1/organizations/{organization_id}/modules`."""

    def __init__(self, app: ASGIApp, route: str, authenticator: Authenticator, read: Read) -> None:
        self._app = app
        self._route = route
        self._path = re.compile(route.replace("{organization_id}", f"({CANONICAL_UUID})"))
        self._authenticator = authenticator
        self._read = read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the route's successes; pass everything else on."""
        if scope["type"] == ScopeType.HTTP and scope["method"] == "GET" and not scope["query_string"]:
            match = self._path.fullmatch(scope["path"])
            if match is not None and (cached := await self._cached(scope, match[1])) is not None:
                scope["path_template"] = self._route  # as routing would have set it, for whoever counts
                await respond(scope, send, cached)
                return
        await self._app(scope, receive, send)

    async def _cached(self, scope: HTTPScope, organization_id: str) -> Cached | None:
        token = bearer_token(scope)
        if not token:
            return None
        try:
            caller = within_scopes(await self._authenticator.authenticate(token), scope["method"], scope["path"])
            return await self._read(organization_id) if may_read(caller, organization_id) else None
        except Refused:
            return None
