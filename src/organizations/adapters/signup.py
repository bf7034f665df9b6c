"""Signing up over HTTP: the owner waits, the organization is registered, its industry's modules follow."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec
from dishka.integrations.litestar import FromDishka
from litestar import Controller, Response, get, post
from litestar.datastructures import CacheControlHeader
from litestar.params import JSONBody
from msgspec import Meta, Struct
from msgspec.structs import replace

from organizations.commands import OrganizationName, RegisterOrganization
from organizations.domain import OrganizationResult, SignupClosed
from organizations.ports import (
    DecidedOperations,
    ModulesOutcome,
    OperationTokens,
    SignupModules,
    SignupOwners,
    SignupSettings,
)
from shared.commands.bus import Answer, IdempotencyKeyReused
from shared.commands.dry_run import preview_body
from shared.commands.http import Asked, CommandSender, accepted
from shared.errors import FieldError, Refused, Unavailable
from shared.http.command_route import TakesCommand
from shared.http.parameters import expected_sequence, is_dry_run, previewed, reason_of
from shared.http.requests import AnyRequest, documented
from shared.http.route_docs import refuses
from shared.messages import Outcome, PreviewedChange
from shared.ports import Caller
from shared.slugs import Slug
from shared.text.emails import MAX_EMAIL, normalized_email


class SignupRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A new organization and its first admin. The fields' rules beyond their length are the owners'."""

    organization_name: OrganizationName
    admin_email: Annotated[str, Meta(min_length=1, max_length=MAX_EMAIL)]
    admin_password: Annotated[str, Meta(min_length=1, max_length=1024)]
    admin_name: Annotated[str, Meta(max_length=200)] | None = None
    industry_code: Slug | None = None

    def __repr__(self) -> str:
        return "SignupRequest()"


class NewOrganization(Struct, frozen=True):
    """The organization that signed up."""

    id: str
    name: str
    industry_code: str | None
    industry_name: str | None
    status: str


class SignedUp(Struct, frozen=True):
    """The admin can sign in now. `modules` tells whether the industry's are there already."""

    organization: NewOrganization
    modules: ModulesOutcome
    operation_id: UUID


class SignupForeseen(Struct, frozen=True):
    """What signing up would come to: of a dry run, which keeps nothing. `preview` binds a signup to this decision."""

    dry_run: bool
    status: Literal["applied", "unchanged"]
    sequence: int
    preview: str
    organization: NewOrganization
    modules: ModulesOutcome
    changes: Sequence[PreviewedChange]
    impact: None


class SignupPending(Struct, frozen=True):
    """Not decided yet; `operation_token` is the bearer token that reads this one operation."""

    operation_id: UUID
    status: Literal["pending"]
    operation_token: str

    def __repr__(self) -> str:
        return f"SignupPending({self.operation_id})"


class SignupStatus(Struct, frozen=True):
    """Whether everybody may sign up. With `closed` super admins alone may."""

    status: Literal["open", "closed"]


