"""The one place where contexts meet: each binding answers one context's port by another's adapter."""

from collections.abc import Collection, Mapping, Sequence
from typing import NewType
from uuid import UUID

from dishka import AnyOf, Provider, Scope, provide

import access.ports
import access.signup
import assignments.ports
import industries.ports
import organizations.ports
import registry.ports
from access.adapters.tokens import JwtIssuer
from app.seams.module_users import ModuleUsers
from app.seams.signup import IndustryModules, SignupTokens, WaitingOwners
from assignments.adapters.holders import PostgresHolders
from assignments.adapters.postgres import PostgresAppliedTemplates, PostgresAssignedModules
from assignments.adapters.violations import ConfigViolations
from assignments.facts import OrganizationFact, TemplateEntry, TemplateFact
from assignments.wiring import AssignmentsDecider
from industries.adapters.catalog import PostgresTemplateCatalog
from industries.wiring import IndustriesDecider
from organizations.adapters.postgres import PostgresOrganizationDirectory
from organizations.adapters.reading import PostgresOrganizationReader
from organizations.commands import SetIndustry
from organizations.domain import TemplateFact as OrganizationTemplateFact
from organizations.wiring import OrganizationDecider
from registry.adapters.catalog import PostgresModuleCatalog
from registry.domain import ConfigImpact
from registry.wiring import RegistryDecider
from shared.commands.decision import Decider
from shared.commands.direct_sender import DirectSender
from shared.commands.dry_run import DryRunner
from shared.errors import Unavailable
from shared.eventlog.audit_log import PostgresAuditLog
from shared.json.layered_config import ConfigRules
from shared.messages import derived_operation_id
from shared.ports import OrganizationStatuses, Transaction

Deciders = NewType("Deciders", Sequence[Decider])

WAIT_SECONDS = 5.0


class SeamsProvider(Provider):
    """Ports bound to foreign adapters. Methods, not `provides=`: their return type is checked."""

    scope = Scope.APP
    sender = provide(DirectSender)

    @provide
    def deciders(
        self,
        registry_: RegistryDecider,
        industries_: IndustriesDecider,
        organizations_: OrganizationDecider,
        assignments_: AssignmentsDecider,
    ) -> Deciders:
        """The contexts that take commands."""
        return Deciders([registry_, industries_, organizations_, assignments_])

    @provide
    def assigned_modules(self, counts: PostgresAssignedModules) -> registry.ports.AssignedModules:
        """The registry asks who has a module."""
        return counts

    @provide
    def template_modules(self, templates: PostgresTemplateCatalog) -> registry.ports.TemplateModules:
        """The registry asks which templates contain a module."""
        return templates

    @provide
    def module_catalog(self, modules: PostgresModuleCatalog) -> industries.ports.ModuleCatalog:
        """Industries ask which modules are registered."""
        return modules

    @provide
    def applied_templates(self, counts: PostgresAppliedTemplates) -> industries.ports.AppliedTemplates:
        """Industries ask who has a template."""
        return counts

    @provide
    def industry_templates(
        self, templates: PostgresTemplateCatalog
    ) -> AnyOf[organizations.ports.IndustryTemplates, organizations.ports.IndustryNames]:
        """Organizations ask which industries there are, and how they are called."""
        return ChoosableIndustries(templates)

    @provide
    def pending_owners(self, owners: access.signup.PendingOwners) -> organizations.ports.PendingOwners:
        """Organizations ask who waits for his organization."""
        return WaitingOwners(owners)

    @provide
    def signup_owners(self, owners: access.signup.PendingOwners) -> organizations.ports.SignupOwners:
        """A signup keeps its owner's password here, and nowhere else."""
        return owners

    @provide
    def operation_tokens(self, issuer: JwtIssuer) -> organizations.ports.OperationTokens:
        """Who signs up may see how it goes."""
        return SignupTokens(issuer)

    @provide
    def signup_modules(self, sender: DirectSender, previews: DryRunner) -> organizations.ports.SignupModules:
        """A signup gives the industry's modules."""
        return IndustryModules(sender, previews)

    @provide
    def sends(self, sender: DirectSender) -> AnyOf[organizations.ports.SendCommand, assignments.ports.SendCommand]:
        """Subscribers send commands too."""
        return sender

    @provide
    def directory(self, directory: PostgresOrganizationDirectory) -> assignments.ports.OrganizationDirectory:
        """Assignments ask how an organization stands."""
        return StandingOrganizations(directory)

    @provide
    def labels(self, directory: PostgresOrganizationDirectory) -> assignments.ports.OrganizationLabels:
        """Assignments show organizations by name."""
        return directory

    @provide
    def module_users(self, reader: PostgresOrganizationReader) -> assignments.ports.OrganizationsWithModule:
        """Who uses a module is searched for in the list of organizations."""
        return ModuleUsers(reader)

    @provide
    def holders(self, holders: PostgresHolders) -> organizations.ports.Holders:
        """Organizations are listed by what they have."""
        return holders

    @provide
    def assignable_modules(self, modules: PostgresModuleCatalog) -> assignments.ports.ModuleCatalog:
        """Assignments ask which modules there are, and what their configs have to fit."""
        return modules

    @provide
    def module_summaries(self, modules: PostgresModuleCatalog) -> assignments.ports.ModuleSummaries:
        """Assignments show modules by name."""
        return modules

    @provide
    def template_catalog(self, templates: PostgresTemplateCatalog) -> assignments.ports.TemplateCatalog:
        """Assignments ask what a template version holds."""
        return PublishedTemplates(templates)

    @provide
    def templates_with_module(self, templates: PostgresTemplateCatalog) -> assignments.ports.TemplatesWithModule:
        """Assignments ask which templates a schema concerns."""
        return templates

    @provide
    def current_versions(self, templates: PostgresTemplateCatalog) -> assignments.ports.CurrentVersions:
        """Assignments ask who is on an older version."""
        return templates

    @provide
    def config_violations(self, violations: ConfigViolations) -> registry.ports.ConfigViolations:
        """The registry asks whose configs a schema would break."""
        return ViolatingConfigs(violations)

    @provide
    def organization_industry(self, sender: DirectSender) -> assignments.ports.OrganizationIndustry:
        """An applied template may become the organization's industry."""
        return AppliedIndustry(sender)

    @provide
    def standing(
        self, directory: PostgresOrganizationDirectory
    ) -> AnyOf[access.ports.OrganizationStanding, OrganizationStatuses]:
        """Signing in asks whether the organization is suspended, and so does who streams its events."""
        return directory

    @provide
    def facts(self) -> access.ports.FactLog:
        """What `access` writes directly is in the log all the same."""
        return PostgresAuditLog("access")


