"""Who uses modules and templates, over HTTP: for super admins."""

from collections.abc import Sequence
from typing import Annotated, cast

from dishka.integrations.litestar import FromDishka
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import Struct

from assignments.adapters.cached import CachedAssignmentReader
from assignments.adapters.lists import IndustryOrganization, ModuleOrganizationPage, PostgresAssigneeLists
from assignments.adapters.usage import IndustriesUsage, ModuleAdoption, ModulesUsage
from assignments.adapters.violations import ConfigViolations, OrganizationViolation, TemplateViolation
from assignments.errors import IndustryNotFound, ModuleNotFound
from assignments.ports import OrganizationOrder, OrganizationSearch
from organizations.contract import OrganizationStatus
from shared.cache.generations import Cached
from shared.http.authentication import super_admin
from shared.http.bodies import AnyRequest
from shared.http.command_route import resource_route, send_found
from shared.http.responses import send_cached
from shared.lists.cursors import DEFAULT_LIMIT, PAGE_ORDER, Cursors, PageCursor, PageLimit, PageSearch
from shared.slugs import require_slug
from shared.text.forms import VISIBLE

CODE = QueryParameter(max_length=63, pattern=VISIBLE)
VERSION = QueryParameter(
    max_length=9,
    pattern=r"^(current|older|[1-9][0-9]{0,8})$",
    description="Only organizations on this version; `current` and `older` refer to the published version.",
)


class IndustryOrganizationPage(Struct, frozen=True):
    """Organizations that have a template applied, older versions first. `next_cursor` is null on the last page."""

    items: Sequence[IndustryOrganization]
    next_cursor: str | None


class ConfigViolationPage(Struct, frozen=True):
    """Organizations whose effective config does not fit the module's schema, by id, each with its first errors.

    A page may have fewer items than its limit, even none: `next_cursor` is null on the last page only. `templates`, on
    every page, are those whose current version by itself gives the module a config that does not fit.
    """

    items: Sequence[OrganizationViolation]
    templates: Sequence[TemplateViolation]
    next_cursor: str | None


async def organization_search(
    q: PageSearch = None,
    status: FromQuery[OrganizationStatus | None] = None,
    industry_code: Annotated[str | None, CODE] = None,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
    sort: Annotated[OrganizationOrder, PAGE_ORDER] = "name",
) -> OrganizationSearch:
    return OrganizationSearch(q=q, status=status, industry_code=industry_code, sort=sort, limit=limit, cursor=cursor)


class ModuleUsageController(Controller):
    path = "/module-registry/{module_id:str}"
    guards = (super_admin,)
    tags = ("module registry",)

    @get(
        "/organizations",
        dependencies={"wanted": Provide(organization_search)},
        operation_id="getModuleOrganizations",
        summary="Search the organizations that have a module",
    )
    async def organizations(
        self,
        module_id: FromPath[str],
        wanted: NamedDependency[OrganizationSearch],
        lists: FromDishka[PostgresAssigneeLists],
    ) -> ModuleOrganizationPage:
        """Sort by name, names that begin with `q` first. `q` may be an organization's id as well."""
        page = await lists.with_module(require_slug(module_id, no_module()), wanted)
        if page is None:
            raise no_module()
        return page

    @resource_route("/adoption", "getModuleAdoption", "Get a module's adoption over time", ModuleAdoption)
    async def adoption(
        self, request: AnyRequest, module_id: FromPath[str], reader: FromDishka[CachedAssignmentReader]
    ) -> ASGIResponse:
        cached = await reader.adoption(require_slug(module_id, no_module()))
        return send_found(request, cached, no_module())

    @get(
        "/violations",
        operation_id="getModuleViolations",
        summary="List configurations that violate a module's schema",
    )
    async def violations(
        self,
        module_id: FromPath[str],
        reader: FromDishka[ConfigViolations],
        cursors: FromDishka[Cursors],
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> ConfigViolationPage:
        list_cursors = await cursors.of("violations of a module's schema", module_id)
        after = list_cursors.place(cursor, str) or ""
        page = await reader.violations(require_slug(module_id, no_module()), after, limit)
        if page is None:
            raise no_module()
        return ConfigViolationPage(page.organizations, page.templates, list_cursors.following(page.reached))


class IndustryUsageController(Controller):
    """Includes deleted templates: organizations keep them."""

    path = "/industries/{industry_code:str}/organizations"
    guards = (super_admin,)
    tags = ("industries",)

    @get(operation_id="getIndustryOrganizations", summary="List the organizations that have an industry template")
    async def organizations(
        self,
        industry_code: FromPath[str],
        lists: FromDishka[PostgresAssigneeLists],
        cursors: FromDishka[Cursors],
        version: Annotated[str | None, VERSION] = None,
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> IndustryOrganizationPage:
        list_cursors = await cursors.of("organizations of a template", industry_code, version)
        after = list_cursors.place(cursor, tuple[int, str]) or (0, "")
        absent = IndustryNotFound("There never was such an industry. See GET /api/v1/industries.")
        rows = await lists.with_template(require_slug(industry_code, absent), version, after, limit + 1)
        if rows is None:
            raise absent
        next_cursor = list_cursors.beyond(rows, limit, lambda one: (one.version, one.organization_id))
        return IndustryOrganizationPage(rows[:limit], next_cursor)


class UsageController(Controller):
    """How many organizations use modules and templates."""

    path = "/usage"
    guards = (super_admin,)
    tags = ("usage",)

    @resource_route("/modules", "getModulesUsage", "Get each module's usage", ModulesUsage)
    async def modules(self, request: AnyRequest, reader: FromDishka[CachedAssignmentReader]) -> ASGIResponse:
        return send_cached(request, cast("Cached", await reader.modules_usage()))

    @resource_route(
        "/industries", "getIndustriesUsage", "Get each industry template's usage by version", IndustriesUsage
    )
    async def industries(self, request: AnyRequest, reader: FromDishka[CachedAssignmentReader]) -> ASGIResponse:
        return send_cached(request, cast("Cached", await reader.industries_usage()))


def no_module() -> ModuleNotFound:
    return ModuleNotFound("No such module is registered. See GET /api/v1/module-registry.")
