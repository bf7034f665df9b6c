"""Assignments' tables, and their part of the write path's transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Column, DateTime, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSON, JSONB

from assignments.commands import Command, RestoreAssignments
from assignments.events import ModuleUnassignedEvent
from assignments.facts import Batch, Facts, Templates, Unassignments, named_modules, named_versions, source_versions
from assignments.ports import ModuleCatalog, OrganizationDirectory, TemplateCatalog
from assignments.state import Assignment, Assignments, Sources
from shared.concurrency import in_slices
from shared.ports import Change, Transaction
from shared.postgres.database import metadata

NOW = text("now()")

assignments = Table(
    "assignments",
    metadata,
    Column("organization_id", Text(collation="C"), primary_key=True),
    Column("module_id", Text(collation="C"), primary_key=True),
    Column("config", JSON, nullable=False),
    Column("sources", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    Index("ix_assignments_module_id", "module_id", "organization_id"),
    schema="assignments",
)

applied_templates = Table(
    "applied_templates",
    metadata,
    Column("organization_id", Text(collation="C"), primary_key=True),
    Column("industry_code", Text(collation="C"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Index("ix_applied_templates_industry_code", "industry_code", "version", "organization_id"),
    schema="assignments",
)

STORE_ASSIGNMENTS = """
INSERT INTO assignments.assignments AS a (organization_id, module_id, config, sources)
SELECT n.organization_id, n.module_id, n.config::json, n.sources::jsonb
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS n(organization_id, module_id, config, sources)
ON CONFLICT (organization_id, module_id) DO UPDATE SET config = excluded.config, sources = excluded.sources,
  updated_at = now()
