"""The registry over HTTP."""

from typing import Annotated

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from registry.adapters.cached import CachedModuleReader, ModuleConfig
from registry.adapters.lists import AvailableFilter, ModuleFilter, ModuleList, PostgresModuleList, Sort
from registry.adapters.postgres import RegistryTables
from registry.adapters.queries import ModuleDetails
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
from shared.cache.generations import encode_cached
from shared.commands.http import Asked, CommandSender
from shared.http.authentication import signed_in, super_admin
from shared.http.bodies import AnyRequest
from shared.http.command_route import command_route, resource_route, send_found
from shared.http.responses import documented, send_cached
from shared.lists.lister import ListParams
from shared.lists.parameters import list_parameters
from shared.slugs import Slug, require_slug

ModulePath = FromPath[str]


class ModuleToRegister(Struct, frozen=True, forbid_unknown_fields=True):
    """A module to register. Configs must fit `config_schema`, a JSON Schema (draft-04 to 2020-12); null: any fits."""

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
    """Fields left out stay. Documents are replaced whole; a null schema removes it."""

    module_name: ModuleName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    service_name: ServiceName | UnsetType = UNSET
    api_endpoint: ApiEndpoint | UnsetType = UNSET
    version: ModuleVersion | UnsetType = UNSET
    metadata: Document | UnsetType = UNSET
    default_config: Document | UnsetType = UNSET
    config_schema: Document | UnsetType | None = UNSET


class RegistryController(Controller):
    """What a super admin does with modules."""

    path = "/module-registry"
    guards = [super_admin]
    tags = ["module registry"]

    @get(
        dependencies=list_parameters(ModuleFilter, Sort),
        operation_id="getModuleRegistry",
        summary="List or search registered modules",
        responses=documented(ModuleList),
    )
    async def everything(
        self,
        request: AnyRequest,
        params: NamedDependency[ListParams[ModuleFilter]],
        modules: FromDishka[CachedModuleReader],
        listed: FromDishka[PostgresModuleList],
    ) -> ASGIResponse:
        """Sorted by name, names that begin with `q` come first. Without any parameter, all modules in one page."""
        if params == ListParams(ModuleFilter()):
            return send_found(request, await modules.everything(), not_found("*"))
        return send_cached(request, encode_cached(0, await listed.page(params)))

    @command_route(post, "/", "registerModule", "Register a module", ModuleResult, status=201, command=RegisterModule)
    async def register(
        self, request: AnyRequest, data: JSONBody[ModuleToRegister], sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, request_for(data.module_id, RegisterModule(**asdict(data))), created=True)

    @resource_route("/{module_id:str}", "getModule", "Get a module", ModuleDetails)
    async def module(
        self, request: AnyRequest, module_id: ModulePath, modules: FromDishka[CachedModuleReader]
    ) -> ASGIResponse:
        return send_found(request, await modules.module(valid_id(module_id)), not_found(module_id))

    @resource_route("/{module_id:str}/config", "getModuleConfig", "Get a module's default configuration", ModuleConfig)
    async def config(
        self, request: AnyRequest, module_id: ModulePath, modules: FromDishka[CachedModuleReader]
    ) -> ASGIResponse:
        return send_found(request, await modules.config(valid_id(module_id)), not_found(module_id))

    @command_route(patch, "/{module_id:str}", "updateModule", "Update a module", ModuleResult, command=UpdateModule)
    async def update(
        self,
        request: AnyRequest,
        module_id: ModulePath,
        data: JSONBody[ModuleChanges],
        sender: FromDishka[CommandSender],
        tables: FromDishka[RegistryTables],
    ) -> Response[bytes]:
        """Refuse no existing config for new rules: `impact` counts those that do not fit."""
        command = UpdateModule(valid_id(module_id), **asdict(data))
        return await sender.answer(
            request, request_for(module_id, command), then=lambda outcome: tables.with_impact(command, outcome)
        )

    @command_route(
        delete,
        "/{module_id:str}",
        "deleteModule",
        "Delete a module that no organization has",
        DeletedModule,
        command=DeleteModule,
    )
    async def remove(
        self, request: AnyRequest, module_id: ModulePath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, request_for(valid_id(module_id), DeleteModule(module_id)))

    @command_route(
        post, "/{module_id:str}/activate", "activateModule", "Activate a module", ModuleResult, command=ActivateModule
    )
    async def activate(
        self, request: AnyRequest, module_id: ModulePath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, request_for(valid_id(module_id), ActivateModule(module_id)))

    @command_route(
        post,
        "/{module_id:str}/deactivate",
        "deactivateModule",
        "Deactivate a module",
        ModuleResult,
        command=DeactivateModule,
    )
    async def deactivate(
        self, request: AnyRequest, module_id: ModulePath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, request_for(valid_id(module_id), DeactivateModule(module_id)))


class AvailableModulesController(Controller):
    """What everybody who is signed in may choose from."""

    path = "/modules/available"
    guards = [signed_in]
    tags = ["modules"]

    @get(
        dependencies=list_parameters(AvailableFilter, Sort),
        operation_id="getAvailableModules",
        summary="List or search active modules",
        responses=documented(ModuleList),
    )
    async def available(
        self,
        request: AnyRequest,
        params: NamedDependency[ListParams[AvailableFilter]],
        modules: FromDishka[CachedModuleReader],
        listed: FromDishka[PostgresModuleList],
    ) -> ASGIResponse:
        """Sorted by name, names that begin with `q` come first. Without any parameter, all of them in one page."""
        if params == ListParams(AvailableFilter()):
            return send_found(request, await modules.available(), not_found("*"))
        return send_cached(request, encode_cached(0, await listed.available(params)))


def request_for(module_id: str, command: Command) -> Asked:
    return Asked("registry", module_id, command)


def valid_id(module_id: str) -> str:
    return require_slug(module_id, not_found(module_id))


def not_found(module_id: str) -> ModuleNotFound:
    return ModuleNotFound(f"No module {module_id[:63]!r} is registered. See GET /api/v1/module-registry.")
