"""Signing in over HTTP, staying signed in, signing out."""

from typing import Annotated, Literal

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, post
from litestar.datastructures import CacheControlHeader, Cookie
from litestar.params import JSONBody
from msgspec import Meta, Struct

from access.domain import MAX_EMAIL_LENGTH, MAX_LOGIN_PASSWORD_LENGTH, SessionEnded
from access.ports import AccessSettings
from access.sessions import Sessions, SignedIn
from access.sign_in import SignIn
from shared.adapters.http import AnyRequest
from shared.adapters.rate_limits import client_address

REFRESH_COOKIE = "modplane_refresh"
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
    """Access tokens that were issued before end by themselves, within 15 minutes."""

    status: Literal["signed_out"] = "signed_out"


class AuthController(Controller):
    """For everybody: no token is asked for."""

    path = "/auth"
    tags = ("auth",)
    security = ({},)

    @post(
        "/login",
        operation_id="login",
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

        401 when e-mail or password is wrong, 403 (`organization_suspended`) for a suspended organization,
        429 after too many failures, for the account or from the address.
        """
        address = client_address(request.scope, settings.proxy_hops)
        return answer(await sign_in(data.email, data.password, address), settings)

    @post(
        "/refresh",
        operation_id="refresh",
        summary="Get a new access token for the refresh cookie",
        status_code=200,
        cache_control=NO_STORE,
    )
    async def refresh(
        self, request: AnyRequest, sessions: FromDishka[Sessions], settings: FromDishka[AccessSettings]
    ) -> Response[LoginResponse]:
        """The cookie is good for one use; the answer sets the next. One that comes twice ends the session.

        401 when there is no session (any more), 403 (`organization_suspended`) for a suspended organization.
        """
        presented = request.cookies.get(REFRESH_COOKIE)
        if presented is None:
            raise SessionEnded(f"There is no session: send the cookie {REFRESH_COOKIE} that signing in sets.")
        return answer(await sessions.refresh(presented), settings)

    @post(
        "/logout",
        operation_id="logout",
        summary="Sign out: end the session of the refresh cookie",
        status_code=200,
        cache_control=NO_STORE,
    )
    async def logout(
        self, request: AnyRequest, sessions: FromDishka[Sessions], settings: FromDishka[AccessSettings]
    ) -> Response[LogoutResponse]:
        """Harmless to repeat, and without a cookie."""
        await sessions.end(request.cookies.get(REFRESH_COOKIE, ""))
        return Response(LogoutResponse(), cookies=[refresh_cookie("", 0, settings)])


def answer(signed_in: SignedIn, settings: AccessSettings) -> Response[LoginResponse]:
    """The access token in the body, the refresh token where no script can read it."""
    access, refresh = signed_in.access, signed_in.refresh
    cookie = refresh_cookie(refresh.value, refresh.seconds, settings)
    return Response(LoginResponse(access.token, access.expires_in), cookies=[cookie])


def refresh_cookie(value: str, seconds: int, settings: AccessSettings) -> Cookie:
    """Sent to the routes of this controller alone, and never from another site."""
    return Cookie(
        REFRESH_COOKIE,
        value=value,
        max_age=seconds,
        path=REFRESH_PATH,
        httponly=True,
        samesite="strict",
        secure=settings.cookie_secure,
    )
