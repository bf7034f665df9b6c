"""An organization's modules: its assignments with the facts of other contexts."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

from assignments.adapters.postgres import CONFIG, SOURCES
from assignments.events import Source
from assignments.facts import requires
from assignments.ports import ModuleCatalog, ModuleSummaries, OrganizationDirectory, TemplateCatalog
from assignments.state import Assignment, template_sources, template_versions, versions_by_code
from industries.contract import TemplateFact, TemplateModule
from organizations.contract import OrganizationStatus
from registry.contract import ModuleStatus, ModuleSummary
from shared.concurrency import in_slices
from shared.errors import FieldError
from shared.json.documents import capped
from shared.json.layered_config import layered, origins
from shared.ports import Database, Transaction
from shared.text.forms import sort_key

ASSIGNED = "SELECT module_id, config, sources FROM assignments.assignments WHERE organization_id = $1"

HEAD = """
SELECT coalesce((SELECT version FROM shared.streams WHERE context = 'assignments' AND id = $1), 0),
  ARRAY(SELECT industry_code FROM assignments.applied_templates WHERE organization_id = $1 ORDER BY place)
"""

Obstacle = Literal["module_inactive", "organization_suspended"]


class OrganizationModule(Struct, frozen=True):
    """One module of an organization; `version` is the module's.

    `config` is the effective one: the module's defaults, overlaid by those of the templates among its sources, in the
    order they were applied, and by `own_config`, the organization's layer. `required_by`: industries that require it.
    """

    module_id: str
    module_name: str
    category: str
    version: str
    config: dict[str, Any]
    own_config: dict[str, Any]
    is_required: bool
    required_by: Sequence[str]
    effective: bool
    ineffective_because: Obstacle | None
    sources: Sequence[Source]
    metadata: dict[str, Any]


class OrganizationModules(Struct, frozen=True):
    """All modules of an organization, by name. `sequence` is that of its assignments' stream, for If-Match."""

    organization_id: str
    sequence: int
    items: Sequence[OrganizationModule]


class ConfigLayer(Struct, frozen=True):
    """One layer of a config: the module's defaults, those of a template's version, or the organization's own."""

    kind: Literal["module", "template", "organization"]
    module_version: str | None
    industry_code: str | None
    template_version: int | None
    config: dict[str, Any]


class OrganizationModuleDetails(OrganizationModule, frozen=True):
    """One module of an organization, and the layers of its config.

    Each of `layers` overlays those before it. `origins`: by JSON pointer (RFC 6901) to a scalar, an array or an empty
    object in `config`, the index of its layer. `config_errors`: what does not fit `config_schema` (null: any fits).
    """

    organization_id: str
    sequence: int
    layers: Sequence[ConfigLayer]
    origins: Mapping[str, int]
    config_schema: dict[str, Any] | None
    config_errors: Sequence[FieldError]


Assigned = Mapping[str, Assignment]
Entries = Mapping[tuple[str, int], Mapping[str, TemplateModule]]


class ReadFacts(Struct, frozen=True):
    status: OrganizationStatus
    summaries: Mapping[str, ModuleSummary]
    templates: Mapping[str, TemplateFact]
    entries: Entries
    applied: Sequence[str]


