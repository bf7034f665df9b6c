"""What other contexts learn of modules' rules, and how rarely a schema is read for it."""

from collections.abc import Sequence
from typing import Any

import pytest
from dishka import AsyncContainer

from registry.adapters.postgres import config_digest
from registry.adapters.queries import RULES, CompiledRules, PostgresModuleCatalog, compiled
from registry.commands import RegisterModule, UpdateModule
from registry.domain import Module
from shared.ports import Transaction
from shared.postgres.database import PostgresDatabase
from tests.app.conftest import Decided, container, decided, settings

__all__ = ["container", "decided", "settings"]

SCHEMA = {"properties": {"size": {"type": "integer"}}, "required": ["name"]}


def module(module_id: str, **fields: Any) -> RegisterModule:
    return RegisterModule(module_id, module_id, "", "Core", "s", "/s", "1", {}, **({"default_config": {}} | fields))


class Watched:
    """A transaction that notes for which modules rules were read."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.read: list[Sequence[str]] = []

    async def fetch(self, query: str, *args: Any) -> Sequence[Any]:
        if query == RULES:
            self.read.append(sorted(args[0]))
        return await self._transaction.fetch(query, *args)


async def read(
    catalog: PostgresModuleCatalog, database: PostgresDatabase, *module_ids: str
) -> tuple[dict[str, list[str] | None], list[Sequence[str]]]:
    """What each module finds wrong in `{"size": "x"}`, None without rules; and the modules whose rules were read."""
    async with database.snapshot() as transaction:
        watched: Any = Watched(transaction)
        standings = await catalog.modules(watched, module_ids)
    told = {
        id_: sorted(error.pointer for error in standing.rules.errors([{"size": "x"}])) if standing.rules else None
        for id_, standing in standings.items()
    }
    return told, watched.read


async def test_a_schema_is_read_once_however_often_it_is_asked_for(
    container: AsyncContainer, decided: Decided, database: PostgresDatabase
) -> None:
    await decided("registry", "plain", module("plain"))
    await decided("registry", "ruled", module("ruled", config_schema=SCHEMA))
    await decided("registry", "named", module("named", config_schema=SCHEMA, default_config={"name": "n"}))
    catalog = await container.get(PostgresModuleCatalog)
    expected = {"plain": None, "ruled": ["/name", "/size"], "named": ["/size"]}
    asked = ("plain", "ruled", "named", "unknown")
    assert await read(catalog, database, *asked) == (expected, [["named", "ruled"]])
    assert await read(catalog, database, *asked) == (expected, [])
    assert await read(catalog, database, "plain") == ({"plain": None}, [])


async def test_whatever_changes_a_schema_or_its_defaults_is_read_anew(
    container: AsyncContainer, decided: Decided, database: PostgresDatabase
) -> None:
    await decided("registry", "ruled", module("ruled", config_schema=SCHEMA))
    catalog = await container.get(PostgresModuleCatalog)
    seen = []
    for update in (
        UpdateModule("ruled", version="2"),
        UpdateModule("ruled", default_config={"name": "n"}),
        UpdateModule("ruled", config_schema={"required": ["colour"]}),
        UpdateModule("ruled", config_schema=None),
    ):
        await decided("registry", "ruled", update)
        told, _ = await read(catalog, database, "ruled")
        seen.append(told["ruled"])
    assert seen == [["/name", "/size"], ["/size"], ["/colour"], None]


async def test_only_the_latest_rules_are_kept() -> None:
    rules = CompiledRules(kept=2)

    class Rows:
        async def fetch(self, _: str, module_ids: Sequence[str]) -> Sequence[tuple[str, str, str]]:
            return [(f"d_{id_}", "{}", "{}") for id_ in module_ids]

    rows: Any = Rows()
    for module_id in "abc":
        await rules.by_digest(rows, {module_id: f"d_{module_id}"})
    assert list(rules._rules) == ["d_b", "d_c"]  # noqa: SLF001 - what is kept shows nowhere else
    await rules.by_digest(rows, {"b": "d_b"})
    await rules.by_digest(rows, {"d": "d_d"})
    assert list(rules._rules) == ["d_b", "d_d"]  # noqa: SLF001 - the same


def test_a_schema_that_was_taken_once_and_cannot_be_used_any_more_binds_nobody() -> None:
    assert compiled("d", "{}", '{"type": "objekt"}') is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Module(config_schema={}), Module(config_schema={}, default_config={"a": 1})),
        (Module(config_schema={}, default_config={"a": 1}), Module(config_schema={}, default_config={"a": True})),
        (Module(config_schema={}), Module(config_schema={"type": "object"})),
        (Module(config_schema={}), Module()),
    ],
)
def test_other_rules_have_another_digest(one: Module, other: Module) -> None:
    assert config_digest(one) != config_digest(other)


def test_the_order_of_keys_makes_no_other_digest() -> None:
    one, other = ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert config_digest(Module(config_schema=one)) == config_digest(Module(config_schema=other))
    assert config_digest(Module(default_config=one)) is None
