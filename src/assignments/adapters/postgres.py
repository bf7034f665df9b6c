"""Assignments' rows: the tables, their part of the write path's transaction, and counts for other contexts."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Column, DateTime, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSON, JSONB

from assignments.adapters.facts import read_facts
from assignments.adapters.named import organization_ids
from assignments.commands import Command
from assignments.domain import Assignment, Assignments, Facts
from assignments.ports import ModuleCatalog, OrganizationDirectory, TemplateCatalog
from assignments.state import Sources
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

MODULE_COUNTS = """
SELECT asked.id, (SELECT count(*) FROM assignments.assignments WHERE module_id = asked.id)
FROM unnest($1::text[]) AS asked(id)
"""

TEMPLATE_COUNTS = """
SELECT asked.code, (SELECT count(*) FROM assignments.applied_templates WHERE industry_code = asked.code)
FROM unnest($1::text[]) AS asked(code)
"""

VERSION_COUNTS = """
SELECT version, count(*) FROM assignments.applied_templates
WHERE industry_code = $1 AND version = ANY($2::integer[]) GROUP BY version
"""

CONFIG = msgspec.json.Decoder(dict[str, Any])
SOURCES = msgspec.json.Decoder(Sources)


class AssignmentsShown(Struct, frozen=True):
    """What rows and state both tell: modules, and the templates as code, version and place in order of application."""

    modules: dict[str, Assignment]
    templates: list[tuple[str, int, int]]


@dataclass
class ChangedRows:
    """The rows in which a batch's new states differ from the old ones, as tuples in the order of their columns."""

    assigned: list[tuple[str, str, str, str]] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    applied: list[tuple[str, str, int, int]] = field(default_factory=list)
    withdrawn: list[tuple[str, str]] = field(default_factory=list)

    def statements(self) -> Iterator[tuple[str, Sequence[tuple[Any, ...]]]]:
        """Those that have rows, with their rows."""
        for statement, rows in (
            (STORE_ASSIGNMENTS, self.assigned),
            (REMOVE_ASSIGNMENTS, self.removed),
            (STORE_TEMPLATES, self.applied),
            (REMOVE_TEMPLATES, self.withdrawn),
        ):
            if rows:
                yield statement, rows

    def add(self, organization_id: str, before: Assignments, after: Assignments) -> None:
        """Adds one organization's differences."""
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
    """Assignments' part of the write path's transaction."""

    def __init__(
        self, organizations: OrganizationDirectory, modules: ModuleCatalog, templates: TemplateCatalog
    ) -> None:
        self._organizations = organizations
        self._modules = modules
        self._templates = templates

    async def lock_references(self, transaction: Transaction, commands: Sequence[Command]) -> None:
        """The organizations' own heads, so that none is suspended while its assignments change."""
        await self._organizations.lock(transaction, organization_ids(commands))

    async def facts(
        self, transaction: Transaction, work: Sequence[tuple[Assignments, Command]], *, dry_run: bool = False
    ) -> Facts:
        """What organizations, industries and registry say about all that the commands name."""
        return await read_facts(transaction, work, self._organizations, self._modules, self._templates)

    async def save(self, transaction: Transaction, changes: Sequence[Change], refused: Sequence[Command]) -> None:
        """Writes the rows that differ and no others: at most one statement each for storing and removing."""
        changed = ChangedRows()
        async for change in in_slices(changes):
            changed.add(change.aggregate_id, change.before, change.after)
        for statement, rows in changed.statements():
            await transaction.execute(statement, *zip(*sorted(rows), strict=True))

    async def read_back(self, transaction: Transaction, aggregate_ids: Sequence[str]) -> Mapping[str, AssignmentsShown]:
        """What the rows tell, by organization."""
        found = {id_: AssignmentsShown({}, []) for id_ in aggregate_ids}
        for id_, module_id, config, sources in await transaction.fetch(ASSIGNMENTS, aggregate_ids):
            found[id_].modules[module_id] = Assignment(CONFIG.decode(config), SOURCES.decode(sources))
        for id_, code, version, place in await transaction.fetch(TEMPLATES, aggregate_ids):
            found[id_].templates.append((code, version, place))
        return found

    def comparable(self, state: Assignments) -> AssignmentsShown:
        """All but the kept configs, which no row has."""
        templates = [(code, version, place) for place, (code, version) in enumerate(state.templates.items())]
        return AssignmentsShown(state.modules, templates)


class PostgresAssignedModules:
    """How far modules are assigned, for the registry."""

    async def organizations(self, transaction: Transaction, module_ids: Collection[str]) -> Mapping[str, int]:
        """How many organizations have each module, exactly, by module id."""
        return dict(await transaction.fetch(MODULE_COUNTS, list(module_ids)))


class PostgresAppliedTemplates:
    """How far templates are applied, for industries."""

    async def organizations(self, transaction: Transaction, industry_codes: Collection[str]) -> Mapping[str, int]:
        """How many organizations have each template applied, in whatever version, by code."""
        return dict(await transaction.fetch(TEMPLATE_COUNTS, list(industry_codes)))

    async def by_version(
        self, transaction: Transaction, industry_code: str, versions: Collection[int]
    ) -> Mapping[int, int]:
        """How many organizations have these versions of a template; versions nobody has are left out."""
        return dict(await transaction.fetch(VERSION_COUNTS, industry_code, list(versions)))


def encoded(document: Any) -> str:
    """A JSON document as the driver takes it."""
    return msgspec.json.encode(document).decode()
