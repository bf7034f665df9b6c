"""Signing in and out over HTTP, and users for super admins."""

import re
from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get, post
from litestar.datastructures import CacheControlHeader, Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from access.adapters.lists import PostgresUserList, UserFilter, UserPage, UserSort
from access.domain import (
    MAX_EMAIL_LENGTH,
    MAX_LOGIN_PASSWORD_LENGTH,
    LastSuperAdmin,
    OrganizationSuspended,
    SessionEnded,
    WrongCredentials,
)
from access.ports import AccessSettings, KeyedWrite
from access.sessions import Sessions, SignedIn, SignIn
from access.users import UserAdministration, UserStatus
from shared.commands.http import fingerprint, operation_id_for
from shared.http.authentication import caller_of, super_admin
from shared.http.bodies import AnyRequest
from shared.http.command_route import TakesKey, refuses
from shared.http.parameters import idempotency_key, reason_of
from shared.http.rate_limits import client_address
from shared.lists.lister import ListParams
from shared.lists.parameters import list_parameters
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
    """The session's access tokens are invalid from now on."""

    status: Literal["signed_out"] = "signed_out"


class AuthController(Controller):
    """Sign in, stay signed in, sign out. No token is needed."""

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
        return signed_in_response(request, await sign_in(data.email, data.password, address), settings)

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
        """Accept a cookie that is valid for one use, and set the next. A used one ends the session when sent again.

        401 when there is no session (any more), 403 (`organization_suspended`) for a suspended organization.
        """
        presented = refresh_tokens_in(request)
        if not presented:
            raise SessionEnded(f"There is no session: send the cookie {cookie_name(request)} that signing in sets.")
        return signed_in_response(request, await sessions.refresh(presented[0]), settings, replaced=names_sent(request))

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
        """End the session: every replica refuses its access tokens at once. Idempotent, also without a session."""
        caller = request.scope.get("user")
        await sessions.end(refresh_tokens_in(request), caller.session_id if isinstance(caller, Caller) else None)
        cookies = [refresh_cookie(name, "", 0, settings) for name in names_sent(request) or [cookie_name(request)]]
        return Response(LogoutResponse(), cookies=cookies)


def cookie_name(request: AnyRequest) -> str:
    """Return the refresh cookie's name at the port that the browser uses; the scheme's own port is not named."""
    port = PORT.search(request.headers.get("host", ""))
    return f"{REFRESH_COOKIE}_{port[1]}" if port else REFRESH_COOKIE


def names_sent(request: AnyRequest) -> Sequence[str]:
    """Return the name of the refresh cookie sent: without one, that of earlier versions, which had no port."""
    names = [name for name in dict.fromkeys([cookie_name(request), REFRESH_COOKIE]) if request.cookies.get(name)]
    return names[:1]


def refresh_tokens_in(request: AnyRequest) -> Sequence[str]:
    return [request.cookies[name] for name in names_sent(request)]


def signed_in_response(
    request: AnyRequest, signed_in: SignedIn, settings: AccessSettings, *, replaced: Sequence[str] = ()
) -> Response[LoginResponse]:
    """Put the refresh token where no script can read it; end `replaced` cookies."""
    access, refresh, name = signed_in.access, signed_in.refresh, cookie_name(request)
    gone = [refresh_cookie(each, "", 0, settings) for each in replaced if each != name]
    cookie = refresh_cookie(name, refresh.value, refresh.seconds, settings)
    return Response(LoginResponse(access.token, access.expires_in), cookies=[cookie, *gone])


def refresh_cookie(name: str, value: str, seconds: int, settings: AccessSettings) -> Cookie:
    """Restrict the cookie to the routes of this controller and to requests of the same site."""
    return Cookie(
        name,
        value=value,
        max_age=seconds,
        path=REFRESH_PATH,
        httponly=True,
        samesite="strict",
        secure=settings.cookie_secure,
    )


async def keyed_write(request: AnyRequest) -> KeyedWrite | None:
    """Return None without an Idempotency-Key. Raises `BadHeader`."""
    key = idempotency_key(request)
    if key is None:
        return None
    operation_id = operation_id_for(request, caller_of(request).user_id, key)
    body = await request.body()
    meaning = (msgspec.json.decode(body) if body else None, sorted(request.query_params.multi_items()))
    return KeyedWrite(operation_id, fingerprint(request, meaning), key)


class UsersController(Controller):
    """Users, for super admins."""

    path = "/users"
    tags = ("users",)
    guards = (super_admin,)

    @get(
        dependencies=list_parameters(UserFilter, UserSort, "email"),
        operation_id="getUsers",
        summary="List users by e-mail",
    )
    async def page(
        self, params: NamedDependency[ListParams[UserFilter]], users: FromDishka[PostgresUserList]
    ) -> UserPage:
        """E-mails that begin with `q` come before those that have its words further on, or in the user's name."""
        return await users.page(params)

    @post(
        "/{user_id:uuid}/deactivate",
        operation_id="deactivateUser",
        opt=refuses(LastSuperAdmin),
        operation_class=TakesKey,
        summary="Deactivate a user",
        status_code=200,
    )
    async def deactivate(
        self, request: AnyRequest, user_id: FromPath[UUID], users: FromDishka[UserAdministration]
    ) -> UserStatus:
        """End the user's sessions and access tokens, at once on every replica.

        So do the API tokens the user made, and those that were made with them: the answer names them. Look at
        `GET /tokens?created_by={user_id}` first, and make those anew that programs still need. 409 for the last super
        admin.
        """
        write = await keyed_write(request)
        return await users.deactivate(user_id, caller_of(request).user_id, reason_of(request), write)

    @post(
        "/{user_id:uuid}/activate",
        operation_id="activateUser",
        operation_class=TakesKey,
        summary="Activate a user",
        status_code=200,
    )
    async def activate(
        self, request: AnyRequest, user_id: FromPath[UUID], users: FromDishka[UserAdministration]
    ) -> UserStatus:
        """Let the user sign in with the old password. Sessions and API tokens that ended do not come back."""
        write = await keyed_write(request)
        return await users.activate(user_id, caller_of(request).user_id, reason_of(request), write)
