"""The context on a real database, in a small world of organizations, modules and templates."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest
from dishka import AnyOf, AsyncContainer, Provider, Scope, make_async_container

from assignments.commands import Command
from assignments.ports import (
    CurrentVersions,
    ModuleCatalog,
    ModuleSummaries,
    OrganizationDirectory,
    OrganizationIndustry,
    OrganizationLabels,
    OrganizationSearch,
    OrganizationsWithModule,
    TemplateCatalog,
    TemplatesWithModule,
)
from assignments.wiring import AssignmentsDecider, AssignmentsProvider
from industries.contract import TemplateFact, TemplateOfModule
from industries.events import TemplateModule
from organizations.contract import OrganizationFact, OrganizationLabel
from registry.contract import ModuleFact, ModuleStatus, ModuleSummary
from shared.cache.generations import Load, ReadThrough
from shared.commands.envelopes import CommandEnvelopes, encoded_command
from shared.commands.postgres import PostgresCommandStore
from shared.commands.processor import CommandProcessor
from shared.json.layered_config import ConfigRules
from shared.lists.cursors import Cursors
from shared.messages import CommandEnvelope, Outcome, ReceivedCommand
from shared.ports import Clock, Database, Ids, Invalidation, SendCommand, Transaction
from shared.postgres.database import PostgresDatabase
from tests.fakes import CURSORS, FreshIds

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Label(OrganizationLabel, frozen=True):
    organization_id: str

    def is_called(self, beginnings: Sequence[str]) -> bool:
        """Whether each begins a word of the name."""
        words = self.name.lower().split()
        return all(any(word.startswith(beginning) for word in words) for beginning in beginnings)


@dataclass
class World:
    """The other contexts, as plain mappings; and what was sent and made stale.

    `users`: who has a module; everybody has one that is not named there.
    """

    organizations: dict[str, OrganizationFact] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    users: dict[str, set[str]] = field(default_factory=dict)
    modules: dict[str, ModuleSummary] = field(default_factory=dict)
    rules: dict[str, ConfigRules] = field(default_factory=dict)
    templates: dict[str, TemplateFact] = field(default_factory=dict)
    asked: list[dict[str, set[int]]] = field(default_factory=list)
    sent: list[tuple[str, CommandEnvelope, Any]] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    industries_set: list[tuple[str, str, UUID, str]] = field(default_factory=list)

    def add_module(self, module_id: str, name: str, status: ModuleStatus = "active", **default_config: Any) -> None:
        self.modules[module_id] = ModuleSummary(name, "", "baking", "1.0", {"icon": "oven"}, default_config, status)

    def publish(self, code: str, *entries: TemplateModule, status: ModuleStatus = "active") -> None:
        before = self.templates.get(code, TemplateFact("active", 0, {}))
        version = before.version + 1
        self.templates[code] = TemplateFact(status, version, {**before.versions, version: list(entries)})

    def label(self, organization_id: str) -> "Label":
        name = self.names.get(organization_id, f"Bakery {organization_id[-1]}")
        return Label(name, self.organizations[organization_id].status, organization_id)

    def found(self, module_id: str, wanted: OrganizationSearch) -> Sequence["Label"]:
        """Those that are searched for, in order; ids stand for the moments they came to be."""
        having = self.users.get(module_id, set(self.organizations))
        labels = [
            self.label(id_)
            for id_, fact in self.organizations.items()
            if id_ in having
            and wanted.status in {None, fact.status}
            and wanted.industry_code in {None, fact.industry_code}
        ]
        q, by_name = (wanted.q or "").lower(), wanted.sort.endswith("name")
        labels = [one for one in labels if one.organization_id == q or one.is_called(q.split())]
        labels.sort(
            key=lambda one: (one.name.lower() if by_name else "", one.organization_id),
            reverse=wanted.sort.startswith("-"),
        )
        return sorted(labels, key=lambda one: by_name and not one.name.lower().startswith(q))


class Neighbours:
    """All foreign ports at once, answered from the world."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def lock(self, transaction: Transaction, organization_ids: Sequence[str]) -> None:
        assert list(organization_ids) == sorted(set(organization_ids))

    async def organizations(self, _: Transaction, organization_ids: Sequence[str]) -> Mapping[str, OrganizationFact]:
        known = self._world.organizations
        return {id_: known[id_] for id_ in organization_ids if id_ in known}

    async def labels(self, _: Transaction, organization_ids: Collection[str]) -> Mapping[str, Label]:
        return {id_: self._world.label(id_) for id_ in organization_ids if id_ in self._world.organizations}

    async def page(self, module_id: str, wanted: OrganizationSearch) -> tuple[Sequence[Label], str | None]:
        given = await CURSORS.of(module_id, wanted.q, wanted.status, wanted.industry_code, wanted.sort)
        found, after = self._world.found(module_id, wanted), given.place(wanted.cursor, str)
        seen = 0 if after is None else [one.organization_id for one in found].index(after) + 1
        following = given.beyond(found[seen:], wanted.limit, lambda one: one.organization_id)
        return found[seen : seen + wanted.limit], following

    async def modules(self, _: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleFact]:
        known, rules = self._world.modules, self._world.rules
        return {id_: ModuleFact(known[id_].status, rules.get(id_)) for id_ in module_ids if id_ in known}

    async def summaries(self, _: Transaction, module_ids: Collection[str]) -> Mapping[str, ModuleSummary]:
        return {id_: self._world.modules[id_] for id_ in module_ids if id_ in self._world.modules}

    async def templates(self, _: Transaction, versions: Mapping[str, Collection[int]]) -> Mapping[str, TemplateFact]:
        known = self._world.templates
        self._world.asked.append({code: set(asked) for code, asked in versions.items()})
        return {
            code: TemplateFact(
                known[code].status,
                known[code].version,
                {v: known[code].versions[v] for v in {*asked, known[code].version} if v in known[code].versions},
            )
            for code, asked in versions.items()
            if code in known
        }

    async def current(self, _: Transaction) -> Mapping[str, int]:
        templates = self._world.templates.items()
        return {code: template.version for code, template in templates if template.status != "deleted"}

    async def with_module(self, _: Transaction, module_id: str) -> Sequence[TemplateOfModule]:
        return [
            TemplateOfModule(code, code.title(), template.version, entry.is_required, entry.default_config)
            for code, template in sorted(self._world.templates.items())
            for entry in template.versions[template.version]
            if entry.module_id == module_id and template.status != "deleted"
        ]

    async def send(self, context: str, envelope: CommandEnvelope, command: Any) -> None:
        self._world.sent.append((context, envelope, command))

    async def set_industry(
        self, organization_id: str, industry_code: str, applied_event_id: UUID, user_id: str
    ) -> None:
        self._world.industries_set.append((organization_id, industry_code, applied_event_id, user_id))

    async def invalidate(self, names: Sequence[str]) -> None:
        self._world.stale.extend(names)

    async def read_through(self, key: str, generations: Sequence[str], ttl: int, load: Load) -> Any:
        return await load()

    def resolve(self, outcome: Outcome) -> None:
        pass


