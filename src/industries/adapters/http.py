"""The industry templates over HTTP."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import msgspec
from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import UNSET, Meta, Struct, UnsetType

from industries.adapters.cached import CachedIndustryReader, LivingIndustryReader
from industries.adapters.listing import (
    IndustryFilter,
    IndustryList,
    IndustryQuery,
    IndustryStanding,
    PostgresIndustryList,
    Sort,
)
from industries.adapters.reading import IndustryDetails, IndustryModules, IndustryVersion, PostgresIndustryReader
from industries.commands import Command, CreateIndustry, DeleteIndustry, Description, IndustryName, UpdateIndustry
from industries.domain import DeletedIndustry, IndustryNotFound, IndustryResult
from industries.events import TemplateModule
from shared.cache.generations import Cached, encode_cached
from shared.commands.http import Asked, CommandSender
from shared.http.command_route import sends
from shared.http.requests import AnyRequest, NotSignedIn, RoleRequired, documented, send_cached, super_admin
from shared.http.route_docs import refuses
from shared.lists.cursors import DEFAULT_LIMIT, PAGE_ORDER, Cursors, PageCursor, PageLimit, PageSearch, SomeOrAll
from shared.ports import Caller
from shared.slugs import Slug

IndustryPath = FromPath[str]
Document = dict[str, Any]
Load = Callable[[str], Awaitable[Cached | None]]

APPLICABLE = QueryParameter(description="Those that can be applied as they are; `false`: those that cannot.")
BEYOND_ANY_VERSION = 2**31 - 1


class ModuleOfIndustry(Struct, frozen=True, forbid_unknown_fields=True):
    """A module a template shall have; its place in the list is its display order."""

    module_id: Slug
    is_required: bool
    default_config: Document = {}


ModuleList = Annotated[list[ModuleOfIndustry], Meta(max_length=2000)]


class IndustryToCreate(Struct, frozen=True, forbid_unknown_fields=True):
    """A template that is to be. `modules` is in display order."""

    industry_code: Annotated[Slug, Meta(examples=["bakery"])]
    industry_name: IndustryName
    description: Description = ""
    is_active: bool = True
    modules: ModuleList = []


class IndustryChanges(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different. Fields left out stay; `modules` is the whole list, and a changed one is a version."""

    industry_name: IndustryName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    modules: ModuleList | UnsetType = UNSET


class IndustryVersionPage(Struct, frozen=True):
    """Published versions, newest first. `next_cursor` is null on the last page."""

    items: Sequence[IndustryVersion]
    next_cursor: str | None


async def industry_filter(
    q: PageSearch = None,
    status: FromQuery[IndustryStanding | None] = None,
    applicable: Annotated[bool | None, APPLICABLE] = None,
    include_inactive: FromQuery[bool] = False,
) -> IndustryFilter:
    """Which templates."""
    return IndustryFilter(q, status, applicable, include_inactive)


async def industry_query(
    wanted: NamedDependency[IndustryFilter],
    limit: SomeOrAll = None,
    cursor: PageCursor = None,
    sort: Annotated[Sort | None, PAGE_ORDER] = None,
) -> IndustryQuery:
    """Which page of them."""
    return IndustryQuery(limit, cursor, sort, wanted)


class IndustriesController(Controller):
    """What everybody may choose from, before signup too. Super admins also see inactive templates by their code."""

    path = "/industries"
    tags = ["industries"]
    security = [{}, {"bearer": []}]  # nobody has to sign in, and a super admin's token shows more

    @get(
        dependencies={"wanted": Provide(industry_filter), "which_page": Provide(industry_query)},
        operation_id="getIndustries",
        opt=refuses(NotSignedIn, RoleRequired),
        summary="List or search industry templates",
        responses=documented(IndustryList),
    )
    async def everything(
        self,
        request: AnyRequest,
        which_page: NamedDependency[IndustryQuery],
        industries: FromDishka[CachedIndustryReader],
        living: FromDishka[LivingIndustryReader],
        listed: FromDishka[PostgresIndustryList],
    ) -> ASGIResponse:
        """Active ones; super admins may ask for the inactive. Sorted by name, names that begin with `q` come first.

        Without a filter, an order or a page, all of them in one page.
        """
        if which_page.wanted.shows_inactive:
            await super_admin(request, request.route_handler)
        if not which_page.is_for_all:
            return send_cached(request, encode_cached(0, await listed.page(which_page, DEFAULT_LIMIT)))
        if which_page.wanted.include_inactive:
            return send_cached(request, await living.everything())
        return send_cached(request, found(await industries.active(), "*"))

    @get(
        "/{industry_code:str}",
        operation_id="getIndustry",
        summary="Get an industry template",
        responses=documented(IndustryDetails),
    )
    async def industry(
        self,
        request: AnyRequest,
        industry_code: IndustryPath,
        industries: FromDishka[CachedIndustryReader],
        living: FromDishka[LivingIndustryReader],
    ) -> ASGIResponse:
        return await send(request, industry_code, industries.industry, living.industry)

    @get(
        "/{industry_code:str}/modules",
        operation_id="getIndustryModules",
        summary="List an industry template's modules",
        responses=documented(IndustryModules),
    )
    async def modules(
        self,
        request: AnyRequest,
        industry_code: IndustryPath,
        industries: FromDishka[CachedIndustryReader],
        living: FromDishka[LivingIndustryReader],
    ) -> ASGIResponse:
        return await send(request, industry_code, industries.modules, living.modules)