class PostgresAssignmentReader:
    """Reads each answer in one snapshot."""

    def __init__(
        self,
        database: Database,
        organizations: OrganizationDirectory,
        modules: ModuleSummaries,
        catalog: ModuleCatalog,
        templates: TemplateCatalog,
    ) -> None:
        self._database = database
        self._organizations = organizations
        self._modules = modules
        self._catalog = catalog
        self._templates = templates

    async def modules(self, organization_id: str) -> OrganizationModules | None:
        async with self._database.snapshot() as transaction:
            known = await self._organizations.organizations(transaction, [organization_id])
            if organization_id not in known:
                return None
            sequence, applied = await transaction.fetchrow(HEAD, organization_id)
            assigned = await assignments_of(transaction, organization_id)
            facts = await self._facts(transaction, assigned, known[organization_id].status, applied)
        items = [organization_module(id_, one, facts) async for id_, one in in_slices(assigned.items())]
        items.sort(key=lambda module: (sort_key(module.module_name), module.module_id))
        return OrganizationModules(organization_id, sequence, items)

    async def module(self, organization_id: str, module_id: str) -> OrganizationModuleDetails | None:
        async with self._database.snapshot() as transaction:
            known = await self._organizations.organizations(transaction, [organization_id])
            assignment = (await assignments_of(transaction, organization_id)).get(module_id)
            if organization_id not in known or assignment is None:
                return None
            sequence, applied = await transaction.fetchrow(HEAD, organization_id)
            facts = await self._facts(transaction, {module_id: assignment}, known[organization_id].status, applied)
            rules = (await self._catalog.modules(transaction, [module_id]))[module_id].rules
        module = organization_module(module_id, assignment, facts)
        layers = layers_of(module_id, assignment, facts)
        return OrganizationModuleDetails(
            **asdict(module),
            organization_id=organization_id,
            sequence=sequence,
            layers=layers,
            origins=origins([layer.config for layer in layers]),
            config_schema=dict(rules.schema.document) if rules else None,
            config_errors=capped(rules.schema.errors(module.config)) if rules else [],
        )

    async def _facts(
        self,
        transaction: Transaction,
        assigned: Assigned,
        status: OrganizationStatus,
        applied: Sequence[str],
    ) -> ReadFacts:
        versions = versions_by_code(source for one in assigned.values() for source in one.sources)
        templates = await self._templates.templates(transaction, versions) if versions else {}
        summaries = await self._modules.summaries(transaction, list(assigned)) if assigned else {}
        return ReadFacts(status, summaries, templates, entries_by_module(templates), applied)


async def assignments_of(transaction: Transaction, organization_id: str) -> Assigned:
    rows = in_slices(await transaction.fetch(ASSIGNED, organization_id))
    return {id_: Assignment(CONFIG.decode(config), SOURCES.decode(sources)) async for id_, config, sources in rows}


def entries_by_module(templates: Mapping[str, TemplateFact]) -> Entries:
    return {
        (code, version): {entry.module_id: entry for entry in entries}
        for code, template in templates.items()
        for version, entries in template.versions.items()
    }


def organization_module(module_id: str, assignment: Assignment, facts: ReadFacts) -> OrganizationModule:
    given = source_entries(module_id, assignment, facts)
    required_by = [code for code, _, entry in given if requires(facts.templates[code], entry)]
    summary = facts.summaries[module_id]
    obstacle = obstacle_of(facts.status, summary.status)
    return OrganizationModule(
        module_id=module_id,
        module_name=summary.module_name,
        category=summary.category,
        version=summary.version,
        config=layered([summary.default_config, *(entry.default_config for _, _, entry in given), assignment.config]),
        own_config=assignment.config,
        is_required=bool(required_by),
        required_by=required_by,
        effective=obstacle is None,
        ineffective_because=obstacle,
        sources=assignment.sources,
        metadata=summary.metadata,
    )


def source_entries(
    module_id: str, assignment: Assignment, facts: ReadFacts
) -> Sequence[tuple[str, int, TemplateModule]]:
    """Return code, version and entry of the templates among the sources, in order of application."""
    return [
        (code, version, entry)
        for code, version in template_versions(template_sources(assignment.sources, facts.applied))
        if (entry := facts.entries.get((code, version), {}).get(module_id)) is not None
    ]


def layers_of(module_id: str, assignment: Assignment, facts: ReadFacts) -> Sequence[ConfigLayer]:
    summary = facts.summaries[module_id]
    return [
        ConfigLayer("module", summary.version, None, None, summary.default_config),
        *(
            ConfigLayer("template", None, code, version, entry.default_config)
            for code, version, entry in source_entries(module_id, assignment, facts)
        ),
        ConfigLayer("organization", None, None, None, assignment.config),
    ]


def obstacle_of(organization: OrganizationStatus, module: ModuleStatus) -> Obstacle | None:
    if organization == "suspended":
        return "organization_suspended"
    return None if module == "active" else "module_inactive"
