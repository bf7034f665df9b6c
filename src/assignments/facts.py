"""What a command needs to know of other contexts, and what it demands of that. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from assignments.commands import (
    ApplyIndustryTemplate,
    AssignModule,
    BulkAssignModules,
    Command,
    RestoreAssignments,
    UnassignModule,
    UpdateModuleConfig,
)
from assignments.errors import (
    IndustryInactive,
    ModuleInactive,
    NotInTemplate,
    OrganizationNotFound,
    OrganizationSuspended,
    UnknownIndustry,
    UnknownModules,
    UnknownVersion,
)
from assignments.events import ModuleUnassignedEvent, Source
from assignments.state import Assignments, sources_of, template_sources, template_versions, versions_by_code
from industries.contract import TemplateFact, TemplateModule
from organizations.contract import OrganizationFact
from registry.contract import ModuleStatus
from shared.errors import FieldError
from shared.json.layered_config import ConfigRules
from shared.messages import stream_name

Batch = Sequence[tuple[Assignments, Command]]
Templates = Mapping[str, TemplateFact]
Unassignments = Mapping[UUID, ModuleUnassignedEvent]


class Facts(Struct, frozen=True):
    """Facts for a whole batch; what is left out is unknown.

    `templates`: see `named_versions`; each has its current version. `modules`: see `named_modules`. `rules`: of those
    that have a schema. `template_configs`: by industry code, version and module id, of modules with rules.
    """

    organizations: Mapping[str, OrganizationFact] = {}
    modules: Mapping[str, ModuleStatus] = {}
    templates: Templates = {}
    rules: Mapping[str, ConfigRules] = {}
    template_configs: Mapping[tuple[str, int, str], dict[str, Any]] = {}
    unassignments: Unassignments = {}


def named_versions(batch: Batch, unassignments: Unassignments) -> Mapping[str, Collection[int]]:
    """Return the templates that the commands depend on, with the versions needed beside the current one."""
    versions: dict[str, set[int]] = {}
    for state, command in batch:
        match command:
            case ApplyIndustryTemplate(industry_code=code, version=version):
                versions.setdefault(code, set()).update([] if version is None else [version])
            case BulkAssignModules(industry_code=str(code)):
                versions.setdefault(code, set()).update([state.templates[code]] if code in state.templates else [])
            case UnassignModule(module_id=module_id):
                _add(versions, sources_of(state, module_id))
            case RestoreAssignments(operation_id=operation_id) if operation_id in unassignments:
                removed = unassignments[operation_id].modules
                _add(versions, (source for change in removed for source in change.sources_before))
            case _:
                pass
    return versions


def _add(versions: dict[str, set[int]], sources: Iterable[Source]) -> None:
    for code, version in template_versions(sources):
        versions.setdefault(code, set()).add(version)


def named_modules(batch: Batch, templates: Templates, unassignments: Unassignments) -> set[str]:
    """Return the modules that the commands may assign, or whose config they may change."""
    named: set[str] = set()
    for state, command in batch:
        match command:
            case AssignModule(module_id=module_id) | UpdateModuleConfig(module_id=module_id):
                named.add(module_id)
            case BulkAssignModules(module_ids=module_ids):
                named.update(module_ids)
            case RestoreAssignments(operation_id=operation_id) if operation_id in unassignments:
                named.update(change.module_id for change in unassignments[operation_id].modules)
            case ApplyIndustryTemplate(industry_code=code, version=version):
                named.update(id_ for id_, held in state.modules.items() if template_sources(held.sources, ()))
                if (template := templates.get(code)) is not None:
                    entries = template.versions.get(template.version if version is None else version, ())
                    named.update(entry.module_id for entry in entries)
            case _:
                pass
    return named


def source_versions(batch: Batch, rules: Collection[str], templates: Templates) -> Mapping[str, Collection[int]]:
    assigned = (held for state, _ in batch for id_, held in state.modules.items() if id_ in rules)
    versions = versions_by_code(source for held in assigned for source in held.sources)
    known = {code: template.versions.keys() for code, template in templates.items()}
    return {code: missing for code, wanted in versions.items() if (missing := wanted - known.get(code, set()))}


def depends_on(state: Assignments, facts: Facts, command: Command) -> Sequence[str]:
    batch = [(state, command)]
    codes = {
        *named_versions(batch, facts.unassignments),
        *source_versions(batch, facts.rules, facts.templates),
    }
    modules = named_modules(batch, facts.templates, facts.unassignments)
    return [
        stream_name("organizations", command.organization_id),
        *(stream_name("industries", code) for code in sorted(codes)),
        *(stream_name("registry", module_id) for module_id in sorted(modules)),
    ]


def required_by(module_id: str, sources: Iterable[Source], templates: Templates) -> list[str]:
    return [
        str(source.industry_code)
        for source in sources
        if (template := templates.get(source.industry_code or "")) is not None
        for entry in template.versions.get(source.version or 0, ())
        if entry.module_id == module_id and requires(template, entry)
    ]


def requires(template: TemplateFact, entry: TemplateModule) -> bool:
    return entry.is_required and template.status != "deleted"


def known_organization(facts: Facts, organization_id: str, *, is_correction: bool) -> OrganizationFact:
    """Return the organization; refuse an unknown one, and a suspended one unless this is a correction."""
    organization = facts.organizations.get(organization_id)
    if organization is None:
        raise OrganizationNotFound(f"There is no organization {organization_id}. Check the id in the path.")
    if organization.status == "suspended" and not is_correction:
        raise OrganizationSuspended(f"Organization {organization_id} is suspended. Reactivate it first.")
    return organization


def require_active_modules(facts: Facts, pointers: Mapping[str, str]) -> None:
    """Refuse unknown module ids, or else inactive ones: all of them at once. Keys are pointers into the body."""
    unknown = {at: name for at, name in pointers.items() if facts.modules.get(name, "deleted") == "deleted"}
    if unknown:
        detail = f"Not in the module registry: {_listed(unknown)}. Register them, or leave them out."
        raise UnknownModules(detail, errors=_errors(unknown, "is not a registered module"))
    inactive = {at: name for at, name in pointers.items() if facts.modules[name] == "inactive"}
    if inactive:
        detail = f"Inactive: {_listed(inactive)}. Activate them, or leave them out."
        raise ModuleInactive(detail, errors=_errors(inactive, "is inactive"), modules=list(inactive.values()))


def applicable_template(facts: Facts, industry_code: str) -> TemplateFact:
    """Return the template; refuse one that is deleted or inactive."""
    template = facts.templates.get(industry_code)
    if template is None or template.status == "deleted":
        errors = [FieldError("/industry_code", f"{industry_code} is not an industry")]
        raise UnknownIndustry(
            f"There is no industry {industry_code}. Choose one of GET /api/v1/industries.", errors=errors
        )
    if template.status == "inactive":
        raise IndustryInactive(f"Industry {industry_code} is inactive. Activate it, or choose another.")
    return template


def entries_of(template: TemplateFact, industry_code: str, version: int) -> Sequence[TemplateModule]:
    if version not in template.versions:
        detail = f"Industry {industry_code} has no version {version}; the current one is {template.version}."
        raise UnknownVersion(detail, errors=[FieldError("/version", f"{version} was never published")])
    return template.versions[version]


def require_in_template(template: TemplateFact, industry_code: str, version: int, pointers: Mapping[str, str]) -> None:
    """Refuse modules that this version does not hold. Keys are pointers into the body."""
    holds = {entry.module_id for entry in entries_of(template, industry_code, version)}
    others = {at: name for at, name in pointers.items() if name not in holds}
    if not others:
        return
    detail = f"Not in version {version} of {industry_code}: {_listed(others)}. Assign them without it."
    if version != template.version:
        detail = (
            f"Not in version {version} of {industry_code}, which the organization has: {_listed(others)}. "
            f"Apply version {template.version} first, or assign them without the template."
        )
    errors = _errors(others, f"is not in version {version} of the template {industry_code}")
    raise NotInTemplate(detail, errors=errors, version=version, current_version=template.version)


def _listed(pointers: Mapping[str, str]) -> str:
    return ", ".join(pointers.values())


def _errors(pointers: Mapping[str, str], message: str) -> list[FieldError]:
    return [FieldError(at, f"{name} {message}") for at, name in pointers.items()]
