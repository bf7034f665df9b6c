"""API tokens over HTTP, for super admins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, delete, get, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct, structs

from access.adapters.http import keyed_write
from access.adapters.lists import ApiTokenFilter, ApiTokenPage, ApiTokenSort, PostgresApiTokenList
from access.api_tokens import ApiTokens, CreatedApiToken, NewApiToken, RevokedApiToken
from access.domain import MAX_NAME_LENGTH, ApiToken, ApiTokenRole, Scope, SecretNotKept
from shared.http.authentication import caller_of, super_admin
from shared.http.bodies import AnyRequest
from shared.http.command_route import TakesKey, refuses
from shared.http.parameters import reason_of
from shared.lists.lister import ListParams
from shared.lists.parameters import list_parameters


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
    """`token` is in this response only: it is not stored."""

    token: str

    def __repr__(self) -> str:
        return f"ApiTokenResponse({self.id})"


class ApiTokensController(Controller):
    """API tokens of programs, for super admins."""

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
        new = NewApiToken(**structs.asdict(data))
        write = await keyed_write(request)
        return with_secret(await tokens.create(new, caller_of(request).user_id, reason_of(request), write))

    @get(
        dependencies=list_parameters(ApiTokenFilter, ApiTokenSort, "-created_at"),
        operation_id="getTokens",
        summary="List API tokens, newest first",
    )
    async def page(
        self, params: NamedDependency[ListParams[ApiTokenFilter]], tokens: FromDishka[PostgresApiTokenList]
    ) -> ApiTokenPage:
        """Never their secrets. `last_used_at` is exact to a minute."""
        return await tokens.page(params)

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


def with_secret(created: CreatedApiToken) -> ApiTokenResponse:
    return ApiTokenResponse(**structs.asdict(created.described), token=created.token)
