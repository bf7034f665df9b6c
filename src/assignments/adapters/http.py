"""Assignments over HTTP: what an organization has, and what a super admin does about it."""

from typing import Annotated
from uuid import UUID

from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import UNSET, Meta, Struct, UnsetType

from assignments.adapters.cached import CachedAssignmentReader
from assignments.adapters.queries import OrganizationModuleDetails, OrganizationModules, PostgresAssignmentReader
from assignments.commands import (
    ApplyIndustryTemplate,
    AssignmentResult,
    AssignModule,
    BulkAssignModules,
    Command,
    Config,
    ConfigResult,
    Mode,
    RestoreAssignments,
    UnassignModule,
    UpdateModuleConfig,
)
from assignments.errors import ModuleNotAssigned, OrganizationNotFound
from assignments.ports import OrganizationIndustry
from assignments.set_industry import set_industry
from shared.cache.generations import encode_cached
from shared.commands.http import Asked, CommandSender, IfMatchRequired
from shared.http.authentication import caller_of, organization_reader, organization_writer, super_admin
from shared.http.bodies import AnyRequest
from shared.http.command_route import command_route, refuses, resource_route, send_found
from shared.slugs import Slug, require_slug

OrganizationPath = FromPath[UUID]
ModulePath = FromPath[str]
Sender = FromDishka[CommandSender]


class ModuleToAssign(Struct, frozen=True, forbid_unknown_fields=True):
    """A module to assign. Without `config`, the one kept from an earlier assignment is used if it is valid."""

    module_id: Slug
    config: Config | UnsetType = UNSET


class ModulesToAssign(Struct, frozen=True, forbid_unknown_fields=True):
    """Modules to assign, all or none; with `industry_code` as part of that template.

    The version is the one that the organization has applied; without any, the current one.
    """

    module_ids: Annotated[list[Slug], Meta(min_length=1, max_length=2000)]
    industry_code: Slug | None = None


class TemplateToApply(Struct, frozen=True, forbid_unknown_fields=True):
    """A template to apply, in addition to others or in their place."""

    industry_code: Slug
    mode: Mode = "add"


class UnassignmentToRestore(Struct, frozen=True, forbid_unknown_fields=True):
    """An unassignment to undo: the `operation_id` of its answer, and of its event."""

    operation_id: UUID


class OrganizationModulesController(Controller):
    path = "/organizations/{organization_id:uuid}/modules"
    tags = ["organizations"]

    @resource_route(
        "/",
        "getOrganizationModules",
        "List an organization's modules",
        OrganizationModules,
        guards=[organization_reader],
    )
    async def modules(
        self, request: AnyRequest, organization_id: OrganizationPath, assignments: FromDishka[CachedAssignmentReader]
    ) -> ASGIResponse:
        absent = OrganizationNotFound(f"There is no organization {organization_id}. Check the id in the path.")
        return send_found(request, await assignments.modules(str(organization_id)), absent)

    @resource_route(
        "/{module_id:str}",
        "getOrganizationModule",
        "Get an organization's module with the layers of its configuration",
        OrganizationModuleDetails,
        guards=[organization_reader],
    )
    async def module(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        module_id: ModulePath,
        assignments: FromDishka[PostgresAssignmentReader],
    ) -> ASGIResponse:
        module = await assignments.module(str(organization_id), assignable_id(module_id))
        cached = None if module is None else encode_cached(module.sequence, module)
        absent = ModuleNotAssigned("The organization does not have this module. Check the ids in the path.")
        return send_found(request, cached, absent)

    @command_route(
        patch,
        "/{module_id:str}",
        "updateModuleConfig",
        "Update an organization's configuration of a module",
        ConfigResult,
        command=UpdateModuleConfig,
        guards=[organization_writer],
        opt=refuses(IfMatchRequired),
    )
    async def update_config(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        module_id: ModulePath,
        data: JSONBody[Config],
        sender: Sender,
    ) -> Response[bytes]:
        """Apply the body to the organization's own layer as a JSON merge patch (RFC 7396): null removes a key.

        Of a suspended organization, only super admins may change it.
        """
        as_operator = caller_of(request).role == "super_admin"
        command = UpdateModuleConfig(str(organization_id), assignable_id(module_id), data, as_operator)
        return await sender.answer(request, to_organization(command, needs_if_match=True))


