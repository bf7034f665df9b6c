"""Organizations over HTTP."""

from typing import Annotated
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import Struct

from organizations.adapters.cached import CachedOrganizationReader
from organizations.adapters.listing import OrganizationFilter, Sort
from organizations.adapters.postgres import OrganizationStatus
from organizations.adapters.reading import (
    OrganizationDetails,
    OrganizationInfo,
    OrganizationPage,
    OrganizationQuery,
    PostgresOrganizationReader,
)
from organizations.commands import (
    Command,
    OrganizationName,
    ReactivateOrganization,
    SuspendOrganization,
    UpdateOrganization,
)
from organizations.domain import OrganizationNotFound, OrganizationResult
from shared.cache.generations import Cached, encode_cached
from shared.commands.http import Asked, CommandSender
from shared.errors import FieldError
from shared.http.command_route import sends
from shared.http.requests import (
    AnyRequest,
    documented,
    organization_reader,
    organizations_reader,
    send_cached,
    super_admin,
)
from shared.lists.cursors import DEFAULT_LIMIT, PAGE_ORDER, PageCursor, PageLimit, PageSearch, ParameterMissing
from shared.text.forms import VISIBLE

CODE = QueryParameter(max_length=63, pattern=VISIBLE)
HAS_MODULE = QueryParameter(max_length=63, pattern=VISIBLE, description="They have this module.")
HAS_TEMPLATE = QueryParameter(
    max_length=63, pattern=VISIBLE, description="This industry's template was applied to them."
)
IN_VERSION = QueryParameter(ge=1, lt=2**31, description="In this version; needs `template_code`.")
IN_OLDER = QueryParameter(ge=1, lt=2**31, description="In a version older than this one; needs `template_code`.")

OrganizationPath = FromPath[UUID]


class OrganizationChanges(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different."""

    name: OrganizationName


class AppliedTemplate(Struct, frozen=True):
    """The template that was applied to those who are wanted, and in which versions."""

    code: str | None
    version: int | None
    older_than: int | None


async def applied_template(
    template_code: Annotated[str | None, HAS_TEMPLATE] = None,
    template_version: Annotated[int | None, IN_VERSION] = None,
    template_older_than: Annotated[int | None, IN_OLDER] = None,
) -> AppliedTemplate:
    """Which template. Raises `ParameterMissing`."""
    if template_code is None and (template_version, template_older_than) != (None, None):
        raise ParameterMissing(
            "A template_version or template_older_than needs the template_code it is of.",
            errors=[FieldError("template_code", "missing")],
        )
    return AppliedTemplate(template_code, template_version, template_older_than)


async def organization_filter(
    template: NamedDependency[AppliedTemplate],
    q: PageSearch = None,
    status: FromQuery[OrganizationStatus | None] = None,
    industry_code: Annotated[str | None, CODE] = None,
    module_id: Annotated[str | None, HAS_MODULE] = None,
) -> OrganizationFilter:
    """Which organizations."""
    return OrganizationFilter(q, status, industry_code, module_id, template.code, template.version, template.older_than)


async def organization_query(
    wanted: NamedDependency[OrganizationFilter],
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
    sort: Annotated[Sort, PAGE_ORDER] = "name",
    with_total: Annotated[bool, QueryParameter(description="Whether `total` is to be told.")] = False,
) -> OrganizationQuery:
    """Which page of them."""
    return OrganizationQuery(limit, cursor, sort, wanted, with_total)


class OrganizationsController(Controller):
    """What a super admin does with organizations, and what their people see."""

    path = "/organizations"
    tags = ["organizations"]

    @get(
        guards=[organizations_reader],
        dependencies={
            "template": Provide(applied_template),
            "wanted": Provide(organization_filter),
            "which_page": Provide(organization_query),
        },
        operation_id="getOrganizations",
        summary="Search organizations",
    )
    async def page(
        self, which_page: NamedDependency[OrganizationQuery], organizations: FromDishka[PostgresOrganizationReader]
    ) -> OrganizationPage:
        """Sorted by name, names that begin with `q` come first; `q` may be an organization's id as well.

        A page looks at some thousand organizations at most. So it may have fewer items than `limit`, even none, while
        `next_cursor` leads on to more.
        """
        return await organizations.page(which_page)

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
        summary="Get an organization's name, industry and status",
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
        operation_class=sends(UpdateOrganization),
        summary="Update an organization's name",
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
        operation_class=sends(SuspendOrganization),
        summary="Suspend an organization",
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
        operation_class=sends(ReactivateOrganization),
        summary="Reactivate an organization",
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
