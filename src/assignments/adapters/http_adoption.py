"""Who uses what, over HTTP: pages for super admins."""

from collections.abc import Sequence

import msgspec
from dishka.integrations.litestar import FromDishka
from litestar import Controller, get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import Struct

from assignments.adapters.adoption import (
    IndustryOrganization,
    ModuleAdoption,
    ModuleOrganization,
    PostgresAdoptionReader,
)
from assignments.adapters.cached import CachedAdoptionReader
from assignments.refusals import IndustryNotFound, ModuleNotFound
from shared.adapters.http import AnyRequest, documented, send_cached, super_admin
from shared.adapters.paging import DEFAULT_LIMIT, Cursors, PageCursor, PageLimit
from shared.slugs import Slug

NO_MODULE = "No such module is registered. See GET /api/v1/module-registry."
NO_INDUSTRY = "There never was such an industry. See GET /api/v1/industries."


class ModuleOrganizationPage(Struct, frozen=True):
    """Organizations that have a module, by id. `count` is of all pages. `next_cursor` is null on the last one.

    Beyond a thousand, `count` follows the events, a moment behind the items.
    """

    items: Sequence[ModuleOrganization]
    count: int
    next_cursor: str | None


class IndustryOrganizationPage(Struct, frozen=True):
    """Organizations that have a template applied, older versions first. `next_cursor` is null on the last page."""

    items: Sequence[IndustryOrganization]
    next_cursor: str | None


class ModuleUsageController(Controller):
    """How far a module is used."""

    path = "/module-registry/{module_id:str}"
    guards = (super_admin,)
    tags = ("module registry",)

    @get("/organizations", operation_id="getModuleOrganizations", summary="List the organizations that have a module")
    async def organizations(
        self,
        module_id: FromPath[str],
        reader: FromDishka[PostgresAdoptionReader],
        cursors: FromDishka[Cursors],
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> ModuleOrganizationPage:
        given = await cursors.of("organizations of a module", module_id)
        after = given.place(cursor, str) or ""
        found = await reader.with_module(module_id, after, limit + 1) if is_slug(module_id) else None
        if found is None:
            raise ModuleNotFound(NO_MODULE)
        following = given.beyond(found.items, limit, lambda one: one.organization_id)
        return ModuleOrganizationPage(found.items[:limit], found.count, following)

    @get(
        "/adoption",
        operation_id="getModuleAdoption",
        summary="See how a module is taken up",
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

    @get(operation_id="getIndustryOrganizations", summary="List the organizations that have a template")
    async def organizations(
        self,
        industry_code: FromPath[str],
        reader: FromDishka[PostgresAdoptionReader],
        cursors: FromDishka[Cursors],
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> IndustryOrganizationPage:
        given = await cursors.of("organizations of a template", industry_code)
        after = given.place(cursor, tuple[int, str]) or (0, "")
        found = await reader.with_template(industry_code, after, limit + 1) if is_slug(industry_code) else None
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
