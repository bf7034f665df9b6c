"""The registry over HTTP."""

from typing import Annotated

import msgspec
from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from registry.adapters.cached import CachedModuleReader, ModuleConfig
from registry.adapters.impact import ModuleImpacts
from registry.adapters.listing import (
    ModuleFilter,
    ModuleList,
    ModuleQuery,
    ModuleStanding,
    PostgresModuleList,
    Sort,
)
from registry.adapters.postgres import ModuleDetails
from registry.commands import (
    ActivateModule,
    ApiEndpoint,
    Category,
    Command,
    DeactivateModule,
    DeleteModule,
    Description,
    Document,
    ModuleName,
    ModuleVersion,
    RegisterModule,
    ServiceName,
    UpdateModule,
)
from registry.domain import DeletedModule, ModuleNotFound, ModuleResult
from shared.cache.generations import Cached, encode_cached
from shared.commands.http import Asked, CommandSender
from shared.http.command_route import sends
from shared.http.requests import AnyRequest, documented, send_cached, signed_in, super_admin
from shared.lists.cursors import DEFAULT_LIMIT, PAGE_ORDER, PageCursor, PageSearch, SomeOrAll
from shared.slugs import Slug
from shared.text.forms import VISIBLE, composed

ModulePath = FromPath[str]
CATEGORY = QueryParameter(max_length=100, pattern=VISIBLE, description="Those of this category.")
SERVICE = QueryParameter(max_length=200, pattern=VISIBLE, description="Those that this service provides.")


class ModuleToRegister(Struct, frozen=True, forbid_unknown_fields=True):
    """A module that is to be known.

    Configs have to fit `config_schema`, a JSON Schema (draft-04 to 2020-12, as its `$schema` says); null: any will do.
    """

    module_id: Annotated[Slug, Meta(examples=["field_service"])]
    module_name: ModuleName
    category: Category
    service_name: ServiceName
    api_endpoint: ApiEndpoint
    version: ModuleVersion
    description: Description = ""
    metadata: Document = {}
    default_config: Document = {}
    config_schema: Document | None = None
    is_active: bool = True


