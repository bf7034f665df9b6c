"""What other contexts may import of organizations beside their events."""

from typing import Literal

from msgspec import Struct

OrganizationStatus = Literal["active", "suspended"]


class OrganizationFact(Struct, frozen=True):
    status: OrganizationStatus
    industry_code: str | None = None


class OrganizationLabel(Struct, frozen=True):
    name: str
    status: OrganizationStatus
