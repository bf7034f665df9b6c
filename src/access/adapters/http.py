"""Signing in over HTTP, staying signed in, signing out."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, post
from litestar.datastructures import CacheControlHeader, Cookie
from litestar.params import JSONBody
from msgspec import Meta, Struct

from access.domain import (
    MAX_EMAIL_LENGTH,
    MAX_LOGIN_PASSWORD_LENGTH,
    OrganizationSuspended,
    SessionEnded,
    WrongCredentials,
)
from access.ports import AccessSettings
from access.sessions import Sessions, SignedIn
from access.sign_in import SignIn
from shared.http.rate_limits import client_address
from shared.http.requests import AnyRequest
from shared.http.route_docs import refuses
from shared.ports import Caller

# Cookies know no ports. With the port in its name, two installations on one machine do not end each other's sessions.
REFRESH_COOKIE = "modplane_refresh"
PORT = re.compile(r":([0-9]{1,5})$")
REFRESH_PATH = "/api/v1/auth"
NO_STORE = CacheControlHeader(no_store=True)


class LoginRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The password is bounded more widely than at signup: a wrong one is answered like any other wrong one."""

    email: Annotated[str, Meta(min_length=1, max_length=MAX_EMAIL_LENGTH)]
    password: Annotated[str, Meta(min_length=1, max_length=MAX_LOGIN_PASSWORD_LENGTH)]

    def __repr__(self) -> str:
        return "LoginRequest()"


class LoginResponse(Struct, frozen=True):
    """`expires_in` is in seconds."""

    access_token: str
    expires_in: int
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the scheme's name

    def __repr__(self) -> str:
        return f"LoginResponse(expires_in={self.expires_in})"


class LogoutResponse(Struct, frozen=True):
    """The session's access tokens are worth nothing from now on."""

    status: Literal["signed_out"] = "signed_out"


class AuthController(Controller):
    """For everybody: no token is asked for."""

    path = "/auth"
    tags = ("auth",)
    response_cookies = (Cookie(REFRESH_COOKIE, documentation_only=True),)
    security = ({},)

    @post(
        "/login",
        operation_id="login",
        opt=refuses(WrongCredentials, OrganizationSuspended),
        summary="Sign in with e-mail and password",
        status_code=200,
        cache_control=NO_STORE,
    )
    async def login(
        self,
        request: AnyRequest,
        data: JSONBody[LoginRequest],
        sign_in: FromDishka[SignIn],
        settings: FromDishka[AccessSettings],
    ) -> Response[LoginResponse]:
        """Answers with an access token, and sets the refresh cookie that `POST /auth/refresh` takes.

        The cookie is named `modplane_refresh`, at a port of its own `modplane_refresh_{port}`.

        401 when e-mail or password is wrong, 403 (`organization_suspended`) for a suspended organization,
        429 after too many failures from the address, at this account or at all.
        """
        address = client_address(request.scope, settings.proxy_hops)
        return answer(request, await sign_in(data.email, data.password, address), settings)

    @post(
        "/refresh",
        operation_id="refresh",
        opt=refuses(SessionEnded, OrganizationSuspended),
        summary="Refresh the access token",
        status_code=200,
        cache_control=NO_STORE,
    )
    async def refresh(
        self, request: AnyRequest, sessions: FromDishka[Sessions], settings: FromDishka[AccessSettings]
    ) -> Response[LoginResponse]:
        """The cookie is good for one use; the answer sets the next. One that comes twice ends the session.

        401 when there is no session (any more), 403 (`organization_suspended`) for a suspended organization.
        """
        presented = presented_by(request)
        if not presented:
            raise SessionEnded(f"There is no session: send the cookie {cookie_name(request)} that signing in sets.")
        return answer(request, await sessions.refresh(presented[0]), settings, replaced=names_sent(request))

    @post(
        "/logout",
        operation_id="logout",
        summary="Sign out and end the session",
        status_code=200,
        cache_control=NO_STORE,
    )
    async def logout(
        self, request: AnyRequest, sessions: FromDishka[Sessions], settings: FromDishka[AccessSettings]
    ) -> Response[LogoutResponse]:
        """Every replica refuses the session's access tokens at once. Harmless to repeat, and with neither."""
        caller = request.scope.get("user")
        await sessions.end(presented_by(request), caller.session_id if isinstance(caller, Caller) else None)
        cookies = [refresh_cookie(name, "", 0, settings) for name in names_sent(request) or [cookie_name(request)]]
        return Response(LogoutResponse(), cookies=cookies)


def cookie_name(request: AnyRequest) -> str:
    """The refresh cookie's name at the port the browser sees, none being the scheme's own."""
    port = PORT.search(request.headers.get("host", ""))
    return f"{REFRESH_COOKIE}_{port[1]}" if port else REFRESH_COOKIE


def names_sent(request: AnyRequest) -> Sequence[str]:
    """The refresh cookie that came: without one the cookie of earlier versions, whose name had no port."""
    names = [name for name in dict.fromkeys([cookie_name(request), REFRESH_COOKIE]) if request.cookies.get(name)]
    return names[:1]


def presented_by(request: AnyRequest) -> Sequence[str]:
    """The refresh token that came, if one did."""
    return [request.cookies[name] for name in names_sent(request)]


def answer(
    request: AnyRequest, signed_in: SignedIn, settings: AccessSettings, *, replaced: Sequence[str] = ()
) -> Response[LoginResponse]:
    """The access token in the body, the refresh token where no script can read it. `replaced` cookies go."""
    access, refresh, name = signed_in.access, signed_in.refresh, cookie_name(request)
    gone = [refresh_cookie(each, "", 0, settings) for each in replaced if each != name]
    cookie = refresh_cookie(name, refresh.value, refresh.seconds, settings)
    return Response(LoginResponse(access.token, access.expires_in), cookies=[cookie, *gone])


def refresh_cookie(name: str, value: str, seconds: int, settings: AccessSettings) -> Cookie:
    """Sent to the routes of this controller alone, and never from another site."""
    return Cookie(
        name,
        value=value,
        max_age=seconds,
        path=REFRESH_PATH,
        httponly=True,
        samesite="strict",
        secure=settings.cookie_secure,
    )