"""

# The LIMIT keeps every row. It has the planner expect few of them: a plan made while the table was small would
# otherwise join by scanning all of it, and be kept while the table grows.
REMOVE_ASSIGNMENTS = """
DELETE FROM assignments.assignments a
USING (SELECT * FROM unnest($1::text[], $2::text[]) LIMIT cardinality($1)) AS gone(organization_id, module_id)
WHERE a.organization_id = gone.organization_id AND a.module_id = gone.module_id
"""

STORE_TEMPLATES = """
INSERT INTO assignments.applied_templates AS t (organization_id, industry_code, version, place)
SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::integer[])
ON CONFLICT (organization_id, industry_code) DO UPDATE SET version = excluded.version, place = excluded.place
"""

REMOVE_TEMPLATES = """
DELETE FROM assignments.applied_templates t
USING (SELECT * FROM unnest($1::text[], $2::text[]) LIMIT cardinality($1)) AS gone(organization_id, industry_code)
WHERE t.organization_id = gone.organization_id AND t.industry_code = gone.industry_code
"""

ASSIGNMENTS = """
SELECT organization_id, module_id, config, sources FROM assignments.assignments WHERE organization_id = ANY($1::text[])
"""

TEMPLATES = """
SELECT organization_id, industry_code, version, place FROM assignments.applied_templates
WHERE organization_id = ANY($1::text[]) ORDER BY organization_id, place
"""

UNASSIGNMENTS = """
SELECT operation_id, payload::text FROM shared.event_log
WHERE operation_id = ANY($1::uuid[]) AND aggregatetype = 'assignments' AND type = $2
"""

CONFIG = msgspec.json.Decoder(dict[str, Any])
SOURCES = msgspec.json.Decoder(Sources)
UNASSIGNED = msgspec.json.Decoder(ModuleUnassignedEvent)


class StoredAssignments(Struct, frozen=True):
    """A state as rows hold it. `templates`: code, version and place in the order of application."""

    modules: dict[str, Assignment]
    templates: list[tuple[str, int, int]]


@dataclass
class ChangedRows:
    """The rows that a batch changes, as tuples in the order of their columns."""

    assigned: list[tuple[str, str, str, str]] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    applied: list[tuple[str, str, int, int]] = field(default_factory=list)
    withdrawn: list[tuple[str, str]] = field(default_factory=list)

    def statements(self) -> Iterator[tuple[str, Sequence[tuple[Any, ...]]]]:
        for statement, rows in (
            (STORE_ASSIGNMENTS, self.assigned),
            (REMOVE_ASSIGNMENTS, self.removed),
            (STORE_TEMPLATES, self.applied),
            (REMOVE_TEMPLATES, self.withdrawn),
        ):
            if rows:
                yield statement, rows

    def add(self, organization_id: str, before: Assignments, after: Assignments) -> None:
        if after.modules is not before.modules:
            self._add_modules(organization_id, before.modules, after.modules)
        if after.templates is not before.templates:
            self._add_templates(organization_id, before.templates, after.templates)

    def _add_modules(
        self, organization_id: str, before: Mapping[str, Assignment], after: Mapping[str, Assignment]
    ) -> None:
        # By identity: what no event named is the same object, and equality would take a config's true for its 1.
        self.assigned.extend(
            (organization_id, id_, encoded(held.config), encoded(held.sources))
            for id_, held in after.items()
            if before.get(id_) is not held
        )
        self.removed.extend((organization_id, id_) for id_ in before if id_ not in after)

    def _add_templates(self, organization_id: str, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        places = {code: (version, place) for place, (code, version) in enumerate(before.items())}
        self.applied.extend(
            (organization_id, code, version, place)
            for place, (code, version) in enumerate(after.items())
            if places.get(code) != (version, place)
        )
        self.withdrawn.extend((organization_id, code) for code in before if code not in after)


class AssignmentTables:
    def __init__(
        self, organizations: OrganizationDirectory, modules: ModuleCatalog, templates: TemplateCatalog
    ) -> None:
        self._organizations = organizations
        self._modules = modules
        self._templates = templates

    async def lock_references(self, transaction: Transaction, commands: Sequence[Command]) -> None:
        """Lock the organizations' heads: none may be suspended while its assignments change."""
        await self._organizations.lock(transaction, sorted({command.organization_id for command in commands}))

    async def facts(self, transaction: Transaction, work: Batch, *, dry_run: bool = False) -> Facts:
        """Send one query per kind. Other versions of templates are read only if a module has a schema."""
        organization_ids = sorted({command.organization_id for _, command in work})
        organizations = await self._organizations.organizations(transaction, organization_ids)
        unassignments = await self._unassignments(transaction, [command for _, command in work])
        versions = named_versions(work, unassignments)
        named = await self._templates.templates(transaction, versions) if versions else {}
        module_ids = named_modules(work, named, unassignments)
        modules = await self._modules.modules(transaction, sorted(module_ids)) if module_ids else {}
        statuses = {id_: module.status for id_, module in modules.items()}
        rules = {id_: module.rules for id_, module in modules.items() if module.rules is not None}
        if not rules:
            return Facts(organizations, statuses, named, unassignments=unassignments)
        versions = source_versions(work, rules, named)
        others = await self._templates.templates(transaction, versions) if versions else {}
        configs = template_configs(rules, named, others)
        return Facts(organizations, statuses, named, rules, configs, unassignments)

    async def _unassignments(self, transaction: Transaction, commands: Sequence[Command]) -> Unassignments:
        operations = sorted({one.operation_id for one in commands if isinstance(one, RestoreAssignments)})
        if not operations:
            return {}
        rows = await transaction.fetch(UNASSIGNMENTS, operations, ModuleUnassignedEvent.topic)
        return {operation_id: UNASSIGNED.decode(payload) for operation_id, payload in rows}

    async def save(self, transaction: Transaction, changes: Sequence[Change], refused: Sequence[Command]) -> None:
        changed = ChangedRows()
        async for change in in_slices(changes):
            changed.add(change.aggregate_id, change.before, change.after)
        for statement, rows in changed.statements():
            await transaction.execute(statement, *zip(*sorted(rows), strict=True))

    async def read_back(
        self, transaction: Transaction, aggregate_ids: Sequence[str]
    ) -> Mapping[str, StoredAssignments]:
        found = {id_: StoredAssignments({}, []) for id_ in aggregate_ids}
        for id_, module_id, config, sources in await transaction.fetch(ASSIGNMENTS, aggregate_ids):
            found[id_].modules[module_id] = Assignment(CONFIG.decode(config), SOURCES.decode(sources))
        for id_, code, version, place in await transaction.fetch(TEMPLATES, aggregate_ids):
            found[id_].templates.append((code, version, place))
        return found

    def comparable(self, state: Assignments) -> StoredAssignments:
        """Leave out the kept configs, which no row holds."""
        templates = [(code, version, place) for place, (code, version) in enumerate(state.templates.items())]
        return StoredAssignments(state.modules, templates)


def template_configs(
    module_ids: Collection[str], *templates: Templates
) -> Mapping[tuple[str, int, str], dict[str, Any]]:
    return {
        (code, version, entry.module_id): entry.default_config
        for code, template in chain.from_iterable(each.items() for each in templates)
        for version, entries in template.versions.items()
        for entry in entries
        if entry.module_id in module_ids
    }


def encoded(document: Any) -> str:
    return msgspec.json.encode(document).decode()
