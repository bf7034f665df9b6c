"""What other contexts know about organizations, modules and templates, and what a command demands of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from assignments.events import ModuleUnassignedEvent, Source
from assignments.refusals import (
    IndustryInactive,
    ModuleInactive,
    NotInTemplate,
    OrganizationNotFound,
    OrganizationSuspended,
    UnknownIndustry,
    UnknownModules,
    UnknownVersion,
)
from industries.contract import TemplateFact, TemplateModule
from organizations.contract import OrganizationFact
from registry.contract import ModuleStatus
from shared.errors import FieldError
from shared.json.layered_config import ConfigRules


class Facts(Struct, frozen=True):
    """What other contexts know, for a whole batch. What is left out counts as unknown.

    `organizations`: every one a command names. `templates`: every one a command names, with its current version and
    the one named or applied, and every one that a source of a module to be unassigned or restored names, with those
    versions. `modules`: every one in the body of an assign command, in a template version to be applied, or to be
    restored. `rules`: of those that have a schema, and whose config a command may change. `template_configs`: what
    templates give those with rules, by industry
    code, version and module id, for every source they have or may get. `unassignments`: what operations that a command
    takes back took away, as the event log has it.
    """

    organizations: Mapping[str, OrganizationFact] = {}
    modules: Mapping[str, ModuleStatus] = {}
    templates: Mapping[str, TemplateFact] = {}
    rules: Mapping[str, ConfigRules] = {}
    template_configs: Mapping[tuple[str, int, str], dict[str, Any]] = {}
    unassignments: Mapping[UUID, ModuleUnassignedEvent] = {}


def required_by(module_id: str, sources: Iterable[Source], templates: Mapping[str, TemplateFact]) -> list[str]:
    """List the industries whose template requires the module, in the version its source names.

    A deleted template requires nothing, an inactive one still does.
    """
    return [code for source in sources if (code := source.industry_code) and _requires(module_id, source, templates)]


def _requires(module_id: str, source: Source, templates: Mapping[str, TemplateFact]) -> bool:
    template = templates.get(source.industry_code or "")
    if template is None or source.version is None:
        return False
    entries = template.versions.get(source.version, ())
    return any(requires(template, entry) for entry in entries if entry.module_id == module_id)


def requires(template: TemplateFact, entry: TemplateModule) -> bool:
    """Whether an entry of a template binds those who have the module from it."""
    return entry.is_required and template.status != "deleted"


def known_organization(facts: Facts, organization_id: str, *, is_correction: bool) -> OrganizationFact:
    """Return the organization, or refuse what is asked of it; a suspended one takes corrections alone."""
    organization = facts.organizations.get(organization_id)
    if organization is None:
        raise OrganizationNotFound(f"There is no organization {organization_id}. Check the id in the path.")
    if organization.status == "suspended" and not is_correction:
        raise OrganizationSuspended(f"Organization {organization_id} is suspended. Reactivate it first.")
    return organization


def require_active_modules(facts: Facts, pointers: Mapping[str, str]) -> None:
    """Refuses module ids, by their pointer in the body, that are unknown or else inactive: all of them at once."""
    unknown = {at: name for at, name in pointers.items() if facts.modules.get(name, "deleted") == "deleted"}
    if unknown:
        detail = f"Not in the module registry: {_listed(unknown)}. Register them, or leave them out."
        raise UnknownModules(detail, errors=_errors(unknown, "is not a registered module"))
    inactive = {at: name for at, name in pointers.items() if facts.modules[name] == "inactive"}
    if inactive:
        detail = f"Inactive: {_listed(inactive)}. Activate them, or leave them out."
        raise ModuleInactive(detail, errors=_errors(inactive, "is inactive"), modules=list(inactive.values()))


def living_template(facts: Facts, industry_code: str) -> TemplateFact:
    """Return the template a body names as `industry_code`, fit to be given to an organization."""
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
    """Return the entries of a version a body names, in display order."""
    if version not in template.versions:
        detail = f"Industry {industry_code} has no version {version}; the current one is {template.version}."
        raise UnknownVersion(detail, errors=[FieldError("/version", f"{version} was never published")])
    return template.versions[version]


def require_in_template(template: TemplateFact, industry_code: str, version: int, pointers: Mapping[str, str]) -> None:
    """Refuses module ids, by their pointer in the body, that this version of the template does not hold."""
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
