"""What an organization has, put together from its own rows and what the other contexts say of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from assignments.adapters.postgres import CONFIG, SOURCES
from assignments.events import Source
from assignments.facts import ModuleStatus, OrganizationStatus, TemplateEntry, TemplateFact, requires
from assignments.ports import ModuleSummaries, ModuleSummary, OrganizationDirectory, TemplateCatalog
from assignments.state import template_sources
from shared.messages import overlay
from shared.ports import Database, Transaction
from shared.processor import in_slices

ASSIGNED = "SELECT module_id, config, sources FROM assignments.assignments WHERE organization_id = $1"

HEAD = """
SELECT coalesce((SELECT version FROM shared.streams WHERE context = 'assignments' AND id = $1), 0),
  ARRAY(SELECT industry_code FROM assignments.applied_templates WHERE organization_id = $1 ORDER BY place)
"""

Obstacle = Literal["module_inactive", "organization_suspended"]


class OrganizationModule(Struct, frozen=True):
    """One module of an organization.

    `config` is what counts: the module's defaults under those of the templates among its sources, in the order they
    were applied, under `own_config`, the organization's layer. `required_by` names the industries whose template
    binds the organization to the module. `version` is the module's.
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


class Held(Struct, frozen=True):
    """One assignment as its row tells it."""

    module_id: str
    config: dict[str, Any]
    sources: tuple[Source, ...]


Entries = Mapping[tuple[str, int], Mapping[str, TemplateEntry]]


class Surroundings(Struct, frozen=True):
    """What stands around the assignments of one organization; `applied` are its templates in their order."""

    status: OrganizationStatus
    summaries: Mapping[str, ModuleSummary]
    templates: Mapping[str, TemplateFact]
    entries: Entries
    applied: Sequence[str]


class PostgresAssignmentReader:
    """An organization's modules, all read in one moment."""

    def __init__(
        self,
        database: Database,
        organizations: OrganizationDirectory,
        modules: ModuleSummaries,
        templates: TemplateCatalog,
    ) -> None:
        self._database = database
        self._organizations = organizations
        self._modules = modules
        self._templates = templates

    async def modules(self, organization_id: str) -> OrganizationModules | None:
        """None when there is no such organization."""
        async with self._database.snapshot() as transaction:
            standings = await self._organizations.organizations(transaction, [organization_id])
            if organization_id not in standings:
                return None
            sequence, applied = await transaction.fetchrow(HEAD, organization_id)
            held = await assigned(transaction, organization_id)
            around = await self._surroundings(transaction, held, standings[organization_id].status, applied)
        items = [item(one, around) async for one in in_slices(held)]
        return OrganizationModules(organization_id, sequence, sorted(items, key=by_name))

    async def _surroundings(
        self, transaction: Transaction, held: Sequence[Held], status: OrganizationStatus, applied: Sequence[str]
    ) -> Surroundings:
        versions: dict[str, set[int]] = {}
        for source in (source for one in held for source in one.sources):
            if source.industry_code is not None and source.version is not None:
                versions.setdefault(source.industry_code, set()).add(source.version)
        templates = await self._templates.templates(transaction, versions) if versions else {}
        ids = [one.module_id for one in held]
        summaries = await self._modules.summaries(transaction, ids) if ids else {}
        return Surroundings(status, summaries, templates, entries_by_module(templates), applied)


async def assigned(transaction: Transaction, organization_id: str) -> Sequence[Held]:
    """The organization's assignments, in no order."""
    rows = await transaction.fetch(ASSIGNED, organization_id)
    return [Held(id_, CONFIG.decode(config), SOURCES.decode(sources)) async for id_, config, sources in in_slices(rows)]


def entries_by_module(templates: Mapping[str, TemplateFact]) -> Entries:
    """The entries of each version of each template."""
    return {
        (code, version): {entry.module_id: entry for entry in entries}
        for code, template in templates.items()
        for version, entries in template.versions.items()
    }


def item(held: Held, around: Surroundings) -> OrganizationModule:
    """An assignment as it is shown."""
    given = given_by(held, around)
    required_by = [code for code, entry in given if requires(around.templates[code], entry)]
    summary = around.summaries[held.module_id]
    obstacle = obstacle_of(around.status, summary.status)
    return OrganizationModule(
        module_id=held.module_id,
        module_name=summary.module_name,
        category=summary.category,
        version=summary.version,
        config=effective_config(summary, given, held.config),
        own_config=held.config,
        is_required=bool(required_by),
        required_by=required_by,
        effective=obstacle is None,
        ineffective_because=obstacle,
        sources=held.sources,
        metadata=summary.metadata,
    )


def given_by(held: Held, around: Surroundings) -> Sequence[tuple[str, TemplateEntry]]:
    """The template entries an assignment comes from, in the order the templates were applied."""
    return [
        (source.industry_code, entry)
        for source in template_sources(held.sources, around.applied)
        if source.industry_code is not None
        and source.version is not None
        and (entry := around.entries.get((source.industry_code, source.version), {}).get(held.module_id)) is not None
    ]


def effective_config(
    summary: ModuleSummary, given: Sequence[tuple[str, TemplateEntry]], own: dict[str, Any]
) -> dict[str, Any]:
    """The layers as one: the module's, the templates', the organization's."""
    config: dict[str, Any] = summary.default_config
    for _, entry in given:
        config = overlay(config, entry.default_config)
    return overlay(config, own) if own else config


def obstacle_of(organization: OrganizationStatus, module: ModuleStatus) -> Obstacle | None:
    """Why an assigned module has no effect; a suspended organization's modules have none, whatever they are."""
    if organization == "suspended":
        return "organization_suspended"
    return None if module == "active" else "module_inactive"


def by_name(module: OrganizationModule) -> tuple[str, str]:
    """Names in one order, whatever their case."""
    return module.module_name.casefold(), module.module_id