class Signup:
    """One signup, as often as its request is repeated with one Idempotency-Key."""

    def __init__(
        self,
        sender: CommandSender,
        operations: DecidedOperations,
        owners: SignupOwners,
        modules: SignupModules,
        tokens: OperationTokens,
        settings: SignupSettings,
    ) -> None:
        self._settings = settings
        self._sender = sender
        self._operations = operations
        self._owners = owners
        self._modules = modules
        self._tokens = tokens

    async def answer(self, request: AnyRequest, wanted: SignupRequest) -> Response[bytes]:
        """201 with the organization, 202 with a token, or the refusal. The owner waits for as long as it is open.

        Raises `SignupClosed`.
        """
        require_open(request, self._settings)
        operation_id = self._sender.operation_id(request, principal(wanted.admin_email))
        refuse_bad_parameters(request)
        if is_dry_run(request):
            return await self._foresee(request, operation_id, wanted)
        await self._hold(operation_id, wanted)
        answer = await self._register(request, operation_id, wanted)
        if answer.outcome is None:
            return accepted(answer, operation_token=await self._tokens.issue(operation_id))
        if answer.outcome.result is None:
            await self._owners.release(operation_id)
            return await self._sender.report(request, answer.outcome, answer.path)
        organization = msgspec.json.decode(answer.outcome.result, type=OrganizationResult)
        return created(answer, answer.outcome, organization, await self._equip(organization, operation_id))

    async def _hold(self, operation_id: UUID, wanted: SignupRequest) -> None:
        decided = (await self._operations.decided([operation_id])).get(operation_id)
        if decided is not None and decided.status != "failed":
            return
        with fields_as_sent():
            await self._owners.hold(operation_id, wanted.admin_email, wanted.admin_name, wanted.admin_password)

    async def _register(self, request: AnyRequest, operation_id: UUID, wanted: SignupRequest) -> Answer:
        try:
            return await self._sender.send(request, asked(operation_id, wanted))
        except IdempotencyKeyReused:
            await self._owners.release(operation_id)
            raise

    async def _foresee(self, request: AnyRequest, operation_id: UUID, wanted: SignupRequest) -> Response[bytes]:
        with fields_as_sent():
            await self._owners.check(operation_id, wanted.admin_email, wanted.admin_name, wanted.admin_password)
        registration = asked(operation_id, wanted)
        preview, _ = await self._sender.preview(request, registration)
        if preview.refusal is not None:
            return await self._sender.foretell(request, registration, preview, None)
        organization = msgspec.json.decode(preview.result, type=OrganizationResult)
        modules, changes = ModulesOutcome("none"), preview.changes
        code, version = organization.industry_code, organization.template_version
        if code is not None and version is not None:
            id_ = organization.organization_id
            modules, further = await self._modules.foresee(id_, code, version, str(operation_id))
            changes = [*changes, *further]
        body = preview_body(replace(preview, result=None, changes=changes))
        body |= {"organization": shown(organization), "modules": modules}
        return await self._sender.foretell(request, registration, preview, body)

    async def _equip(self, organization: OrganizationResult, operation_id: UUID) -> ModulesOutcome:
        code, version = organization.industry_code, organization.template_version
        if code is None or version is None:
            return ModulesOutcome("none")
        owner = str(operation_id)
        try:
            return await self._modules.apply_template(organization.organization_id, code, version, operation_id, owner)
        except Unavailable:
            # The organization is registered: its event brings the modules as soon as somebody takes commands again.
            return ModulesOutcome("pending")


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
        responses=documented(SignedUp, 201) | documented(SignupPending, 202) | documented(SignupForeseen),
        cache_control=CacheControlHeader(no_store=True),
    )
    async def sign_up(
        self, request: AnyRequest, data: JSONBody[SignupRequest], signup: FromDishka[Signup]
    ) -> Response[bytes]:
        """The organization, its admin and, with an industry, its modules: all there when this answers 201.

        With 202 it is not decided yet; `operation_token` is the bearer token that reads this one operation. Where the
        operator has closed the signup it is 403 (`signup_closed`) for all but super admins, who send their token.
        """
        return await signup.answer(request, data)

    @get(operation_id="getSignup", summary="Get whether signing up is open")
    async def status(self, settings: FromDishka[SignupSettings]) -> SignupStatus:
        """For pages that lead to the signup, before anybody is signed in."""
        return SignupStatus("open" if settings.is_open else "closed")


def created(
    answer: Answer, outcome: Outcome, organization: OrganizationResult, modules: ModulesOutcome
) -> Response[bytes]:
    """201: the organization, where it is, and what became of its modules."""
    headers = {
        "Location": f"/api/v1/organizations/{organization.organization_id}",
        "ETag": f'"{outcome.sequence}"',
        "Modplane-Operation-Id": str(answer.operation_id),
        "Modplane-Decided": answer.path,
    }
    body = msgspec.json.encode(SignedUp(shown(organization), modules, answer.operation_id))
    return Response(body, status_code=HTTPStatus.CREATED, media_type="application/json", headers=headers)


def principal(email: str) -> str:
    """Whose an Idempotency-Key is before there is a user: the e-mail's, however it is spelled."""
    return "signup:" + normalized_email(email)


def asked(operation_id: UUID, wanted: SignupRequest) -> Asked:
    """The registration, without the secret."""
    organization_id = str(uuid5(operation_id, "organization"))
    return Asked(
        "organizations",
        organization_id,
        RegisterOrganization(organization_id, wanted.organization_name, wanted.industry_code, operation_id),
        organization_id=organization_id,
        principal=str(operation_id),
        meaning=replace(wanted, admin_password=""),
        operation_id=operation_id,
    )


def shown(organization: OrganizationResult) -> NewOrganization:
    """The organization as a signup's answer has it."""
    return NewOrganization(
        organization.organization_id,
        organization.name,
        organization.industry_code,
        organization.industry_name,
        organization.organization_status,
    )


def require_open(request: AnyRequest, settings: SignupSettings) -> None:
    """Raises `SignupClosed` for all but super admins while signing up is closed."""
    caller = request.scope.get("user")
    if not settings.is_open and not (isinstance(caller, Caller) and caller.role == "super_admin"):
        raise SignupClosed(
            "Signing up is closed here. Ask the operator for an account; a super admin who is signed in can create one."
        )


def refuse_bad_parameters(request: AnyRequest) -> None:
    """Raises `BadHeader` or `BadParameter` before anything is held for a command that would never be sent."""
    reason_of(request)
    previewed(request)
    expected_sequence(request)


@contextmanager
def fields_as_sent() -> Iterator[None]:
    """Gives an owner's fields the names they have in the body: `/email` is `/admin_email`."""
    try:
        yield
    except Refused as refused:
        refused.errors = tuple(
            FieldError(f"/admin_{error.pointer.removeprefix('/')}", error.message) for error in refused.errors
        )
        raise
