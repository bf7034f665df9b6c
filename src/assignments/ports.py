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
    """Which organizations there are."""

    async def lock(self, transaction: Transaction, organization_ids: Sequence[str]) -> None:
        """Lock the organizations' heads FOR SHARE, in sorted order, so that none is suspended meanwhile."""
        ...

    async def organizations(
        self, transaction: Transaction, organization_ids: Sequence[str]
    ) -> Mapping[str, OrganizationFact]:
        """By organization id, one query. Unknown ones are left out."""
        ...


class ModuleCatalog(Protocol):
    """Which modules there are."""

    async def modules(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleFact]:
        """Status and rules by module id. Modules never registered are left out; deleted ones are not."""
        ...


class TemplateCatalog(Protocol):
    """What industry templates hold."""

    async def templates(
        self, transaction: Transaction, versions: Mapping[str, Collection[int]]
    ) -> Mapping[str, TemplateFact]:
        """By industry code: the current version and those asked for, entries in display order.

        Codes never created are left out; deleted templates are not. A version that does not exist is left out.
        """
        ...


class CurrentVersions(Protocol):
    """Which version of each template is the current one."""

    async def current(self, transaction: Transaction) -> Mapping[str, int]:
        """By code, all living templates; one query."""
        ...


class TemplatesWithModule(Protocol):
    """Which templates contain a module."""

    async def with_module(self, transaction: Transaction, module_id: str) -> Sequence[TemplateOfModule]:
        """Those whose current version does, deleted ones left out, codes sorted; one query."""
        ...


class ModuleSummaries(Protocol):
    """How modules are shown."""

    async def summaries(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleSummary]:
        """By module id, one query, deleted modules too. Modules never registered are left out."""
        ...


class OrganizationLabels(Protocol):
    """How organizations are shown."""

    async def labels(
        self, transaction: Transaction, organization_ids: Collection[str]
    ) -> Mapping[str, OrganizationLabel]:
        """By organization id, one query. Unknown ones are left out."""
        ...


class ListedOrganization(Protocol):
    """An organization found by a search."""

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
    """The list of organizations, as far as they have a module."""

    async def page(self, module_id: str, wanted: OrganizationSearch) -> tuple[Sequence[ListedOrganization], str | None]:
        """At most `limit`, and the cursor of the next page; None on the last, and there alone.

        A page looks at a bounded number of organizations: it may have fewer, even none, before the last. Raises
        `BadCursor`.
        """
        ...


class SendCommand(Protocol):
    """Sends a command whose outcome nobody here waits for."""

    async def send(self, context: str, envelope: CommandEnvelope, command: Any) -> None:
        """Returns when the command cannot be lost any more. Raises `Unavailable`."""
        ...


class OrganizationIndustry(Protocol):
    """Gives an organization the industry whose template it got."""

    async def set_industry(
        self, organization_id: str, industry_code: str, applied_event_id: UUID, user_id: str
    ) -> None:
        """Returns when it is done, refused, or not known in a few seconds. Its operation derives from the event."""
        ...
