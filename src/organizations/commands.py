"""The commands of organizations. Key: organization_id."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from shared.text.forms import LINE

OrganizationName = Annotated[str, Meta(min_length=1, max_length=200, extra=LINE)]


class RegisterOrganization(Struct, frozen=True, tag="register_organization"):
    """Anybody signs up an organization; `pending_owner_id` is its future owner.

    Unchanged when this very organization exists. Refused when it exists with other values, when the industry is
    unknown, inactive or not applicable, or when the owner is no longer pending.
    """

    organization_id: str
    name: OrganizationName
    industry_code: str | None
    pending_owner_id: UUID


class UpdateOrganization(Struct, frozen=True, tag="update_organization"):
    """A super admin renames it, suspended or not. Unchanged when so named; refused when it is unknown."""

    organization_id: str
    name: OrganizationName


class SuspendOrganization(Struct, frozen=True, tag="suspend_organization"):
    """A super admin takes it out of effect; assignments stay. Unchanged when suspended; refused when unknown."""

    organization_id: str


class ReactivateOrganization(Struct, frozen=True, tag="reactivate_organization"):
    """A super admin ends a suspension. Unchanged when there is none; refused when the organization is unknown."""

    organization_id: str


class SetIndustry(Struct, frozen=True, tag="set_industry"):
    """The service sets the industry whose template was applied; the template version pinned at signup stays.

    Unchanged when it is its industry. Refused when the organization is unknown or suspended, or the industry unknown
    or deleted.
    """

    organization_id: str
    industry_code: str


Command = RegisterOrganization | UpdateOrganization | SuspendOrganization | ReactivateOrganization | SetIndustry
