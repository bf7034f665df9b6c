from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest

from registry.adapters.cached import REGISTRY, CachedModuleReader
from registry.adapters.kafka import RegistrySubscribers
from registry.adapters.lists import ModuleList
from registry.adapters.queries import ModuleDetails, PostgresModuleReader
from registry.events import EVENTS
from shared.cache.generations import GenerationCache
from tests.fakes import FakeAnnouncer, FakeCache

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def module(module_id: str, *, is_active: bool = True) -> ModuleDetails:
    return ModuleDetails(
        module_id, module_id, "", "Core", "s", "/s", "1", {}, {}, None, is_active, 1, created_at=NOW, updated_at=NOW
    )


class Rows(PostgresModuleReader):
    """The table, which may be away."""

    def __init__(self, *modules: ModuleDetails) -> None:
        self.modules: Sequence[ModuleDetails] | None = modules

    async def existing(self) -> Sequence[ModuleDetails]:
        assert self.modules is not None, "the table was read"
        return self.modules


def ids(body: bytes) -> list[str]:
    return [one.module_id for one in msgspec.json.decode(body, type=ModuleList).items]


@pytest.mark.parametrize("topic", sorted(EVENTS))
async def test_after_any_registry_event_the_lists_are_answered_without_the_table(topic: str) -> None:
    rows = Rows(module("ovens"))
    cache = GenerationCache(FakeCache(), FakeAnnouncer())
    reader = CachedModuleReader(cache, rows)
    await reader.everything()
    rows.modules = [module("ovens"), module("till", is_active=False)]
    await cache.invalidate([REGISTRY])
    await RegistrySubscribers(reader).handlers()[topic]([])
    rows.modules = None
    everything, available = await reader.everything(), await reader.available()
    assert everything is not None
    assert available is not None
    assert ids(everything.body) == ["ovens", "till"]
    assert ids(available.body) == ["ovens"]
