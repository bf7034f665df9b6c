"""Signing in over HTTP."""

from typing import Annotated, Literal

from dishka.integrations.litestar import FromDishka
from litestar import Controller, post
from litestar.datastructures import CacheControlHeader
from litestar.params import JSONBody
from msgspec import Meta, Struct

from access.domain import MAX_EMAIL_LENGTH, MAX_LOGIN_PASSWORD_LENGTH
from access.sign_in import SignIn


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
        cache_control=CacheControlHeader(no_store=True),
    )
    async def login(self, data: JSONBody[LoginRequest], sign_in: FromDishka[SignIn]) -> LoginResponse:
        """Answers 401 when e-mail or password is wrong, 403 (`organization_suspended`) for a suspended organization."""
        issued = await sign_in(data.email, data.password)
        return LoginResponse(issued.token, issued.expires_in)
