"""What a batch of commands must know of organizations, modules and templates: one query for each kind."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any
from uuid import UUID

import msgspec

from assignments.adapters.named import (
    Unassignments,
    Work,
    named_modules,
    named_versions,
    organization_ids,
    restored_operations,
    source_versions,
)
from assignments.events import ModuleUnassignedEvent
from assignments.facts import Facts
from assignments.ports import ModuleCatalog, OrganizationDirectory, TemplateCatalog
from industries.contract import TemplateFact
from shared.ports import Transaction

UNASSIGNMENTS = """
SELECT operation_id, payload::text FROM shared.event_log
WHERE operation_id = ANY($1::uuid[]) AND aggregatetype = 'assignments' AND type = $2
"""

UNASSIGNED = msgspec.json.Decoder(ModuleUnassignedEvent)


async def read_facts(
    transaction: Transaction,
    work: Work,
    organizations: OrganizationDirectory,
    modules: ModuleCatalog,
    templates: TemplateCatalog,
) -> Facts:
    """All of them. Only where modules have a schema are template versions asked for that commands do not name."""
    known = await organizations.organizations(transaction, organization_ids([command for _, command in work]))
    operations = restored_operations(command for _, command in work)
    unassignments = await logged_unassignments(transaction, operations) if operations else {}
    versions = named_versions(work, unassignments)
    at_hand = await templates.templates(transaction, versions) if versions else {}
    named = named_modules(work, at_hand, unassignments)
    registered = await modules.modules(transaction, sorted(named)) if named else {}
    statuses = {id_: module.status for id_, module in registered.items()}
    rules = {id_: module.rules for id_, module in registered.items() if module.rules is not None}
    if not rules:
        return Facts(known, statuses, at_hand, unassignments=unassignments)
    further = source_versions(work, rules, at_hand)
    others = await templates.templates(transaction, further) if further else {}
    return Facts(known, statuses, at_hand, rules, template_configs(rules, at_hand, others), unassignments)


async def logged_unassignments(transaction: Transaction, operation_ids: Sequence[UUID]) -> Unassignments:
    """What each of the operations took away; those that took nothing away are left out."""
    rows = await transaction.fetch(UNASSIGNMENTS, operation_ids, ModuleUnassignedEvent.topic)
    return {operation_id: UNASSIGNED.decode(payload) for operation_id, payload in rows}


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