class AssignmentsController(Controller):
    """Assign modules to organizations, and unassign them."""

    path = "/modules"
    guards = [super_admin]
    tags = ["modules"]

    @command_route(
        post,
        "/assign/{organization_id:uuid}",
        "assignModule",
        "Assign a module",
        AssignmentResult,
        command=AssignModule,
    )
    async def assign(
        self, request: AnyRequest, organization_id: OrganizationPath, data: JSONBody[ModuleToAssign], sender: Sender
    ) -> Response[bytes]:
        command = AssignModule(str(organization_id), data.module_id, caller_of(request).user_id, data.config)
        return await sender.answer(request, to_organization(command))

    @command_route(
        post,
        "/unassign/{organization_id:uuid}/{module_id:str}",
        "unassignModule",
        "Unassign a module",
        AssignmentResult,
        command=UnassignModule,
    )
    async def unassign(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        module_id: ModulePath,
        sender: Sender,
        force: FromQuery[bool] = False,
    ) -> Response[bytes]:
        """Keep its config for a later assignment. `force` overrules templates that require the module.

        Works for suspended organizations, too. `POST /modules/restore/{organization_id}` undoes it.
        """
        return await sender.answer(
            request, to_organization(UnassignModule(str(organization_id), assignable_id(module_id), force))
        )

    @command_route(
        post,
        "/restore/{organization_id:uuid}",
        "restoreAssignments",
        "Restore assignments that were unassigned",
        AssignmentResult,
        command=RestoreAssignments,
    )
    async def restore(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        data: JSONBody[UnassignmentToRestore],
        sender: Sender,
    ) -> Response[bytes]:
        """Set sources, versions and config to what the event log holds, or refuse with the reason."""
        return await sender.answer(
            request, to_organization(RestoreAssignments(str(organization_id), data.operation_id))
        )

    @command_route(
        post,
        "/bulk-assign/{organization_id:uuid}",
        "bulkAssignModules",
        "Assign several modules, all or none",
        AssignmentResult,
        command=BulkAssignModules,
    )
    async def bulk_assign(
        self, request: AnyRequest, organization_id: OrganizationPath, data: JSONBody[ModulesToAssign], sender: Sender
    ) -> Response[bytes]:
        command = BulkAssignModules(
            str(organization_id), data.module_ids, caller_of(request).user_id, data.industry_code
        )
        return await sender.answer(request, to_organization(command))

    @command_route(
        post,
        "/apply-industry/{organization_id:uuid}",
        "applyIndustryTemplate",
        "Apply an industry template to an organization",
        AssignmentResult,
        command=ApplyIndustryTemplate,
    )
    async def apply_industry(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        data: JSONBody[TemplateToApply],
        sender: Sender,
        industry: FromDishka[OrganizationIndustry],
    ) -> Response[bytes]:
        """Set the organization's industry, too, where it has none or `mode` is `replace`, before the answer."""
        command = ApplyIndustryTemplate(str(organization_id), data.industry_code, mode=data.mode)
        user_id = caller_of(request).user_id
        return await sender.answer(
            request, to_organization(command), then=lambda outcome: set_industry(industry, outcome, user_id)
        )


def to_organization(command: Command, *, needs_if_match: bool = False) -> Asked:
    organization_id = command.organization_id
    return Asked(
        "assignments", organization_id, command, organization_id=organization_id, needs_if_match=needs_if_match
    )


def assignable_id(module_id: str) -> str:
    absent = ModuleNotAssigned("The organization does not have this module. Check the id in the path.")
    return require_slug(module_id, absent)
