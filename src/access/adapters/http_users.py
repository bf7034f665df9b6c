"""Users over HTTP, for super admins."""

from typing import Annotated
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter

from access.adapters.http_keys import keyed_write
from access.adapters.user_list import PostgresUserReader, Sort, UserFilter, UserPage, UserQuery, UserStanding
from access.domain import LastSuperAdmin, Role
from access.users import UserAdministration, UserStatus
from shared.http.command_route import TakesKey
from shared.http.parameters import reason_of
from shared.http.requests import AnyRequest, caller_of, super_admin
from shared.http.route_docs import refuses
from shared.lists.cursors import DEFAULT_LIMIT, PAGE_ORDER, PageCursor, PageLimit, PageSearch


async def user_filter(
    q: PageSearch = None,
    organization_id: Annotated[UUID | None, QueryParameter(description="Of this organization alone.")] = None,
    role: Annotated[Role | None, QueryParameter(description="Those with this role.")] = None,
    status: FromQuery[UserStanding | None] = None,
) -> UserFilter:
    """Which users."""
    return UserFilter(q, organization_id, role, status)


async def user_query(
    wanted: NamedDependency[UserFilter],
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
    sort: Annotated[Sort, PAGE_ORDER] = "email",
) -> UserQuery:
    """Which page of them."""
    return UserQuery(limit, cursor, sort, wanted)


class UsersController(Controller):
    """Those who can sign in."""

    path = "/users"
    tags = ("users",)
    guards = (super_admin,)

    @get(
        dependencies={"wanted": Provide(user_filter), "which_page": Provide(user_query)},
        operation_id="getUsers",
        summary="List users by e-mail",
    )
    async def page(self, which_page: NamedDependency[UserQuery], users: FromDishka[PostgresUserReader]) -> UserPage:
        """E-mails that begin with `q` come before those that have its words further on, or in the user's name."""
        return await users.page(which_page)

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
        """The user's sessions and access tokens end at once on every replica.

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
        """The user signs in with the old password. Sessions and API tokens that ended do not come back."""
        write = await keyed_write(request)
        return await users.activate(user_id, caller_of(request).user_id, reason_of(request), write)
