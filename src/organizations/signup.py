"""Signing up: reserve the owner, register the organization, then assign its industry's modules."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from organizations.commands import OrganizationName, RegisterOrganization
from organizations.domain import OrganizationResult, SignupClosed
from organizations.ports import ModulesOutcome, SignupModules, SignupOwners, SignupSettings
from shared.commands.bus import Answer, IdempotencyKeyReused
from shared.commands.dry_run import Preview
from shared.errors import FieldError, Refused, Unavailable
from shared.messages import PreviewedChange
from shared.ports import OperationsReader
from shared.slugs import Slug
from shared.text.emails import MAX_EMAIL

Send = Callable[[RegisterOrganization], Awaitable[Answer]]
DryRun = Callable[[RegisterOrganization], Awaitable[Preview]]


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


class SignupDryRun(Struct, frozen=True):
    """The result of a dry run, which stores nothing. `preview` binds a signup to this decision."""

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
    """Whether everybody may sign up; with `closed`, only super admins."""

    status: Literal["open", "closed"]


class Signup:
    """One signup, as often as its request is repeated with one Idempotency-Key."""

    def __init__(
        self, operations: OperationsReader, owners: SignupOwners, modules: SignupModules, settings: SignupSettings
    ) -> None:
        self._operations = operations
        self._owners = owners
        self._modules = modules
        self._settings = settings

    def require_open(self, role: str | None) -> None:
        if not self._settings.is_open and role != "super_admin":
            raise SignupClosed(
                "Signing up is closed here. Ask the operator for an account; a super admin who is signed in can "
                "create one."
            )

    async def sign_up(self, operation_id: UUID, wanted: SignupRequest, send: Send) -> tuple[Answer, SignedUp | None]:
        """Reserve the owner, register the organization and give it its modules. A refused signup releases its owner."""
        await self._hold(operation_id, wanted)
        try:
            answer = await send(registration(operation_id, wanted))
        except IdempotencyKeyReused:
            await self._owners.release(operation_id)
            raise
        if answer.outcome is None:
            return answer, None
        if answer.outcome.result is None:
            await self._owners.release(operation_id)
            return answer, None
        organization = msgspec.json.decode(answer.outcome.result, type=OrganizationResult)
        modules = await self._apply_template(organization, operation_id)
        return answer, SignedUp(new_organization(organization), modules, answer.operation_id)

    async def preview(
        self, operation_id: UUID, wanted: SignupRequest, dry_run: DryRun
    ) -> tuple[Preview, NewOrganization | None, ModulesOutcome]:
        """Return what signing up would lead to, and the changes of the modules; no organization: a refusal."""
        with fields_as_sent():
            await self._owners.check(operation_id, wanted.admin_email, wanted.admin_name, wanted.admin_password)
        preview, modules = await dry_run(registration(operation_id, wanted)), ModulesOutcome("none")
        if preview.refusal is not None:
            return preview, None, modules
        organization = msgspec.json.decode(preview.result, type=OrganizationResult)
        changes: Sequence[PreviewedChange] = ()
        code, version = organization.industry_code, organization.template_version
        if code is not None and version is not None:
            id_ = organization.organization_id
            modules, changes = await self._modules.dry_run(id_, code, version, str(operation_id))
        preview = replace(preview, result=None, changes=[*preview.changes, *changes])
        return preview, new_organization(organization), modules

    async def _hold(self, operation_id: UUID, wanted: SignupRequest) -> None:
        decided = (await self._operations.decided([operation_id])).get(operation_id)
        if decided is not None and decided.status != "failed":
            return
        with fields_as_sent():
            await self._owners.hold(operation_id, wanted.admin_email, wanted.admin_name, wanted.admin_password)

    async def _apply_template(self, organization: OrganizationResult, operation_id: UUID) -> ModulesOutcome:
        code, version = organization.industry_code, organization.template_version
        if code is None or version is None:
            return ModulesOutcome("none")
        owner = str(operation_id)
        try:
            return await self._modules.apply_template(organization.organization_id, code, version, operation_id, owner)
        except Unavailable:
            # The organization is registered: its event brings the modules as soon as commands are taken again.
            return ModulesOutcome("pending")


def registration(operation_id: UUID, wanted: SignupRequest) -> RegisterOrganization:
    organization_id = str(uuid5(operation_id, "organization"))
    return RegisterOrganization(organization_id, wanted.organization_name, wanted.industry_code, operation_id)


def new_organization(organization: OrganizationResult) -> NewOrganization:
    return NewOrganization(
        organization.organization_id,
        organization.name,
        organization.industry_code,
        organization.industry_name,
        organization.organization_status,
    )


@contextmanager
def fields_as_sent() -> Iterator[None]:
    """Point an owner's errors to the body's fields: `/email` is `/admin_email`."""
    try:
        yield
    except Refused as refused:
        refused.errors = tuple(
            FieldError(f"/admin_{error.pointer.removeprefix('/')}", error.message) for error in refused.errors
        )
        raise
