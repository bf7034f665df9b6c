"""Organizations over HTTP, and signing up."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import msgspec
from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get, patch, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response.base import ASGIResponse
from msgspec import Struct
from msgspec.structs import replace

from organizations.adapters.cached import CachedOrganizationReader
from organizations.adapters.lists import OrganizationFilter, OrganizationPage, PostgresOrganizationList, Sort
from organizations.adapters.queries import OrganizationDetails, OrganizationInfo, PostgresOrganizationReader
from organizations.commands import (
    Command,
    OrganizationName,
    ReactivateOrganization,
    RegisterOrganization,
    SuspendOrganization,
    UpdateOrganization,
)
from organizations.domain import OrganizationNotFound, OrganizationResult, SignupClosed
from organizations.ports import OperationTokens, SignupSettings
from organizations.signup import (
    SignedUp,
    Signup,
    SignupDryRun,
    SignupPending,
    SignupRequest,
    SignupStatus,
    registration,
)
from shared.cache.generations import encode_cached
from shared.commands.bus import Answer
from shared.commands.dry_run import Preview, preview_body
from shared.commands.http import Asked, CommandSender, accepted
from shared.errors import FieldError
from shared.http.authentication import organization_reader, organizations_reader, super_admin
from shared.http.bodies import AnyRequest
from shared.http.command_route import TakesCommand, command_route, refuses, resource_route, send_found
from shared.http.parameters import expected_sequence, is_dry_run, previewed, reason_of
from shared.http.responses import documented
from shared.lists.cursors import ParameterMissing
from shared.lists.lister import ListParams
from shared.lists.parameters import list_parameters
from shared.messages import Outcome
from shared.ports import Caller
from shared.text.emails import normalized_email

OrganizationPath = FromPath[UUID]


class OrganizationChanges(Struct, frozen=True, forbid_unknown_fields=True):
    """The changes of an organization."""

    name: OrganizationName


class OrganizationsController(Controller):
    """What a super admin does with organizations, and what their people see."""

    path = "/organizations"
    tags = ["organizations"]

    @get(
        guards=[organizations_reader],
        dependencies=list_parameters(OrganizationFilter, Sort, "name"),
        operation_id="getOrganizations",
        summary="Search organizations",
    )
    async def page(
        self,
        params: NamedDependency[ListParams[OrganizationFilter]],
        organizations: FromDishka[PostgresOrganizationList],
        with_total: Annotated[bool, QueryParameter(description="Whether to return `total`.")] = False,
    ) -> OrganizationPage:
        """Sorted by name, names that begin with `q` come first; `q` may be an organization's id as well.

        A page may have fewer items than `limit`, even none: `next_cursor` is null on the last page only.
        """
        require_template_code(params.filter)
        return await organizations.page(params, with_total=with_total)

    @resource_route(
        "/{organization_id:uuid}", "getOrganization", "Get an organization", OrganizationDetails, guards=[super_admin]
    )
    async def organization(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        organizations: FromDishka[PostgresOrganizationReader],
    ) -> ASGIResponse:
        details = await organizations.organization(str(organization_id))
        cached = None if details is None else encode_cached(details.sequence, details)
        return send_found(request, cached, not_found(organization_id))

    @resource_route(
        "/{organization_id:uuid}/info",
        "getOrganizationInfo",
        "Get an organization's name, industry and status",
        OrganizationInfo,
        guards=[organization_reader],
    )
    async def info(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        organizations: FromDishka[CachedOrganizationReader],
    ) -> ASGIResponse:
        return send_found(request, await organizations.info(str(organization_id)), not_found(organization_id))

    @command_route(
        patch,
        "/{organization_id:uuid}",
        "updateOrganization",
        "Update an organization's name",
        OrganizationResult,
        guards=[super_admin],
        command=UpdateOrganization,
    )
    async def update(
        self,
        request: AnyRequest,
        organization_id: OrganizationPath,
        data: JSONBody[OrganizationChanges],
        sender: FromDishka[CommandSender],
    ) -> Response[bytes]:
        return await sender.answer(request, request_for(UpdateOrganization(str(organization_id), data.name)))

    @command_route(
        post,
        "/{organization_id:uuid}/suspend",
        "suspendOrganization",
        "Suspend an organization",
        OrganizationResult,
        guards=[super_admin],
        command=SuspendOrganization,
    )
    async def suspend(
        self, request: AnyRequest, organization_id: OrganizationPath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, request_for(SuspendOrganization(str(organization_id))))

    @command_route(
        post,
        "/{organization_id:uuid}/reactivate",
        "reactivateOrganization",
        "Reactivate an organization",
        OrganizationResult,
        guards=[super_admin],
        command=ReactivateOrganization,
    )
    async def reactivate(
        self, request: AnyRequest, organization_id: OrganizationPath, sender: FromDishka[CommandSender]
    ) -> Response[bytes]:
        return await sender.answer(request, request_for(ReactivateOrganization(str(organization_id))))


class SignupController(Controller):
    """For everybody: no token is asked for."""

    path = "/organizations/signup"
    tags = ("organizations",)
    security = ({},)

    @post(
        operation_id="signUp",
        opt=refuses(SignupClosed, passes_on=("access",)),
        operation_class=TakesCommand,
        summary="Sign up an organization with its first admin",
        responses=documented(SignedUp, 201) | documented(SignupPending, 202) | documented(SignupDryRun),
        cache_control=CacheControlHeader(no_store=True),
    )
    async def sign_up(
        self,
        request: AnyRequest,
        data: JSONBody[SignupRequest],
        signup: FromDishka[Signup],
        sender: FromDishka[CommandSender],
        tokens: FromDishka[OperationTokens],
    ) -> Response[bytes]:
        """Register the organization, its admin and, with an industry, its modules: all there when this answers 201.

        With 202 it is not decided yet; `operation_token` is the bearer token that reads this one operation. Where the
        operator has closed the signup it is 403 (`signup_closed`) for all but super admins, who send their token.
        """
        caller = request.scope.get("user")
        signup.require_open(caller.role if isinstance(caller, Caller) else None)
        # Before there is a user, an Idempotency-Key belongs to the e-mail address, however it is spelled.
        operation_id = sender.operation_id(request, "signup:" + normalized_email(data.admin_email))
        refuse_bad_parameters(request)
        if is_dry_run(request):
            return await preview_signup(request, operation_id, data, signup, sender)
        answer, signed_up = await signup.sign_up(
            operation_id, data, lambda command: sender.send(request, signup_request(command, data))
        )
        if answer.outcome is None:
            return accepted(answer, operation_token=await tokens.issue(operation_id))
        if signed_up is None:
            return await sender.report(request, answer.outcome, answer.path)
        return created(answer, answer.outcome, signed_up)

    @get(operation_id="getSignup", summary="Get whether signing up is open")
    async def status(self, settings: FromDishka[SignupSettings]) -> SignupStatus:
        """Needs no token."""
        return SignupStatus("open" if settings.is_open else "closed")


def request_for(command: Command) -> Asked:
    id_ = command.organization_id
    return Asked("organizations", id_, command, organization_id=id_)


def not_found(organization_id: UUID) -> OrganizationNotFound:
    return OrganizationNotFound(f"There is no organization {organization_id}. See GET /api/v1/organizations.")


def require_template_code(wanted: OrganizationFilter) -> None:
    """Raise `ParameterMissing` for a version without a template."""
    if wanted.template_code is None and (wanted.template_version, wanted.template_older_than) != (None, None):
        raise ParameterMissing(
            "A template_version or template_older_than needs the template_code it is of.",
            errors=[FieldError("template_code", "missing")],
        )


async def preview_signup(
    request: AnyRequest, operation_id: UUID, data: SignupRequest, signup: Signup, sender: CommandSender
) -> Response[bytes]:
    registered = signup_request(registration(operation_id, data), data)

    async def dry_run(_: RegisterOrganization) -> Preview:
        return (await sender.preview(request, registered))[0]

    preview, organization, modules = await signup.preview(operation_id, data, dry_run)
    body = preview_body(preview) | {"organization": organization, "modules": modules}
    return await sender.report_dry_run(request, registered, preview, body)


def signup_request(command: RegisterOrganization, data: SignupRequest) -> Asked:
    return replace(
        request_for(command),
        principal=str(command.pending_owner_id),
        meaning=replace(data, admin_password=""),
        operation_id=command.pending_owner_id,
    )


def created(answer: Answer, outcome: Outcome, signed_up: SignedUp) -> Response[bytes]:
    headers = {
        "Location": f"/api/v1/organizations/{signed_up.organization.id}",
        "ETag": f'"{outcome.sequence}"',
        "Modplane-Operation-Id": str(answer.operation_id),
        "Modplane-Decided": answer.path,
    }
    body = msgspec.json.encode(signed_up)
    return Response(body, status_code=HTTPStatus.CREATED, media_type="application/json", headers=headers)


def refuse_bad_parameters(request: AnyRequest) -> None:
    """Raise `BadHeader` or `BadParameter` before an e-mail is reserved."""
    reason_of(request)
    previewed(request)
    expected_sequence(request)
