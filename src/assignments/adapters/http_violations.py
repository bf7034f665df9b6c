"""Whose configs do not fit, over HTTP: pages for super admins."""

from collections.abc import Sequence

from dishka.integrations.litestar import FromDishka
from litestar import Controller, get
from litestar.params import FromPath
from msgspec import Struct

from assignments.adapters.http_adoption import NO_MODULE, is_slug
from assignments.adapters.violations import ConfigViolations, OrganizationViolation, TemplateViolation
from assignments.refusals import ModuleNotFound
from shared.http.requests import super_admin
from shared.lists.cursors import DEFAULT_LIMIT, Cursors, PageCursor, PageLimit


class ConfigViolationPage(Struct, frozen=True):
    """Organizations whose effective config does not fit the module's schema, by id, each with its first errors.

    They were there before the schema; their values are theirs to mend. A page may have fewer items than its limit, even
    none, and a next one all the same: `next_cursor` is null on the last. `templates`, on every page, are those whose
    current version gives the module a config that by itself does not fit.
    """

    items: Sequence[OrganizationViolation]
    templates: Sequence[TemplateViolation]
    next_cursor: str | None


class ConfigViolationsController(Controller):
    """What a change of a schema left behind."""

    path = "/module-registry/{module_id:str}/violations"
    guards = (super_admin,)
    tags = ("module registry",)

    @get(
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
        given = await cursors.of("violations of a module's schema", module_id)
        after = given.place(cursor, str) or ""
        found = await reader.violations(module_id, after, limit) if is_slug(module_id) else None
        if found is None:
            raise ModuleNotFound(NO_MODULE)
        following = None if found.reached is None else given.after(found.reached)
        return ConfigViolationPage(found.organizations, found.templates, following)
