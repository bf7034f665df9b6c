"""What an organization has, put together from its own rows and what the other contexts say of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from assignments.adapters.postgres import CONFIG, SOURCES
from assignments.events import Source
from assignments.facts import requires
from assignments.ports import ModuleCatalog, ModuleSummaries, OrganizationDirectory, TemplateCatalog
from assignments.state import template_sources
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


class ConfigLayer(Struct, frozen=True):
    """One layer of a config: the module's defaults, those of a template's version, or the organization's own."""

    kind: Literal["module", "template", "organization"]
    module_version: str | None
    industry_code: str | None
    template_version: int | None
    config: dict[str, Any]


class OrganizationModuleDetails(OrganizationModule, frozen=True):
    """One module of an organization, and how its config comes to be.

    Each of `layers` lies over those before it. `origins` tells of each value in `config`, by its JSON pointer
    (RFC 6901), the place of the layer it is from; a value is a scalar, a whole array or an empty object.
    `config_errors` point to what does not fit `config_schema` (null: anything does), as it may be after a change of it.
    """

    organization_id: str
    sequence: int
    layers: Sequence[ConfigLayer]
    origins: Mapping[str, int]
    config_schema: dict[str, Any] | None
    config_errors: Sequence[FieldError]


class Held(Struct, frozen=True):
    """One assignment as its row tells it."""

    module_id: str
    config: dict[str, Any]
    sources: tuple[Source, ...]


Entries = Mapping[tuple[str, int], Mapping[str, TemplateModule]]


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
        catalog: ModuleCatalog,
        templates: TemplateCatalog,
    ) -> None:
        self._database = database
        self._organizations = organizations
        self._modules = modules
        self._catalog = catalog
        self._templates = templates

    async def modules(self, organization_id: str) -> OrganizationModules | None:
        """None when there is no such organization."""
        async with self._database.snapshot() as transaction:
            known = await self._organizations.organizations(transaction, [organization_id])
            if organization_id not in known:
                return None
            sequence, applied = await transaction.fetchrow(HEAD, organization_id)
            held = await assigned(transaction, organization_id)
            around = await self._surroundings(transaction, held, known[organization_id].status, applied)
        items = [item(one, around) async for one in in_slices(held)]
        return OrganizationModules(organization_id, sequence, sorted(items, key=by_name))

    async def module(self, organization_id: str, module_id: str) -> OrganizationModuleDetails | None:
        """None when there is no such organization, or it does not have the module."""
        async with self._database.snapshot() as transaction:
            known = await self._organizations.organizations(transaction, [organization_id])
            held = [one for one in await assigned(transaction, organization_id) if one.module_id == module_id]
            if organization_id not in known or not held:
                return None
            sequence, applied = await transaction.fetchrow(HEAD, organization_id)
            around = await self._surroundings(transaction, held, known[organization_id].status, applied)
            rules = (await self._catalog.modules(transaction, [module_id]))[module_id].rules
        shown = item(held[0], around)
        layers = layers_of(held[0], around)
        return OrganizationModuleDetails(
            **{name: getattr(shown, name) for name in OrganizationModule.__struct_fields__},
            organization_id=organization_id,
            sequence=sequence,
            layers=layers,
            origins=origins([layer.config for layer in layers]),
            config_schema=dict(rules.schema.document) if rules else None,
            config_errors=capped(rules.schema.errors(shown.config)) if rules else [],
        )

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
    required_by = [code for code, _, entry in given if requires(around.templates[code], entry)]
    summary = around.summaries[held.module_id]
    obstacle = obstacle_of(around.status, summary.status)
    return OrganizationModule(
        module_id=held.module_id,
        module_name=summary.module_name,
        category=summary.category,
        version=summary.version,
        config=layered([summary.default_config, *(entry.default_config for _, _, entry in given), held.config]),
        own_config=held.config,
        is_required=bool(required_by),
        required_by=required_by,
        effective=obstacle is None,
        ineffective_because=obstacle,
        sources=held.sources,
        metadata=summary.metadata,
    )


def given_by(held: Held, around: Surroundings) -> Sequence[tuple[str, int, TemplateModule]]:
    """The entries of templates' versions an assignment comes from, in the order the templates were applied."""
    return [
        (source.industry_code, source.version, entry)
        for source in template_sources(held.sources, around.applied)
        if source.industry_code is not None
        and source.version is not None
        and (entry := around.entries.get((source.industry_code, source.version), {}).get(held.module_id)) is not None
    ]


def layers_of(held: Held, around: Surroundings) -> Sequence[ConfigLayer]:
    """The module's layer, the templates', the organization's."""
    summary = around.summaries[held.module_id]
    return [
        ConfigLayer("module", summary.version, None, None, summary.default_config),
        *(
            ConfigLayer("template", None, code, version, entry.default_config)
            for code, version, entry in given_by(held, around)
        ),
        ConfigLayer("organization", None, None, None, held.config),
    ]


def obstacle_of(organization: OrganizationStatus, module: ModuleStatus) -> Obstacle | None:
    """Why an assigned module has no effect; a suspended organization's modules have none, whatever they are."""
    if organization == "suspended":
        return "organization_suspended"
    return None if module == "active" else "module_inactive"


def by_name(module: OrganizationModule) -> tuple[str, str]:
    """Names in the order of all lists."""
    return sort_key(module.module_name), module.module_id
