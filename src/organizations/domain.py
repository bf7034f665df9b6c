"""Decides about one organization. Pure: state and facts in, events or a refusal out."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Literal, assert_never
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from industries.contract import IndustryFact, TemplateObstacle
from organizations.commands import (
    Command,
    ReactivateOrganization,
    RegisterOrganization,
    SetIndustry,
    SuspendOrganization,
    UpdateOrganization,
)
from organizations.events import (
    OrganizationReactivatedEvent,
    OrganizationRegisteredEvent,
    OrganizationSuspendedEvent,
    OrganizationUpdatedEvent,
)
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.messages import Decision, Event, FieldChange
from shared.text.forms import cleaned

CHANGEABLE: Sequence[str] = ("name", "industry_code", "industry_name")
"""The fields an `OrganizationUpdatedEvent` may change."""


class Organization(Struct, frozen=True):
    """One organization. `industry_name` is the name when it was set, `template_version` the one pinned at signup."""

    status: Literal["absent", "active", "suspended"] = "absent"
    name: str = ""
    industry_code: str | None = None
    industry_name: str | None = None
    template_version: int | None = None
    owner_id: UUID | None = None


INITIAL = Organization()


OBSTACLES: Mapping[TemplateObstacle, str] = {
    "inactive": "inactive",
    "missing": "not registered",
    "config_invalid": "its config from the template does not fit",
}


class OrganizationFacts(Struct, frozen=True):
    """Facts of other contexts. `pending_owners`: those named by the batch that are still pending."""

    templates: Mapping[str, IndustryFact] = {}
    pending_owners: frozenset[UUID] = frozenset()


class OrganizationResult(Struct, frozen=True):
    """The organization as a command left it. An answer's own `status` is the operation's."""

    organization_id: str
    name: str
    organization_status: Literal["absent", "active", "suspended"]
    industry_code: str | None
    industry_name: str | None
    template_version: int | None


class OrganizationAlreadyRegistered(Conflict):
    """The id belongs to an organization with other values."""


class OrganizationNotFound(NotFound):
    """No organization has the id."""


class OrganizationSuspended(Conflict):
    """The organization is suspended, and cannot get an industry."""


class UnknownIndustry(Invalid):
    """No existing template has the code."""


class IndustryInactive(Conflict):
    """The template is deactivated and cannot be chosen."""


class IndustryNotApplicable(Conflict):
    """Modules the template requires are missing, inactive or without a valid config."""


class SignupClosed(Forbidden):
    """Signing up is closed: only super admins create organizations."""


class SignupExpired(Conflict):
    """The owner is no longer pending: the signup took too long, or was refused before."""


def decide(organization: Organization, facts: OrganizationFacts, command: Command) -> Decision:
    """Return the command's events, none when nothing changes. Raise a `Refused`."""
    match command:
        case RegisterOrganization():
            return _register(organization, facts, cleaned(command))
        case UpdateOrganization():
            return _rename(organization, cleaned(command))
        case SuspendOrganization(organization_id):
            return _switch(organization, OrganizationSuspendedEvent(organization_id))
        case ReactivateOrganization(organization_id):
            return _switch(organization, OrganizationReactivatedEvent(organization_id))
        case SetIndustry():
            return _set_industry(organization, facts, command)
        case _ as never:
            assert_never(never)


def _register(organization: Organization, facts: OrganizationFacts, command: RegisterOrganization) -> Decision:
    if organization.status != "absent":
        return _register_again(organization, command)
    template = _template_to_sign_up_with(facts, command.industry_code)
    if command.pending_owner_id not in facts.pending_owners:
        raise SignupExpired("This signup is no longer open, and nothing of it was stored. Sign up again.")
    event = OrganizationRegisteredEvent(
        organization_id=command.organization_id,
        name=command.name,
        industry_code=command.industry_code,
        industry_name=template.industry_name if template else None,
        template_version=template.version if template else None,
        owner_id=command.pending_owner_id,
    )
    return _decided(organization, command.organization_id, event)


def _register_again(organization: Organization, command: RegisterOrganization) -> Decision:
    present = (organization.name, organization.industry_code, organization.owner_id)
    if present != (command.name, command.industry_code, command.pending_owner_id):
        raise OrganizationAlreadyRegistered(
            f"Organization {command.organization_id} is registered with other values. "
            "Sign in to it, or sign up with a new Idempotency-Key."
        )
    return _decided(organization, command.organization_id)


