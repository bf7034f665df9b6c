"""What other contexts may import of organizations beside their events."""

from typing import Literal

from msgspec import Struct

OrganizationStatus = Literal["active", "suspended"]


class OrganizationFact(Struct, frozen=True):
    """What decides about changes to an organization."""

    status: OrganizationStatus
    industry_code: str | None = None


class OrganizationLabel(Struct, frozen=True):
    """How an organization is shown in a list of another context."""

    name: str
    status: OrganizationStatus