class ModuleChanges(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different. Fields left out stay; documents are replaced whole, and a null schema is taken away."""

    module_name: ModuleName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    service_name: ServiceName | UnsetType = UNSET
    api_endpoint: ApiEndpoint | UnsetType = UNSET
    version: ModuleVersion | UnsetType = UNSET
    metadata: Document | UnsetType = UNSET
    default_config: Document | UnsetType = UNSET
    config_schema: Document | UnsetType | None = UNSET


async def module_filter(
    q: PageSearch = None,
    category: Annotated[str | None, CATEGORY] = None,
    service_name: Annotated[str | None, SERVICE] = None,
    status: FromQuery[ModuleStanding | None] = None,
) -> ModuleFilter:
    """Which modules."""
    return ModuleFilter(q, kept(category), kept(service_name), status)


async def available_filter(
    q: PageSearch = None,
    category: Annotated[str | None, CATEGORY] = None,
    service_name: Annotated[str | None, SERVICE] = None,
) -> ModuleFilter:
    """Which of the active modules."""
    return ModuleFilter(q, kept(category), kept(service_name))


def kept(text: str | None) -> str | None:
    """A name as the registry keeps it, however it is typed."""
    return None if text is None else composed(text)


async def module_query(
    wanted: NamedDependency[ModuleFilter],
    limit: SomeOrAll = None,
    cursor: PageCursor = None,
    sort: Annotated[Sort | None, PAGE_ORDER] = None,
) -> ModuleQuery | None:
    """Which page of them; None: all, in the order of their names."""
    if wanted == ModuleFilter() and {limit, cursor, sort} == {None}:
        return None
    return ModuleQuery(limit or DEFAULT_LIMIT, cursor, sort or "name", wanted)


class RegistryController(Controller):
    """What a super admin does with modules."""

    path = "/module-registry"
    guards = [super_admin]
    tags = ["module registry"]

    @get(
        dependencies={"wanted": Provide(module_filter), "which_page": Provide(module_query)},
        operation_id="getModuleRegistry",
        summary="List or search registered modules",
        responses=documented(ModuleList),
    )
    async def everything(
        self,
        request: AnyRequest,
        which_page: NamedDependency[ModuleQuery | None],
        modules: FromDishka[CachedModuleReader],
        listed: FromDishka[PostgresModuleList],
    ) -> ASGIResponse:
        """Sorted by name, names that begin with `q` come first. Without any parameter, all modules in one page."""
        if which_page is None:
            return send_cached(request, found(await modules.everything(), "*"))
        return send_cached(request, encode_cached(0, await listed.page(which_page)))

    @post(
        operation_id="registerModule",
        operation_class=sends(RegisterModule),
        summary="Register a module",
        responses=documented(ModuleResult, 201),
    )
    async def register(
        self, request: AnyRequest, data: JSONBody[ModuleToRegister], sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, asked(data.module_id, RegisterModule(**asdict(data))), created=True)

    @get("/{module_id:str}", operation_id="getModule", summary="Get a module", responses=documented(ModuleDetails))
    async def module(
        self, request: AnyRequest, module_id: ModulePath, modules: FromDishka[CachedModuleReader]
    ) -> ASGIResponse:
        return send_cached(request, found(await modules.module(possible(module_id)), module_id))

    @get(
        "/{module_id:str}/config",
        operation_id="getModuleConfig",
        summary="Get a module's default configuration",
        responses=documented(ModuleConfig),
    )
    async def config(
        self, request: AnyRequest, module_id: ModulePath, modules: FromDishka[CachedModuleReader]
    ) -> ASGIResponse:
        return send_cached(request, found(await modules.config(possible(module_id)), module_id))

    @patch(
        "/{module_id:str}",
        operation_id="updateModule",
        operation_class=sends(UpdateModule),
        summary="Update a module",
        responses=documented(ModuleResult),
    )
    async def update(
        self,
        request: AnyRequest,
        module_id: ModulePath,
        data: JSONBody[ModuleChanges],
        sender: FromDishka[CommandSender],
        impacts: FromDishka[ModuleImpacts],
    ) -> Response[bytes]:
        """New rules for configs refuse none that exists: `impact` counts those that do not fit."""
        command = UpdateModule(possible(module_id), **asdict(data))
        return await sender.answer(
            request, asked(module_id, command), then=lambda outcome: impacts.told(command, outcome)
        )

    @delete(
        "/{module_id:str}",
        status_code=200,
        operation_id="deleteModule",
        operation_class=sends(DeleteModule),
        summary="Delete a module that no organization has",
        responses=documented(DeletedModule),
    )
    async def remove(
        self, request: AnyRequest, module_id: ModulePath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, asked(possible(module_id), DeleteModule(module_id)))

    @post(
        "/{module_id:str}/activate",
        status_code=200,
        operation_id="activateModule",
        operation_class=sends(ActivateModule),
        summary="Activate a module",
        responses=documented(ModuleResult),
    )
    async def activate(
        self, request: AnyRequest, module_id: ModulePath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, asked(possible(module_id), ActivateModule(module_id)))

    @post(
        "/{module_id:str}/deactivate",
        status_code=200,
        operation_id="deactivateModule",
        operation_class=sends(DeactivateModule),
        summary="Deactivate a module",
        responses=documented(ModuleResult),
    )
    async def deactivate(
        self, request: AnyRequest, module_id: ModulePath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, asked(possible(module_id), DeactivateModule(module_id)))


class AvailableModulesController(Controller):
    """What everybody who is signed in may choose from."""

    path = "/modules/available"
    guards = [signed_in]
    tags = ["modules"]

    @get(
        dependencies={"wanted": Provide(available_filter), "which_page": Provide(module_query)},
        operation_id="getAvailableModules",
        summary="List or search active modules",
        responses=documented(ModuleList),
    )
    async def available(
        self,
        request: AnyRequest,
        which_page: NamedDependency[ModuleQuery | None],
        modules: FromDishka[CachedModuleReader],
        listed: FromDishka[PostgresModuleList],
    ) -> ASGIResponse:
        """Sorted by name, names that begin with `q` come first. Without any parameter, all of them in one page."""
        if which_page is None:
            return send_cached(request, found(await modules.available(), "*"))
        return send_cached(request, encode_cached(0, await listed.available(which_page)))


def asked(module_id: str, command: Command) -> Asked:
    """A command on one module's stream."""
    return Asked("registry", module_id, command)


def possible(module_id: str) -> str:
    """An id that may exist. Raises `ModuleNotFound` for any other, before a key is made or a command sent."""
    try:
        return msgspec.convert(module_id, Slug)
    except msgspec.ValidationError as error:
        raise not_found(module_id) from error


def found(cached: Cached | None, module_id: str) -> Cached:
    """The bytes. Raises `ModuleNotFound` when there are none."""
    if cached is None:
        raise not_found(module_id)
    return cached


def not_found(module_id: str) -> ModuleNotFound:
    """The refusal of an unknown id in a path."""
    return ModuleNotFound(f"No module {module_id[:63]!r} is registered. See GET /api/v1/module-registry.")