class TickingClock:
    """A minute passes whenever somebody looks."""

    def __init__(self) -> None:
        self._looks = 0

    def now(self) -> datetime:
        self._looks += 1
        return NOON + timedelta(minutes=self._looks)


@pytest.fixture
def world() -> World:
    return World()


def neighbours_of(world: World, database: PostgresDatabase) -> Provider:
    neighbours = Provider(scope=Scope.APP)
    neighbours.provide(
        lambda: Neighbours(world),
        provides=AnyOf[
            Neighbours,
            OrganizationDirectory,
            OrganizationLabels,
            OrganizationIndustry,
            OrganizationsWithModule,
            ModuleCatalog,
            ModuleSummaries,
            TemplateCatalog,
            TemplatesWithModule,
            CurrentVersions,
            SendCommand,
            Invalidation,
            ReadThrough,
        ],
    )
    neighbours.provide(lambda: database, provides=AnyOf[PostgresDatabase, Database])
    neighbours.provide(TickingClock, provides=Clock)
    neighbours.provide(FreshIds, provides=Ids)
    neighbours.provide(CommandEnvelopes)
    neighbours.provide(lambda: CURSORS, provides=Cursors)
    return neighbours


@pytest.fixture
async def context(world: World, database: PostgresDatabase) -> AsyncIterator[AsyncContainer]:
    container = make_async_container(AssignmentsProvider(), neighbours_of(world, database))
    yield container
    await container.close()


class Carry(Protocol):
    """Decides commands in one batch, by the real write path; answers their outcomes in the order given."""

    async def __call__(self, *commands: Command) -> list[Outcome]: ...


@pytest.fixture
async def carry_out(context: AsyncContainer, database: PostgresDatabase) -> Carry:
    neighbours = await context.get(Neighbours)
    processor = CommandProcessor(
        await context.get(AssignmentsDecider),
        database,
        PostgresCommandStore(database, "test"),
        neighbours,
        neighbours,
        await context.get(Clock),
    )

    async def carry(*commands: Command) -> list[Outcome]:
        batch = [work(command) for command in commands]
        outcomes = {outcome.operation_id: outcome for outcome in await processor.process(batch)}
        return [outcomes[one.envelope.operation_id] for one in batch]

    return carry


def work(command: Command, operation_id: UUID | None = None) -> ReceivedCommand:
    envelope = CommandEnvelope(
        operation_id=operation_id or uuid4(),
        aggregate_id=command.organization_id,
        organization_id=command.organization_id,
        user_id="ada",
        fingerprint="",
        issued_at=NOON,
        command=encoded_command(command),
    )
    return ReceivedCommand(envelope, command)
