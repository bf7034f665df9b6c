"""What this context needs of others. Each method with a transaction is one query in it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol
from uuid import UUID

from msgspec import Struct

from industries.contract import TemplateFact, TemplateOfModule
from organizations.contract import OrganizationFact, OrganizationLabel, OrganizationStatus
from registry.contract import ModuleFact, ModuleSummary
from shared.ports import Transaction

OrganizationOrder = Literal["name", "-name", "created_at", "-created_at"]


class OrganizationDirectory(Protocol):
    async def lock(self, transaction: Transaction, organization_ids: Sequence[str]) -> None:
        """Lock the organizations' heads FOR SHARE, in sorted order, so that none is suspended meanwhile."""
        ...

    async def organizations(
        self, transaction: Transaction, organization_ids: Sequence[str]
    ) -> Mapping[str, OrganizationFact]: ...


class ModuleCatalog(Protocol):
    async def modules(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleFact]:
        """Return them by id, including deleted ones, without those never registered."""
        ...


class TemplateCatalog(Protocol):
    async def templates(
        self, transaction: Transaction, versions: Mapping[str, Collection[int]]
    ) -> Mapping[str, TemplateFact]:
        """Return current and requested versions by code, entries in display order; also of deleted templates."""
        ...


class CurrentVersions(Protocol):
    async def current(self, transaction: Transaction) -> Mapping[str, int]: ...


class TemplatesWithModule(Protocol):
    async def with_module(self, transaction: Transaction, module_id: str) -> Sequence[TemplateOfModule]:
        """Return the existing templates whose current version contains the module, by code."""
        ...


class ModuleSummaries(Protocol):
    async def summaries(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleSummary]:
        """Return them by id, including deleted ones, without those never registered."""
        ...


class OrganizationLabels(Protocol):
    async def labels(
        self, transaction: Transaction, organization_ids: Collection[str]
    ) -> Mapping[str, OrganizationLabel]: ...


class ListedOrganization(Protocol):
    @property
    def organization_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def status(self) -> OrganizationStatus: ...


class OrganizationSearch(Struct, frozen=True, kw_only=True):
    """A page of organizations; None is no condition. `q`: its words begin words of the name, or it is the id."""

    q: str | None = None
    status: OrganizationStatus | None = None
    industry_code: str | None = None
    sort: OrganizationOrder = "name"
    limit: int
    cursor: str | None = None


class OrganizationsWithModule(Protocol):
    async def page(self, module_id: str, search: OrganizationSearch) -> tuple[Sequence[ListedOrganization], str | None]:
        """Return at most `limit` and the next cursor; None on the last page only. Any page may be short, even empty.

        Raise `BadCursor`.
        """
        ...


class OrganizationIndustry(Protocol):
    async def set_industry(
        self, organization_id: str, industry_code: str, applied_event_id: UUID, user_id: str
    ) -> None:
        """Return when done, refused, or undecided after a few seconds. The operation id derives from the event."""
        ...