class IndustryAdministrationController(Controller):
    """What a super admin does with templates."""

    path = "/industries"
    guards = [super_admin]
    tags = ["industries"]

    @post(
        operation_id="createIndustry",
        operation_class=sends(CreateIndustry),
        summary="Create an industry template",
        responses=documented(IndustryResult, 201),
    )
    async def create(
        self, request: AnyRequest, data: JSONBody[IndustryToCreate], sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        command = CreateIndustry(
            data.industry_code, data.industry_name, data.description, data.is_active, listed(data.modules)
        )
        return await sender.answer(request, asked(data.industry_code, command), created=True)

    @patch(
        "/{industry_code:str}",
        operation_id="updateIndustry",
        operation_class=sends(UpdateIndustry),
        summary="Update an industry template",
        responses=documented(IndustryResult),
    )
    async def update(
        self,
        request: AnyRequest,
        industry_code: IndustryPath,
        data: JSONBody[IndustryChanges],
        sender: FromDishka[CommandSender],
    ) -> Response[bytes]:
        modules = UNSET if isinstance(data.modules, UnsetType) else listed(data.modules)
        command = UpdateIndustry(industry_code, data.industry_name, data.description, data.is_active, modules)
        return await sender.answer(request, asked(industry_code, command))

    @delete(
        "/{industry_code:str}",
        status_code=200,
        operation_id="deleteIndustry",
        operation_class=sends(DeleteIndustry),
        summary="Delete an industry template",
        responses=documented(DeletedIndustry),
    )
    async def remove(
        self, request: AnyRequest, industry_code: IndustryPath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, asked(industry_code, DeleteIndustry(industry_code)))

    @get(
        "/{industry_code:str}/versions",
        operation_id="getIndustryVersions",
        summary="List an industry template's versions",
        responses=documented(IndustryVersionPage),
    )
    async def versions(
        self,
        industry_code: IndustryPath,
        reader: FromDishka[PostgresIndustryReader],
        cursors: FromDishka[Cursors],
        limit: PageLimit = DEFAULT_LIMIT,
        cursor: PageCursor = None,
    ) -> IndustryVersionPage:
        given = await cursors.of("industry versions", industry_code)
        before = given.place(cursor, int)
        versions = await reader.versions(possible(industry_code), before or BEYOND_ANY_VERSION, limit + 1)
        if versions is None:
            raise not_found(industry_code)
        return IndustryVersionPage(versions[:limit], given.beyond(versions, limit, lambda one: one.version))


async def send(request: AnyRequest, industry_code: str, load_active: Load, load_living: Load) -> ASGIResponse:
    """What everybody sees; else, for a super admin, what is living."""
    cached = await load_active(possible(industry_code))
    user = request.scope["user"]
    if cached is None and isinstance(user, Caller) and user.role == "super_admin":
        cached = await load_living(industry_code)
    return send_cached(request, found(cached, industry_code))


def listed(modules: Sequence[ModuleOfIndustry]) -> list[TemplateModule]:
    """The list as commands have it."""
    return [TemplateModule(module.module_id, module.is_required, module.default_config) for module in modules]


def asked(industry_code: str, command: Command) -> Asked:
    """A command on one template's stream."""
    return Asked("industries", possible(industry_code), command)


def possible(industry_code: str) -> str:
    """A code that may exist. Raises `IndustryNotFound` for any other, before a key is made or a database asked."""
    try:
        return msgspec.convert(industry_code, Slug)
    except msgspec.ValidationError as error:
        raise not_found(industry_code) from error


def found(cached: Cached | None, industry_code: str) -> Cached:
    """The bytes. Raises `IndustryNotFound` when there are none."""
    if cached is None:
        raise not_found(industry_code)
    return cached


def not_found(industry_code: str) -> IndustryNotFound:
    """The refusal of an unknown code in a path."""
    return IndustryNotFound(f"There is no industry {industry_code[:63]!r}. See GET /api/v1/industries.")
