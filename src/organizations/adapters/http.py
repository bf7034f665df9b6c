"""Organizations over HTTP."""

from typing import Annotated
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import Struct

from organizations.adapters.cached import CachedOrganizationReader
from organizations.adapters.postgres import OrganizationStatus
from organizations.adapters.reading import (
    OrganizationDetails,
    OrganizationInfo,
    OrganizationPage,
    OrganizationQuery,
    PostgresOrganizationReader,
    Sort,
)
from organizations.commands import (
    Command,
    OrganizationName,
    ReactivateOrganization,
    SuspendOrganization,
    UpdateOrganization,
)
from organizations.domain import OrganizationNotFound, OrganizationResult
from shared.adapters.command_operation import CommandOperation
from shared.adapters.http import (
    AnyRequest,
    documented,
    organization_reader,
    organizations_reader,
    send_cached,
    super_admin,
)
from shared.adapters.http_commands import Asked, CommandSender
from shared.cache import Cached, encode_cached

NO_NUL = r"^[^\x00]*$"

OrganizationPath = FromPath[UUID]


class OrganizationChanges(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different."""

    name: OrganizationName


async def organization_query(
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, QueryParameter(max_length=2000, description="`next_cursor` of a page.")] = None,
    sort: Annotated[Sort, QueryParameter(description="The order; `-` turns it round.")] = "name",
    q: Annotated[str | None, QueryParameter(max_length=200, pattern=NO_NUL, description="The name's begin.")] = None,
    status: Annotated[OrganizationStatus | None, QueryParameter()] = None,
    industry_code: Annotated[str | None, QueryParameter(max_length=63, pattern=NO_NUL)] = None,
) -> OrganizationQuery:
    """The list's parameters as one."""
    return OrganizationQuery(limit, cursor, sort, q, status, industry_code)


class OrganizationsController(Controller):
    """What a super admin does with organizations, and what their people see."""

    path = "/organizations"
    tags = ["organizations"]

    @get(
        guards=[organizations_reader],
        dependencies={"wanted": Provide(organization_query)},
        operation_id="getOrganizations",
        summary="Search organizations",
    )
    async def page(
        self, wanted: NamedDependency[OrganizationQuery], organizations: FromDishka[PostgresOrganizationReader]
    ) -> OrganizationPage:
        return await organizations.page(wanted)

    @get(
        "/{organization_id:uuid}",
        guards=[super_admin],
        operation_id="getOrganization",
        summary="Get an organization",
        responses=documented(OrganizationDetails),
    )
    async def organization(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        organizations: FromDishka[PostgresOrganizationReader],
    ) -> ASGIResponse:
        details = await organizations.organization(str(organization_id))
        cached = None if details is None else encode_cached(details.sequence, details)
        return send_cached(request, found(cached, organization_id))

    @get(
        "/{organization_id:uuid}/info",
        guards=[organization_reader],
        operation_id="getOrganizationInfo",
        summary="Get what an organization's people see of it",
        responses=documented(OrganizationInfo),
    )
    async def info(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        organizations: FromDishka[CachedOrganizationReader],
    ) -> ASGIResponse:
        return send_cached(request, found(await organizations.info(str(organization_id)), organization_id))

    @patch(
        "/{organization_id:uuid}",
        guards=[super_admin],
        operation_id="updateOrganization",
        operation_class=CommandOperation,
        summary="Rename an organization",
        responses=documented(OrganizationResult),
    )
    async def update(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        data: JSONBody[OrganizationChanges],
        sender: FromDishka[CommandSender],
    ) -> Response[bytes]:
        return await sender.answer(request, asked(UpdateOrganization(str(organization_id), data.name)))

    @post(
        "/{organization_id:uuid}/suspend",
        guards=[super_admin],
        status_code=200,
        operation_id="suspendOrganization",
        operation_class=CommandOperation,
        summary="Take an organization out of effect",
        responses=documented(OrganizationResult),
    )
    async def suspend(
        self, request: AnyRequest, organization_id: OrganizationPath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, asked(SuspendOrganization(str(organization_id))))

    @post(
        "/{organization_id:uuid}/reactivate",
        guards=[super_admin],
        status_code=200,
        operation_id="reactivateOrganization",
        operation_class=CommandOperation,
        summary="End an organization's suspension",
        responses=documented(OrganizationResult),
    )
    async def reactivate(
        self, request: AnyRequest, organization_id: OrganizationPath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, asked(ReactivateOrganization(str(organization_id))))


def asked(command: Command) -> Asked:
    """A command on one organization's stream."""
    id_ = command.organization_id
    return Asked("organizations", id_, command, organization_id=id_)


def found(cached: Cached | None, organization_id: UUID) -> Cached:
    """The bytes. Raises `OrganizationNotFound` when there are none."""
    if cached is None:
        raise OrganizationNotFound(f"There is no organization {organization_id}. See GET /api/v1/organizations.")
    return cached
