"""Who uses what, over HTTP: pages for super admins."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from dishka.integrations.litestar import FromDishka
from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import Struct

from assignments.adapters.adoption import (
    IndustryOrganization,
    ModuleAdoption,
    ModuleOrganization,
    PostgresAdoptionReader,
)
from assignments.adapters.cached import CachedAdoptionReader
from assignments.facts import OrganizationStatus
from assignments.ports import OrganizationOrder, OrganizationSearch
from assignments.refusals import IndustryNotFound, ModuleNotFound
from shared.http.requests import AnyRequest, documented, send_cached, super_admin
from shared.lists.cursors import DEFAULT_LIMIT, PAGE_ORDER, Cursors, PageCursor, PageLimit, PageSearch
from shared.slugs import Slug
from shared.text.forms import VISIBLE

CODE = QueryParameter(max_length=63, pattern=VISIBLE)
VERSION = QueryParameter(
    max_length=9,
    pattern=r"^(current|older|[1-9][0-9]{0,8})$",
    description="Who has it in this version; `current` and `older` go by the version that is published now.",
)
NO_MODULE = "No such module is registered. See GET /api/v1/module-registry."
NO_INDUSTRY = "There never was such an industry. See GET /api/v1/industries."


class ModuleOrganizationPage(Struct, frozen=True):
    """Organizations that have a module. `next_cursor` is null on the last page, and there alone.

    A page may have fewer items than `limit`, even none, before the last: it looks at a bounded number of
    organizations. `count` is of all who have the module, whatever was asked for; beyond a thousand it follows the
    events, a moment behind the items.
    """

    items: Sequence[ModuleOrganization]
    count: int
    next_cursor: str | None


class IndustryOrganizationPage(Struct, frozen=True):
    """Organizations that have a template applied, older versions first. `next_cursor` is null on the last page."""

    items: Sequence[IndustryOrganization]
    next_cursor: str | None


async def organization_search(
    q: PageSearch = None,
    status: FromQuery[OrganizationStatus | None] = None,
    industry_code: Annotated[str | None, CODE] = None,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
    sort: Annotated[OrganizationOrder, PAGE_ORDER] = "name",
) -> OrganizationSearch:
    """Which of the organizations."""
    return OrganizationSearch(q=q, status=status, industry_code=industry_code, sort=sort, limit=limit, cursor=cursor)


class ModuleUsageController(Controller):
    """How far a module is used."""

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
        reader: FromDishka[PostgresAdoptionReader],
    ) -> ModuleOrganizationPage:
        """Sorted by name, names that begin with `q` come first; `q` may be an organization's id as well."""
        found = await reader.with_module(module_id, wanted) if is_slug(module_id) else None
        if found is None:
            raise ModuleNotFound(NO_MODULE)
        return ModuleOrganizationPage(found.items, found.count, found.next_cursor)

    @get(
        "/adoption",
        operation_id="getModuleAdoption",
        summary="Get a module's adoption over time",
        responses=documented(ModuleAdoption),
    )
    async def adoption(
        self, request: AnyRequest, module_id: FromPath[str], reader: FromDishka[CachedAdoptionReader]
    ) -> ASGIResponse:
        cached = await reader.adoption(module_id) if is_slug(module_id) else None
        if cached is None:
            raise ModuleNotFound(NO_MODULE)
        return send_cached(request, cached)


class IndustryUsageController(Controller):
    """How far a template is used; a deleted one stays with those who have it."""

    path = "/industries/{industry_code:str}/organizations"
    guards = (super_admin,)
    tags = ("industries",)

    @get(operation_id="getIndustryOrganizations", summary="List the organizations that have an industry template")
    async def organizations(
        self,
        industry_code: FromPath[str],
        reader: FromDishka[PostgresAdoptionReader],
        cursors: FromDishka[Cursors],
        version: Annotated[str | None, VERSION] = None,
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> IndustryOrganizationPage:
        given = await cursors.of("organizations of a template", industry_code, version)
        after = given.place(cursor, tuple[int, str]) or (0, "")
        known = is_slug(industry_code)
        found = await reader.with_template(industry_code, version, after, limit + 1) if known else None
        if found is None:
            raise IndustryNotFound(NO_INDUSTRY)
        following = given.beyond(found, limit, lambda one: (one.version, one.organization_id))
        return IndustryOrganizationPage(found[:limit], following)


def is_slug(id_: str) -> bool:
    """Whether the id is one that a module or an industry may have, before a key is made or a database asked."""
    try:
        msgspec.convert(id_, Slug)
    except msgspec.ValidationError:
        return False
    return True
