"""What other contexts know of modules: the fakes and the registry keep the same promises."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

import pytest

import assignments.ports
import industries.ports
from assignments.ports import ModuleSummaries
from registry.commands import DeactivateModule, DeleteModule, RegisterModule
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema
from shared.postgres.database import PostgresDatabase
from tests.assignments.conftest import Neighbours, World
from tests.industries.conftest import FakeRegistry
from tests.ports.conftest import Plane

CATALOGS = {"assignments": assignments.ports.ModuleCatalog, "industries": industries.ports.ModuleCatalog}
SUMMARIES = {"assignments": ModuleSummaries, "industries": industries.ports.ModuleCatalog}
SCHEMA: dict[str, Any] = {"properties": {"heat": {"type": "integer"}}, "required": ["timer"]}
STATUSES = {"oven": "active", "till": "inactive", "scale": "deleted"}


class Site(Protocol):
    """A registry of three modules that differ in status; the active one has a schema. And who asks it."""

    async def modules(self, module_ids: Collection[str]) -> Mapping[str, Any]: ...
    async def summaries(self, module_ids: Collection[str]) -> Mapping[str, Any]: ...


class Asking:
    """One context's catalogue, asked in a transaction."""

    def __init__(self, catalog: Any, summaries: Any, database: PostgresDatabase) -> None:
        self._catalog, self._summaries, self._database = catalog, summaries, database

    async def modules(self, module_ids: Collection[str]) -> Mapping[str, Any]:
        async with self._database.snapshot() as transaction:
            found: Mapping[str, Any] = await self._catalog.modules(transaction, module_ids)
        return found

    async def summaries(self, module_ids: Collection[str]) -> Mapping[str, Any]:
        async with self._database.snapshot() as transaction:
            found: Mapping[str, Any] = await self._summaries.summaries(transaction, module_ids)
        return found


def fake(asker: str) -> Any:
    rules = ConfigRules({"heat": 180}, JsonSchema(SCHEMA))
    if asker == "industries":
        registry = FakeRegistry()
        registry.status.update({"oven": "active", "till": "inactive", "scale": "deleted"})
        registry.rules["oven"] = rules
        return registry
    world = World()
    world.add_module("oven", "Oven", heat=180)
    world.add_module("till", "Till", "inactive")
    world.add_module("scale", "Scale", "deleted")
    world.rules["oven"] = rules
    return Neighbours(world)


async def real(plane: Plane) -> None:
    for module_id in STATUSES:
        schema, default = (SCHEMA, {"heat": 180}) if module_id == "oven" else (None, {})
        command = RegisterModule(
            *(module_id, module_id.title(), f"The {module_id}.", "Shop", "s", "/s", "1.0", {"icon": "oven"}, default),
            config_schema=schema,
        )
        await plane.decide("registry", module_id, command)
    await plane.decide("registry", "till", DeactivateModule("till"))
    await plane.decide("registry", "scale", DeleteModule("scale"))


@pytest.fixture(params=["assignments", "industries"])
async def site(request: pytest.FixtureRequest, real_plane: Plane | None, database: PostgresDatabase) -> Site:
    asker = request.param
    if real_plane is None:
        return Asking(fake(asker), fake(asker), database)
    await real(real_plane)
    return Asking(await real_plane.get(CATALOGS[asker]), await real_plane.get(SUMMARIES[asker]), database)


async def test_a_modules_standing_is_its_status_and_who_was_never_registered_has_none(site: Site) -> None:
    standings = await site.modules([*STATUSES, "never"])
    assert {id_: standing.status for id_, standing in standings.items()} == STATUSES
    assert await site.modules(["never"]) == {}


async def test_a_module_with_a_schema_has_rules_over_its_defaults(site: Site) -> None:
    standings = await site.modules(["oven", "till"])
    assert standings["till"].rules is None
    rules = standings["oven"].rules
    assert rules is not None
    assert rules.config([{"timer": 5}]) == {"heat": 180, "timer": 5}
    assert [error.pointer for error in rules.errors([{"timer": 5}])] == []
    assert sorted(error.pointer for error in rules.errors([{"heat": "hot"}])) == ["/heat", "/timer"]


async def test_modules_are_shown_by_name_deleted_ones_too(site: Site) -> None:
    summaries = await site.summaries([*STATUSES, "never"])
    assert {id_: summary.module_name for id_, summary in summaries.items()} == {
        "oven": "Oven",
        "till": "Till",
        "scale": "Scale",
    }
    assert {id_: summary.status for id_, summary in summaries.items()} == STATUSES
