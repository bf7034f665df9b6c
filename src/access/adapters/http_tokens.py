"""API tokens over HTTP, for super admins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, delete, get, post
from litestar.datastructures import CacheControlHeader
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from access.adapters.api_tokens import ApiTokenPage, PostgresApiTokenReader
from access.api_tokens import ApiTokens, CreatedApiToken, WantedApiToken
from access.domain import MAX_NAME_LENGTH, ApiToken, ApiTokenRole, Scope
from shared.adapters.command_operation import TakesReason
from shared.adapters.http import AnyRequest, caller_of, super_admin
from shared.adapters.paging import DEFAULT_LIMIT, PageCursor, PageLimit


class ApiTokenRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`service` reads, `super_admin` does everything that its scopes allow.

    With an `organization_id` a service reads that organization alone. Without `scopes` a token has all its role may.
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


class ApiTokensController(Controller):
    """Tokens of programs."""

    path = "/tokens"
    tags = ("tokens",)
    guards = (super_admin,)

    @post(
        operation_id="createToken",
        operation_class=TakesReason,
        summary="Create an API token; its secret is shown once",
        cache_control=CacheControlHeader(no_store=True),
    )
    async def create(
        self, request: AnyRequest, data: JSONBody[ApiTokenRequest], tokens: FromDishka[ApiTokens]
    ) -> ApiTokenResponse:
        """Send it as `Authorization: Bearer mpt_…`. In the audit trail its id stands where a person's would."""
        wanted = WantedApiToken(
            name=data.name,
            role=data.role,
            organization_id=data.organization_id,
            scopes=data.scopes,
            expires_at=data.expires_at,
        )
        return shown_once(await tokens.create(wanted, caller_of(request).user_id))

    @get(operation_id="getTokens", summary="List API tokens, the youngest first")
    async def page(
        self,
        tokens: FromDishka[PostgresApiTokenReader],
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> ApiTokenPage:
        """Never their secrets. `last_used_at` is exact to a minute."""
        return await tokens.page(limit, cursor)

    @delete(
        "/{token_id:uuid}",
        operation_id="revokeToken",
        operation_class=TakesReason,
        summary="Revoke an API token",
        status_code=200,
    )
    async def revoke(self, request: AnyRequest, token_id: FromPath[UUID], tokens: FromDishka[ApiTokens]) -> ApiToken:
        """Every replica refuses it within three seconds. Repeating it changes nothing."""
        return await tokens.revoke(token_id, caller_of(request).user_id)


def shown_once(created: CreatedApiToken) -> ApiTokenResponse:
    """The token as it is listed, and its secret."""
    described = {name: getattr(created.described, name) for name in ApiToken.__struct_fields__}
    return ApiTokenResponse(**described, token=created.token)