class ChoosableIndustries:
    """Industries as organizations know them."""

    def __init__(self, templates: PostgresTemplateCatalog) -> None:
        self._templates = templates

    async def templates(
        self, transaction: Transaction, industry_codes: Sequence[str]
    ) -> Mapping[str, OrganizationTemplateFact]:
        """By code."""
        found = await self._templates.summaries(transaction, industry_codes)
        return {
            code: OrganizationTemplateFact(
                fact.status,
                fact.industry_name,
                fact.version,
                {id_: state for id_, state in fact.blocked_by.items() if state != "assignable"},
            )
            for code, fact in found.items()
        }

    async def names(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, str]:
        """Living templates' names by code."""
        return await self._templates.names(transaction, industry_codes)


class StandingOrganizations:
    """Organizations as assignments know them."""

    def __init__(self, directory: PostgresOrganizationDirectory) -> None:
        self._directory = directory

    async def lock(self, transaction: Transaction, organization_ids: Sequence[str]) -> None:
        """Their heads FOR SHARE."""
        await self._directory.lock(transaction, organization_ids)

    async def organizations(
        self, transaction: Transaction, organization_ids: Sequence[str]
    ) -> Mapping[str, OrganizationFact]:
        """Status and industry by id."""
        found = await self._directory.organizations(transaction, organization_ids)
        return {id_: OrganizationFact(fact.status, fact.industry_code) for id_, fact in found.items()}


class ViolatingConfigs:
    """Violations as the registry tells them."""

    def __init__(self, violations: ConfigViolations) -> None:
        self._violations = violations

    async def count(self, module_id: str, rules: ConfigRules, transaction: Transaction | None = None) -> ConfigImpact:
        """Organizations and templates whose configs do not fit."""
        found = await self._violations.count(module_id, rules, transaction)
        link = f"/api/v1/module-registry/{module_id}/violations"
        return ConfigImpact(found.organizations, found.at_least, found.templates, link)


class PublishedTemplates:
    """Template versions as assignments know them."""

    def __init__(self, templates: PostgresTemplateCatalog) -> None:
        self._templates = templates

    async def templates(
        self, transaction: Transaction, versions: Mapping[str, Collection[int]]
    ) -> Mapping[str, TemplateFact]:
        """The current version and those asked for, by code."""
        found = await self._templates.templates(transaction, versions)
        return {
            code: TemplateFact(
                template.status,
                template.version,
                {
                    number: [
                        TemplateEntry(entry.module_id, entry.is_required, entry.default_config) for entry in entries
                    ]
                    for number, entries in template.versions.items()
                },
            )
            for code, template in found.items()
        }


class AppliedIndustry:
    """Tells organizations which industry an applied template gave them."""

    def __init__(self, sender: DirectSender) -> None:
        self._sender = sender

    async def set_industry(
        self, organization_id: str, industry_code: str, applied_event_id: UUID, user_id: str
    ) -> None:
        """Waits a bounded time; the subscriber of the event sends the same operation as a net."""
        command = SetIndustry(organization_id, industry_code)
        operation_id = derived_operation_id(applied_event_id, type(command).__name__)
        envelope = self._sender.envelope(organization_id, command, user_id, operation_id, organization_id)
        try:
            await self._sender.execute("organizations", envelope, command, WAIT_SECONDS)
        except Unavailable:
            return
