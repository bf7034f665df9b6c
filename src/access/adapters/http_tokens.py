"""API tokens over HTTP, for super admins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, delete, get, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from access.adapters.api_tokens import (
    ApiTokenFilter,
    ApiTokenPage,
    ApiTokenQuery,
    ApiTokenStatus,
    PostgresApiTokenReader,
    Sort,
)
from access.adapters.http_keys import keyed_write
from access.api_tokens import ApiTokens, CreatedApiToken, RevokedApiToken, WantedApiToken
from access.domain import MAX_NAME_LENGTH, ApiToken, ApiTokenRole, Scope, SecretNotKept
from shared.http.command_route import TakesKey
from shared.http.parameters import reason_of
from shared.http.requests import AnyRequest, caller_of, super_admin
from shared.http.route_docs import refuses
from shared.lists.cursors import DEFAULT_LIMIT, PAGE_ORDER, PageCursor, PageLimit, PageSearch

MAX_CREATOR = 300
NO_NUL = r"^[^\x00]*$"


class ApiTokenRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`service` reads, `super_admin` does everything that its scopes allow.

    With an `organization_id` a service reads that organization alone. Without `scopes` a token has all its role may,
    but `events:read`: with that a service which is bound to no organization reads the events of all.
    """

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_LENGTH)]
    role: ApiTokenRole
    organization_id: UUID | None = None
    scopes: Annotated[Sequence[Scope], Meta(min_length=1, max_length=10)] | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class ApiTokenResponse(ApiToken, frozen=True, kw_only=True):
    """`token` is shown this once, and kept nowhere."""

    token: str

    def __repr__(self) -> str:
        return f"ApiTokenResponse({self.id})"


async def token_filter(
    q: PageSearch = None,
    organization_id: Annotated[UUID | None, QueryParameter(description="Bound to this organization.")] = None,
    role: Annotated[ApiTokenRole | None, QueryParameter(description="Those with this role.")] = None,
    status: FromQuery[ApiTokenStatus | None] = None,
    created_by: Annotated[
        str | None,
        QueryParameter(max_length=MAX_CREATOR, pattern=NO_NUL, description="Made by this user, or with this token."),
    ] = None,
) -> ApiTokenFilter:
    """Which tokens."""
    return ApiTokenFilter(q, organization_id, role, status, created_by)


async def token_query(
    wanted: NamedDependency[ApiTokenFilter],
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
    sort: Annotated[Sort, PAGE_ORDER] = "-created_at",
) -> ApiTokenQuery:
    """Which page of them."""
    return ApiTokenQuery(limit, cursor, sort, wanted)


class ApiTokensController(Controller):
    """Tokens of programs."""

    path = "/tokens"
    tags = ("tokens",)
    guards = (super_admin,)

    @post(
        operation_id="createToken",
        opt=refuses(SecretNotKept),
        operation_class=TakesKey,
        summary="Create an API token",
        cache_control=CacheControlHeader(no_store=True),
    )
    async def create(
        self, request: AnyRequest, data: JSONBody[ApiTokenRequest], tokens: FromDishka[ApiTokens]
    ) -> ApiTokenResponse:
        """Send it as `Authorization: Bearer mpt_…`. In the audit trail its id stands where a person's would.

        Repeated with its Idempotency-Key within 24 hours, it answers with the same token and secret. It ends when the
        user who made it is deactivated.
        """
        wanted = WantedApiToken(
            name=data.name,
            role=data.role,
            organization_id=data.organization_id,
            scopes=data.scopes,
            expires_at=data.expires_at,
        )
        write = await keyed_write(request)
        return shown_once(await tokens.create(wanted, caller_of(request).user_id, reason_of(request), write))

    @get(
        dependencies={"wanted": Provide(token_filter), "which_page": Provide(token_query)},
        operation_id="getTokens",
        summary="List API tokens, newest first",
    )
    async def page(
        self, which_page: NamedDependency[ApiTokenQuery], tokens: FromDishka[PostgresApiTokenReader]
    ) -> ApiTokenPage:
        """Never their secrets. `last_used_at` is exact to a minute."""
        return await tokens.page(which_page)

    @delete(
        "/{token_id:uuid}",
        operation_id="revokeToken",
        operation_class=TakesKey,
        summary="Revoke an API token",
        status_code=200,
    )
    async def revoke(
        self,
        request: AnyRequest,
        token_id: FromPath[UUID],
        tokens: FromDishka[ApiTokens],
        with_minted: Annotated[
            bool, QueryParameter(description="Revoke the tokens that were made with it too, and those made with them.")
        ] = False,
    ) -> RevokedApiToken:
        """Every replica refuses it at once. Repeating it changes nothing.

        Tokens that were made with it live on, unless `with_minted` is true: the answer names them either way.
        """
        write = await keyed_write(request)
        caller = caller_of(request).user_id
        return await tokens.revoke(token_id, caller, reason_of(request), write, with_minted=with_minted)


def shown_once(created: CreatedApiToken) -> ApiTokenResponse:
    """The token as it is listed, and its secret."""
    described = {name: getattr(created.described, name) for name in ApiToken.__struct_fields__}
    return ApiTokenResponse(**described, token=created.token)
