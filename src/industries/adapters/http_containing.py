"""A module's templates, over HTTP, for super admins."""

from collections.abc import Sequence

import msgspec
from dishka.integrations.litestar import FromDishka
from litestar import Controller, get
from litestar.params import FromPath
from msgspec import Struct

from industries.adapters.containing import ContainingTemplates, ModuleIndustry, Place, TemplatesOfModules, place_of
from industries.domain import ModuleNotFound
from shared.http.authentication import super_admin
from shared.lists.cursors import DEFAULT_LIMIT, Cursors, PageCursor, PageLimit
from shared.slugs import Slug

FIRST: Place = (False, "")


class ModuleIndustryPage(Struct, frozen=True):
    """Templates that contain a module, those that require it first. `next_cursor` is null on the last page.

    `count` is of all pages, `required_count` of those among them that require it.
    """

    items: Sequence[ModuleIndustry]
    count: int
    required_count: int
    next_cursor: str | None


class ModuleIndustriesController(Controller):
    """Which templates a change of a module concerns."""

    path = "/module-registry/{module_id:str}/industries"
    guards = (super_admin,)
    tags = ("module registry",)

    @get(operation_id="getModuleIndustries", summary="List the industry templates that contain a module")
    async def industries(
        self,
        module_id: FromPath[str],
        templates: FromDishka[TemplatesOfModules],
        cursors: FromDishka[Cursors],
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> ModuleIndustryPage:
        given = await cursors.of("industries of a module", module_id)
        after = given.place(cursor, tuple[bool, str]) or FIRST
        found = await self._containing(templates, module_id, after, limit + 1)
        following = given.beyond(found.items, limit, place_of)
        return ModuleIndustryPage(found.items[:limit], found.count, found.required_count, following)

    async def _containing(
        self, templates: TemplatesOfModules, module_id: str, after: Place, limit: int
    ) -> ContainingTemplates:
        try:
            found = await templates.containing(msgspec.convert(module_id, Slug), after, limit)
        except msgspec.ValidationError:
            found = None
        if found is None:
            raise ModuleNotFound("No such module is registered. See GET /api/v1/module-registry.")
        return found
