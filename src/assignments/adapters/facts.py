"""What a batch of commands must know of organizations, modules and templates: one query for each kind."""

from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any

from assignments.adapters.named import Work, named_modules, named_versions, organization_ids, source_versions
from assignments.facts import Facts, TemplateFact
from assignments.ports import ModuleCatalog, OrganizationDirectory, TemplateCatalog
from shared.ports import Transaction


async def read_facts(
    transaction: Transaction,
    work: Work,
    organizations: OrganizationDirectory,
    modules: ModuleCatalog,
    templates: TemplateCatalog,
) -> Facts:
    """All of them. Only where modules have a schema are template versions asked for that commands do not name."""
    known = await organizations.organizations(transaction, organization_ids([command for _, command in work]))
    versions = named_versions(work)
    at_hand = await templates.templates(transaction, versions) if versions else {}
    named = named_modules(work, at_hand)
    standings = await modules.standings(transaction, sorted(named)) if named else {}
    statuses = {id_: standing.status for id_, standing in standings.items()}
    rules = {id_: standing.rules for id_, standing in standings.items() if standing.rules is not None}
    if not rules:
        return Facts(known, statuses, at_hand)
    further = source_versions(work, rules, at_hand)
    others = await templates.templates(transaction, further) if further else {}
    return Facts(known, statuses, at_hand, rules, template_configs(rules, at_hand, others))


def template_configs(
    module_ids: Collection[str], *templates: Mapping[str, TemplateFact]
) -> Mapping[tuple[str, int, str], dict[str, Any]]:
    """What the templates give these modules, by code, version and module id."""
    return {
        (code, version, entry.module_id): entry.default_config
        for code, template in chain.from_iterable(each.items() for each in templates)
        for version, entries in template.versions.items()
        for entry in entries
        if entry.module_id in module_ids
    }
