"""What this context asks of others. Whatever takes a transaction is one query in it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec import Struct

from industries.contract import TemplateFact, TemplateOfModule
from organizations.contract import OrganizationFact, OrganizationLabel, OrganizationStatus
from registry.contract import ModuleFact, ModuleSummary
from shared.messages import CommandEnvelope
from shared.ports import Transaction

OrganizationOrder = Literal["name", "-name", "created_at", "-created_at"]


class OrganizationDirectory(Protocol):
    async def lock(self, transaction: Transaction, organization_ids: Sequence[str]) -> None:
        """Lock the organizations' heads FOR SHARE, in sorted order, so that none is suspended meanwhile."""
        ...

    async def organizations(
        self, transaction: Transaction, organization_ids: Sequence[str]
    ) -> Mapping[str, OrganizationFact]:
        """Return them by id. Unknown ones are left out."""
        ...


class ModuleCatalog(Protocol):
    async def modules(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleFact]:
        """Return them by id. Modules that were never registered are left out; deleted ones are not."""
        ...


class TemplateCatalog(Protocol):
    async def templates(
        self, transaction: Transaction, versions: Mapping[str, Collection[int]]
    ) -> Mapping[str, TemplateFact]:
        """Return, by industry code, the current version and those requested, entries in display order.

        Unknown codes and versions are left out; deleted templates are not.
        """
        ...


class CurrentVersions(Protocol):
    async def current(self, transaction: Transaction) -> Mapping[str, int]:
        """Return, by code, the current version of each template that is not deleted."""
        ...


class TemplatesWithModule(Protocol):
    async def with_module(self, transaction: Transaction, module_id: str) -> Sequence[TemplateOfModule]:
        """Return the templates, without deleted ones, whose current version contains the module, codes sorted."""
        ...


class ModuleSummaries(Protocol):
    async def summaries(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleSummary]:
        """Return them by id, deleted modules too. Modules that were never registered are left out."""
        ...


class OrganizationLabels(Protocol):
    async def labels(
        self, transaction: Transaction, organization_ids: Collection[str]
    ) -> Mapping[str, OrganizationLabel]:
        """Return them by id. Unknown ones are left out."""
        ...


class ListedOrganization(Protocol):
    @property
    def organization_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def status(self) -> OrganizationStatus: ...


class OrganizationSearch(Struct, frozen=True, kw_only=True):
    """Which organizations, in which order, and which page of them; None is no condition.

    `q`: each of its words begins a word of the name, or it is the organization's id. By name, names that begin with it
    come first.
    """

    q: str | None = None
    status: OrganizationStatus | None = None
    industry_code: str | None = None
    sort: OrganizationOrder = "name"
    limit: int
    cursor: str | None = None


class OrganizationsWithModule(Protocol):
    async def page(self, module_id: str, search: OrganizationSearch) -> tuple[Sequence[ListedOrganization], str | None]:
        """Return at most `limit`, and the cursor of the next page; None on the last page only.

        A page examines a bounded number of organizations: any page may have fewer, even none. Raise `BadCursor`.
        """
        ...


class SendCommand(Protocol):
    async def send(self, context: str, envelope: CommandEnvelope, command: Any) -> None:
        """Return when the command cannot get lost any more. Raise `Unavailable`."""
        ...


class OrganizationIndustry(Protocol):
    async def set_industry(
        self, organization_id: str, industry_code: str, applied_event_id: UUID, user_id: str
    ) -> None:
        """Return when done, refused, or undecided after a few seconds. The operation id derives from the event."""
        ...
