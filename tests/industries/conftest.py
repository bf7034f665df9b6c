"""The write path over the real database, with a registry and applied templates that tests set."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from industries.adapters.cached import invalidates
from industries.adapters.lists import PostgresIndustryList
from industries.adapters.postgres import IndustryTables
from industries.adapters.queries import PostgresIndustryReader
from industries.commands import Command
from industries.domain import INITIAL, Industry, decide, evolve
from industries.events import EVENTS
from registry.contract import ModuleFact, ModuleStatus, ModuleSummary
from shared.commands.decision import Decider
from shared.commands.envelopes import encoded_command
from shared.commands.postgres import PostgresCommandStore
from shared.commands.processor import CommandProcessor
from shared.json.layered_config import ConfigRules
from shared.messages import CommandEnvelope, Outcome, ReceivedCommand
from shared.ports import Transaction
from shared.postgres.database import PostgresDatabase
from tests.fakes import CURSORS, FakeClock, FakeInvalidation


class FakeRegistry:
    def __init__(self) -> None:
        self.status: dict[str, ModuleStatus] = {}
        self.rules: dict[str, ConfigRules] = {}

    async def modules(self, transaction: Transaction, module_ids: Sequence[str]) -> Mapping[str, ModuleFact]:
        return {id_: ModuleFact(self.status[id_], self.rules.get(id_)) for id_ in module_ids if id_ in self.status}

    async def summaries(self, transaction: Transaction, module_ids: Sequence[str]) -> Mapping[str, ModuleSummary]:
        known = [id_ for id_ in module_ids if id_ in self.status]
        return {
            id_: ModuleSummary(
                id_.title(), f"The {id_}.", "Shop", "1.0", {"icon": id_, "color": 7}, {}, self.status[id_]
            )
            for id_ in known
        }


class FakeApplied:
    """`versions`: how many organizations have each version of a template, by code."""

    def __init__(self) -> None:
        self.versions: dict[str, dict[int, int]] = {}

    async def organizations(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, int]:
        return {code: sum(self.versions[code].values()) for code in industry_codes if code in self.versions}

    async def by_version(
        self, transaction: Transaction, industry_code: str, versions: Sequence[int]
    ) -> Mapping[int, int]:
        return {version: had for version, had in self.versions.get(industry_code, {}).items() if version in versions}


class Silence:
    """Nobody waits for an outcome."""

    def resolve(self, outcome: Outcome) -> None:
        return


Decide = Callable[..., Awaitable[Sequence[Outcome]]]


@pytest.fixture
def registry() -> FakeRegistry:
    registry = FakeRegistry()
    registry.status.update({"oven": "active", "till": "active", "flour": "active"})
    return registry


@pytest.fixture
def applied() -> FakeApplied:
    return FakeApplied()


@pytest.fixture
def reader(database: PostgresDatabase, registry: FakeRegistry, applied: FakeApplied) -> PostgresIndustryReader:
    return PostgresIndustryReader(database, registry, applied)


@pytest.fixture
def listed(database: PostgresDatabase, reader: PostgresIndustryReader) -> PostgresIndustryList:
    return PostgresIndustryList(database, CURSORS, reader)


@pytest.fixture
def decide_batch(database: PostgresDatabase, registry: FakeRegistry, applied: FakeApplied) -> Decide:
    """Decides the commands in one batch; answers the outcomes in the order of the commands."""
    decider = Decider(
        name="industries",
        commands=Command,
        events=EVENTS,
        state=Industry,
        initial=INITIAL,
        decide=decide,
        evolve=evolve,
        write_side=IndustryTables(registry, applied),
        invalidates=invalidates,
        locks_exclusive=("industries",),
        locks_shared=("registry",),
    )
    command_store = PostgresCommandStore(database, "test")
    processor = CommandProcessor(decider, database, command_store, FakeInvalidation(), Silence(), FakeClock())

    async def batch(*commands: Command) -> Sequence[Outcome]:
        works = [work(command) for command in commands]
        outcomes = {outcome.operation_id: outcome for outcome in await processor.process(works)}
        return [outcomes[work.envelope.operation_id] for work in works]

    return batch


def work(command: Command) -> ReceivedCommand:
    envelope = CommandEnvelope(
        operation_id=uuid4(),
        aggregate_id=command.industry_code,
        user_id="ana",
        fingerprint="",
        issued_at=datetime.now(UTC),
        command=encoded_command(command),
    )
    return ReceivedCommand(envelope, command)
