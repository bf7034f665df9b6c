"""What assignments ask of other contexts: organizations, modules, templates; and the industry an organization gets."""

from collections.abc import Sequence
from uuid import UUID

from dishka import AnyOf, Provider, Scope, provide

import assignments.ports
from assignments.ports import OrganizationSearch
from industries.adapters.queries import PostgresTemplateCatalog
from organizations.adapters.lists import OrganizationFilter, PostgresOrganizationList
from organizations.adapters.queries import OrganizationInfo, PostgresOrganizationDirectory
from organizations.commands import SetIndustry
from registry.adapters.queries import PostgresModuleCatalog
from shared.commands.direct_sender import DirectSender
from shared.errors import Unavailable
from shared.lists.lister import ListParams
from shared.messages import derived_operation_id

WAIT_SECONDS = 5.0


class AssignmentsSeams(Provider):
    scope = Scope.APP

    @provide
    def organizations(
        self, directory: PostgresOrganizationDirectory
    ) -> AnyOf[assignments.ports.OrganizationDirectory, assignments.ports.OrganizationLabels]:
        return directory

    @provide
    def organizations_with_module(
        self, organizations: PostgresOrganizationList
    ) -> assignments.ports.OrganizationsWithModule:
        return OrganizationsWithModule(organizations)

    @provide
    def modules(
        self, modules: PostgresModuleCatalog
    ) -> AnyOf[assignments.ports.ModuleCatalog, assignments.ports.ModuleSummaries]:
        return modules

    @provide
    def templates(
        self, templates: PostgresTemplateCatalog
    ) -> AnyOf[
        assignments.ports.TemplateCatalog, assignments.ports.TemplatesWithModule, assignments.ports.CurrentVersions
    ]:
        return templates

    @provide
    def organization_industry(self, sender: DirectSender) -> assignments.ports.OrganizationIndustry:
        return OrganizationIndustry(sender)


class OrganizationsWithModule:
    def __init__(self, organizations: PostgresOrganizationList) -> None:
        self._organizations = organizations

    async def page(self, module_id: str, search: OrganizationSearch) -> tuple[Sequence[OrganizationInfo], str | None]:
        condition = OrganizationFilter(search.q, search.status, search.industry_code, module_id)
        page = await self._organizations.page(ListParams(condition, search.limit, search.cursor, search.sort))
        return page.items, page.next_cursor


class OrganizationIndustry:
    def __init__(self, sender: DirectSender) -> None:
        self._sender = sender

    async def set_industry(
        self, organization_id: str, industry_code: str, applied_event_id: UUID, user_id: str
    ) -> None:
        """Send the same operation as the event's subscriber, in case this one is not decided in time."""
        command = SetIndustry(organization_id, industry_code)
        operation_id = derived_operation_id(applied_event_id, type(command).__name__)
        envelope = self._sender.envelope(organization_id, command, user_id, operation_id, organization_id)
        try:
            await self._sender.execute("organizations", envelope, command, WAIT_SECONDS)
        except Unavailable:
            return
