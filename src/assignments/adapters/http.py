"""Assignments over HTTP: what an organization has, and what a super admin does about it."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

import msgspec
from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import UNSET, Meta, Struct, UnsetType

from assignments.adapters.cached import CachedAssignmentReader
from assignments.adapters.reading import OrganizationModuleDetails, OrganizationModules, PostgresAssignmentReader
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
from assignments.ports import OrganizationIndustry
from assignments.refusals import ModuleNotAssigned, OrganizationNotFound
from shared.cache.generations import encode_cached
from shared.commands.http import Asked, CommandSender, IfMatchRequired
from shared.errors import Unavailable
from shared.http.command_route import sends
from shared.http.requests import (
    AnyRequest,
    caller_of,
    documented,
    organization_reader,
    organization_writer,
    send_cached,
    super_admin,
)
from shared.http.route_docs import refuses
from shared.messages import Outcome
from shared.slugs import Slug

OrganizationPath = FromPath[UUID]
ModulePath = FromPath[str]


class ModuleToAssign(Struct, frozen=True, forbid_unknown_fields=True):
    """A module that is to be had. Without `config`, the one kept from an earlier assignment comes back if it fits."""

    module_id: Slug
    config: Config | UnsetType = UNSET


class ModulesToAssign(Struct, frozen=True, forbid_unknown_fields=True):
    """Modules that are to be had, all or none; with `industry_code` as part of that template.

    The part is of the version that the organization has applied; without any, of the current one.
    """

    module_ids: Annotated[list[Slug], Meta(min_length=1, max_length=2000)]
    industry_code: Slug | None = None


class TemplateToApply(Struct, frozen=True, forbid_unknown_fields=True):
    """A template that is to be had, beside the others or in their place."""

    industry_code: Slug
    mode: Mode = "add"


class UnassignmentToRestore(Struct, frozen=True, forbid_unknown_fields=True):
    """An unassignment that is to be taken back: the `operation_id` of its answer, and of its event."""

    operation_id: UUID


class OrganizationModulesController(Controller):
    """What an organization has, for its own people too."""

    path = "/organizations/{organization_id:uuid}/modules"
    tags = ["organizations"]

    @get(
        guards=[organization_reader],
        operation_id="getOrganizationModules",
        summary="List an organization's modules",
        responses=documented(OrganizationModules),
    )
    async def modules(
        self, request: AnyRequest, organization_id: OrganizationPath, assignments: FromDishka[CachedAssignmentReader]
    ) -> ASGIResponse:
        cached = await assignments.modules(str(organization_id))
        if cached is None:
            raise OrganizationNotFound(f"There is no organization {organization_id}. Check the id in the path.")
        return send_cached(request, cached)

    @get(
        "/{module_id:str}",
        guards=[organization_reader],
        operation_id="getOrganizationModule",
        summary="Get an organization's module with the layers of its configuration",
        responses=documented(OrganizationModuleDetails),
    )
    async def module(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        module_id: ModulePath,
        assignments: FromDishka[PostgresAssignmentReader],
    ) -> ASGIResponse:
        found = await assignments.module(str(organization_id), possible(module_id))
        if found is None:
            raise ModuleNotAssigned("The organization does not have this module. Check the ids in the path.")
        return send_cached(request, encode_cached(found.sequence, found))

    @patch(
        "/{module_id:str}",
        guards=[organization_writer],
        operation_id="updateModuleConfig",
        opt=refuses(IfMatchRequired),
        operation_class=sends(UpdateModuleConfig),
        summary="Update an organization's configuration of a module",
        responses=documented(ConfigResult),
    )
    async def update_config(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        module_id: ModulePath,
        data: JSONBody[Config],
        sender: FromDishka[CommandSender],
    ) -> Response[bytes]:
        """The body is a JSON merge patch (RFC 7396) of the organization's own layer; null takes a key out of it.

        While the organization is suspended, super admins alone may change it.
        """
        as_operator = caller_of(request).role == "super_admin"
        command = UpdateModuleConfig(str(organization_id), possible(module_id), data, as_operator)
        return await sender.answer(request, asked(command, needs_if_match=True))


class AssignmentsController(Controller):
    """What a super admin does about the modules of an organization."""

    path = "/modules"
    guards = [super_admin]
    tags = ["modules"]

    @post(
        "/assign/{organization_id:uuid}",
        status_code=200,
        operation_id="assignModule",
        operation_class=sends(AssignModule),
        summary="Assign a module",
        responses=documented(AssignmentResult),
    )
    async def assign(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        data: JSONBody[ModuleToAssign],
        sender: FromDishka[CommandSender],
    ) -> Response[bytes]:
        command = AssignModule(str(organization_id), data.module_id, caller_of(request).user_id, data.config)
        return await sender.answer(request, asked(command))

    @post(
        "/unassign/{organization_id:uuid}/{module_id:str}",
        status_code=200,
        operation_id="unassignModule",
        operation_class=sends(UnassignModule),
        summary="Unassign a module",
        responses=documented(AssignmentResult),
    )
    async def unassign(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        module_id: ModulePath,
        sender: FromDishka[CommandSender],
        force: FromQuery[bool] = False,
    ) -> Response[bytes]:
        """Its config is kept for a later assignment. `force` overrules templates that require it.

        Taken away from suspended organizations, too. `POST /modules/restore/{organization_id}` takes it back.
        """
        return await sender.answer(request, asked(UnassignModule(str(organization_id), possible(module_id), force)))

    @post(
        "/restore/{organization_id:uuid}",
        status_code=200,
        operation_id="restoreAssignments",
        operation_class=sends(RestoreAssignments),
        summary="Restore assignments that were unassigned",
        responses=documented(AssignmentResult),
    )
    async def restore(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        data: JSONBody[UnassignmentToRestore],
        sender: FromDishka[CommandSender],
    ) -> Response[bytes]:
        """Sources, versions and config become what the event log says they were, or it is refused and says why."""
        return await sender.answer(request, asked(RestoreAssignments(str(organization_id), data.operation_id)))

    @post(
        "/bulk-assign/{organization_id:uuid}",
        status_code=200,
        operation_id="bulkAssignModules",
        operation_class=sends(BulkAssignModules),
        summary="Assign several modules, all or none",
        responses=documented(AssignmentResult),
    )
    async def bulk_assign(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        data: JSONBody[ModulesToAssign],
        sender: FromDishka[CommandSender],
    ) -> Response[bytes]:
        command = BulkAssignModules(
            str(organization_id), data.module_ids, caller_of(request).user_id, data.industry_code
        )
        return await sender.answer(request, asked(command))

    @post(
        "/apply-industry/{organization_id:uuid}",
        status_code=200,
        operation_id="applyIndustryTemplate",
        operation_class=sends(ApplyIndustryTemplate),
        summary="Apply an industry template to an organization",
        responses=documented(AssignmentResult),
    )
    async def apply_industry(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        data: JSONBody[TemplateToApply],
        sender: FromDishka[CommandSender],
        industry: FromDishka[OrganizationIndustry],
    ) -> Response[bytes]:
        """Where the organization gets the industry as its own, this too is done before the answer."""
        command = ApplyIndustryTemplate(str(organization_id), data.industry_code, mode=data.mode)
        user_id = caller_of(request).user_id
        return await sender.answer(
            request, asked(command), then=lambda outcome: set_industry(industry, outcome, user_id)
        )


async def set_industry(industry: OrganizationIndustry, outcome: Outcome, user_id: str) -> None:
    """Gives the organization the industry an applied template says it gets."""
    if outcome.status != "applied" or outcome.result is None:
        return
    result = msgspec.json.decode(outcome.result, type=AssignmentResult)
    if result.sets_industry and result.industry_code is not None:
        # The template is applied whatever becomes of this, and the event's subscriber does it later.
        with suppress(Unavailable):
            await industry.set_industry(outcome.aggregate_id, result.industry_code, outcome.event_ids[-1], user_id)


def asked(command: Command, *, needs_if_match: bool = False) -> Asked:
    """A command on one organization's assignments."""
    organization_id = command.organization_id
    return Asked(
        "assignments", organization_id, command, organization_id=organization_id, needs_if_match=needs_if_match
    )


def possible(module_id: str) -> str:
    """An id an organization may have. Raises `ModuleNotAssigned` for any other."""
    try:
        return msgspec.convert(module_id, Slug)
    except msgspec.ValidationError as error:
        raise ModuleNotAssigned("The organization does not have this module. Check the id in the path.") from error