def _template_to_sign_up_with(facts: OrganizationFacts, industry_code: str | None) -> IndustryFact | None:
    if industry_code is None:
        return None
    template = _existing_template(facts, industry_code)
    if template.status == "inactive":
        raise IndustryInactive(
            f"Industry {industry_code} is not offered at present. Choose another, or sign up without one.",
            industry_code=industry_code,
        )
    if template.blocked_by:
        reasons = [f"{module_id} ({OBSTACLES[obstacle]})" for module_id, obstacle in template.blocked_by.items()]
        raise IndustryNotApplicable(
            f"Industry {industry_code} requires modules that cannot be assigned: {', '.join(reasons)}. "
            "Choose another, or sign up without one.",
            industry_code=industry_code,
            modules=list(template.blocked_by),
            blocking=[{"module_id": id_, "state": obstacle} for id_, obstacle in template.blocked_by.items()],
        )
    return template


def _existing_template(facts: OrganizationFacts, industry_code: str) -> IndustryFact:
    template = facts.templates.get(industry_code)
    if template is None or template.status == "deleted":
        raise UnknownIndustry(
            f"There is no industry {industry_code}. See GET /api/v1/industries for those that exist.",
            errors=[FieldError("/industry_code", f"{industry_code} does not exist")],
        )
    return template


def _rename(organization: Organization, command: UpdateOrganization) -> Decision:
    # A suspension is for the organization's people: a super admin may rename it all the same.
    _require_known(organization, command.organization_id)
    return _updated(organization, command.organization_id, name=command.name)


def _set_industry(organization: Organization, facts: OrganizationFacts, command: SetIndustry) -> Decision:
    _require_active(organization, command.organization_id)
    if organization.industry_code == command.industry_code:
        return _decided(organization, command.organization_id)
    name = _existing_template(facts, command.industry_code).industry_name
    return _updated(organization, command.organization_id, industry_code=command.industry_code, industry_name=name)


def _updated(organization: Organization, organization_id: str, **wanted: str) -> Decision:
    changes = {
        name: FieldChange(before, after)
        for name, after in wanted.items()
        if (before := getattr(organization, name)) != after
    }
    events = [OrganizationUpdatedEvent(organization_id, changes)] if changes else []
    return _decided(organization, organization_id, *events)


def _switch(organization: Organization, event: OrganizationSuspendedEvent | OrganizationReactivatedEvent) -> Decision:
    _require_known(organization, event.organization_id)
    events = [] if evolve(organization, event) == organization else [event]
    return _decided(organization, event.organization_id, *events)


def _require_known(organization: Organization, organization_id: str) -> None:
    if organization.status == "absent":
        raise OrganizationNotFound(
            f"There is no organization {organization_id}. See GET /api/v1/organizations for those that exist."
        )


def _require_active(organization: Organization, organization_id: str) -> None:
    _require_known(organization, organization_id)
    if organization.status == "suspended":
        raise OrganizationSuspended(
            f"Organization {organization_id} is suspended. Reactivate it first: "
            f"POST /api/v1/organizations/{organization_id}/reactivate."
        )


def _decided(organization: Organization, organization_id: str, *events: Event) -> Decision:
    after = reduce(evolve, events, organization)
    result = OrganizationResult(
        organization_id, after.name, after.status, after.industry_code, after.industry_name, after.template_version
    )
    return Decision(events, result)


def evolve(organization: Organization, event: Event) -> Organization:
    """Return the state after the event. Defined for every event in every state."""
    match event:
        case OrganizationRegisteredEvent():
            return Organization(
                "active",
                event.name,
                event.industry_code,
                event.industry_name,
                event.template_version,
                event.owner_id,
            )
        case OrganizationUpdatedEvent(_, changes):
            return replace(organization, **{name: changes[name].after for name in CHANGEABLE if name in changes})
        case OrganizationSuspendedEvent():
            return replace(organization, status="suspended")
        case OrganizationReactivatedEvent():
            return replace(organization, status="active")
        case _:
            return organization
