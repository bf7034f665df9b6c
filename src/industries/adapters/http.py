"""The industry templates over HTTP."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from industries.adapters.cached import CachedIndustryReader, UncachedIndustryReader
from industries.adapters.lists import (
    IndustryFilter,
    IndustryList,
    PostgresIndustryList,
    PostgresModuleMemberships,
    Sort,
)
from industries.adapters.queries import PostgresIndustryReader
from industries.commands import Command, CreateIndustry, DeleteIndustry, Description, IndustryName, UpdateIndustry
from industries.domain import DeletedIndustry, IndustryNotFound, IndustryResult, ModuleNotFound
from industries.events import TemplateModule
from industries.views import IndustryDetails, IndustryModules, IndustryVersion, ModuleIndustryPage
from shared.cache.generations import Cached, encode_cached
from shared.commands.http import Asked, CommandSender
from shared.http.authentication import NotSignedIn, RoleRequired, super_admin
from shared.http.bodies import AnyRequest
from shared.http.command_route import command_route, refuses, resource_route, send_found
from shared.http.responses import documented, send_cached
from shared.lists.cursors import DEFAULT_LIMIT, Cursors, PageCursor, PageLimit
from shared.lists.lister import ListParams
from shared.lists.parameters import list_parameters
from shared.ports import Caller
from shared.slugs import Slug, require_slug

IndustryPath = FromPath[str]
Document = dict[str, Any]
Load = Callable[[str], Awaitable[Cached | None]]

BEYOND_ANY_VERSION = 2**31 - 1


class ModuleOfIndustry(Struct, frozen=True, forbid_unknown_fields=True):
    """A module of a template; its place in the list is its display order."""

    module_id: Slug
    is_required: bool
    default_config: Document = {}


ModuleList = Annotated[list[ModuleOfIndustry], Meta(max_length=2000)]


class IndustryToCreate(Struct, frozen=True, forbid_unknown_fields=True):
    """A template to create. `modules` is in display order."""

    industry_code: Annotated[Slug, Meta(examples=["bakery"])]
    industry_name: IndustryName
    description: Description = ""
    is_active: bool = True
    modules: ModuleList = []


class IndustryChanges(Struct, frozen=True, forbid_unknown_fields=True):
    """Fields left out stay. `modules` is the whole list; a changed list is published as a new version."""

    industry_name: IndustryName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    modules: ModuleList | UnsetType = UNSET


class IndustryVersionPage(Struct, frozen=True):
    """Published versions, newest first. `next_cursor` is null on the last page."""

    items: Sequence[IndustryVersion]
    next_cursor: str | None


class IndustriesController(Controller):
    """What everybody may choose from, before signup too. Super admins also see inactive templates by their code."""

    path = "/industries"
    tags = ["industries"]
    security = [{}, {"bearer": []}]  # nobody has to sign in, and a super admin's token shows more

    @get(
        dependencies=list_parameters(IndustryFilter, Sort),
        operation_id="getIndustries",
        opt=refuses(NotSignedIn, RoleRequired),
        summary="List or search industry templates",
        responses=documented(IndustryList),
    )
    async def everything(
        self,
        request: AnyRequest,
        params: NamedDependency[ListParams[IndustryFilter]],
        industries: FromDishka[CachedIndustryReader],
        uncached: FromDishka[UncachedIndustryReader],
        listed: FromDishka[PostgresIndustryList],
    ) -> ASGIResponse:
        """Active ones; super admins may ask for the inactive. Sorted by name, names that begin with `q` come first.

        Without a filter, an order or a page, all of them in one page.
        """
        if params.filter.shows_inactive:
            await super_admin(request, request.route_handler)
        if not (params.is_for_all and params.filter.is_for_all):
            return send_cached(request, encode_cached(0, await listed.page(params)))
        if params.filter.include_inactive:
            return send_cached(request, await uncached.everything())
        return send_found(request, await industries.active(), not_found("*"))

    @resource_route("/{industry_code:str}", "getIndustry", "Get an industry template", IndustryDetails)
    async def industry(
        self,
        request: AnyRequest,
        industry_code: IndustryPath,
        industries: FromDishka[CachedIndustryReader],
        uncached: FromDishka[UncachedIndustryReader],
    ) -> ASGIResponse:
        return await send(request, industry_code, industries.industry, uncached.industry)

    @resource_route(
        "/{industry_code:str}/modules",
        "getIndustryModules",
        "List an industry template's modules",
        IndustryModules,
    )
    async def modules(
        self,
        request: AnyRequest,
        industry_code: IndustryPath,
        industries: FromDishka[CachedIndustryReader],
        uncached: FromDishka[UncachedIndustryReader],
    ) -> ASGIResponse:
        return await send(request, industry_code, industries.modules, uncached.modules)


class IndustryAdministrationController(Controller):
    """What a super admin does with templates."""

    path = "/industries"
    guards = [super_admin]
    tags = ["industries"]

    @command_route(
        post, "/", "createIndustry", "Create an industry template", IndustryResult, status=201, command=CreateIndustry
    )
    async def create(
        self, request: AnyRequest, data: JSONBody[IndustryToCreate], sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        command = CreateIndustry(**asdict(data) | {"modules": template_modules(data.modules)})
        return await sender.answer(request, request_for(data.industry_code, command), created=True)

    @command_route(
        patch,
        "/{industry_code:str}",
        "updateIndustry",
        "Update an industry template",
        IndustryResult,
        command=UpdateIndustry,
    )
    async def update(
        self,
        request: AnyRequest,
        industry_code: IndustryPath,
        data: JSONBody[IndustryChanges],
        sender: FromDishka[CommandSender],
    ) -> Response[bytes]:
        modules = UNSET if isinstance(data.modules, UnsetType) else template_modules(data.modules)
        command = UpdateIndustry(industry_code, **asdict(data) | {"modules": modules})
        return await sender.answer(request, request_for(industry_code, command))

    @command_route(
        delete,
        "/{industry_code:str}",
        "deleteIndustry",
        "Delete an industry template",
        DeletedIndustry,
        command=DeleteIndustry,
    )
    async def remove(
        self, request: AnyRequest, industry_code: IndustryPath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, request_for(industry_code, DeleteIndustry(industry_code)))

    @resource_route(
        "/{industry_code:str}/versions",
        "getIndustryVersions",
        "List an industry template's versions",
        IndustryVersionPage,
    )
    async def versions(
        self,
        industry_code: IndustryPath,
        reader: FromDishka[PostgresIndustryReader],
        cursors: FromDishka[Cursors],
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> IndustryVersionPage:
        issued = await cursors.of("industry versions", industry_code)
        before = issued.place(cursor, int)
        versions = await reader.versions(valid_code(industry_code), before or BEYOND_ANY_VERSION, limit + 1)
        if versions is None:
            raise not_found(industry_code)
        return IndustryVersionPage(versions[:limit], issued.beyond(versions, limit, lambda one: one.version))


class ModuleIndustriesController(Controller):
    """Which templates a change of a module concerns."""

    path = "/module-registry/{module_id:str}/industries"
    guards = (super_admin,)
    tags = ("module registry",)

    @get(operation_id="getModuleIndustries", summary="List the industry templates that contain a module")
    async def industries(
        self,
        module_id: FromPath[str],
        memberships: FromDishka[PostgresModuleMemberships],
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> ModuleIndustryPage:
        page = await memberships.page(require_slug(module_id, no_module()), limit, cursor)
        if page is None:
            raise no_module()
        return page


async def send(request: AnyRequest, industry_code: str, load_active: Load, load_any: Load) -> ASGIResponse:
    """Send the active template, or else, to a super admin, an inactive one."""
    cached = await load_active(valid_code(industry_code))
    user = request.scope["user"]
    if cached is None and isinstance(user, Caller) and user.role == "super_admin":
        cached = await load_any(industry_code)
    return send_found(request, cached, not_found(industry_code))


def template_modules(modules: Sequence[ModuleOfIndustry]) -> list[TemplateModule]:
    return [TemplateModule(**asdict(module)) for module in modules]


def request_for(industry_code: str, command: Command) -> Asked:
    return Asked("industries", valid_code(industry_code), command)


def valid_code(industry_code: str) -> str:
    return require_slug(industry_code, not_found(industry_code))


def not_found(industry_code: str) -> IndustryNotFound:
    return IndustryNotFound(f"There is no industry {industry_code[:63]!r}. See GET /api/v1/industries.")


def no_module() -> ModuleNotFound:
    return ModuleNotFound("No such module is registered. See GET /api/v1/module-registry.")
