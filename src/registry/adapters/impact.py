"""Whom a change of a module concerns."""

from typing import Any

import msgspec
from msgspec import UNSET, Raw
from msgspec.structs import replace

from registry.adapters.postgres import RegistryTables
from registry.commands import Command, UpdateModule
from registry.contract import ConfigImpact
from registry.domain import Usage
from registry.ports import ConfigViolations
from shared.json.layered_config import ConfigRules
from shared.json.schemas import JsonSchema
from shared.messages import Outcome
from shared.ports import Transaction


class ModuleImpacts:
    """Counted for dry runs, and after a commit for its answer: no transaction of the write path waits for it."""

    def __init__(self, tables: RegistryTables, violations: ConfigViolations) -> None:
        self._tables = tables
        self._violations = violations

    async def of(self, transaction: Transaction, command: Command) -> Usage | ConfigImpact | None:
        """Who has a module that would end or be switched; whose configs would not fit new rules."""
        if not isinstance(command, UpdateModule) or not changes_rules(command):
            return await self._tables.impact(transaction, command)
        module = (await self._tables.read_back(transaction, [command.module_id]))[command.module_id].module
        default, schema = (
            kept if given is UNSET else given
            for given, kept in (
                (command.default_config, module.default_config),
                (command.config_schema, module.config_schema),
            )
        )
        return await self._violating(command.module_id, default, schema, transaction)

    async def told(self, command: UpdateModule, outcome: Outcome) -> Outcome | None:
        """The outcome with whose configs do not fit its rules now; None where there is nothing to add."""
        if outcome.result is None or not changes_rules(command):
            return None
        result: dict[str, Any] = msgspec.json.decode(outcome.result)
        impact = await self._violating(command.module_id, result["default_config"], result["config_schema"])
        return replace(outcome, result=Raw(msgspec.json.encode(result | {"impact": impact})))

    async def _violating(
        self, module_id: str, default: Any, schema: Any, transaction: Transaction | None = None
    ) -> ConfigImpact | None:
        if schema is None:
            return None
        return await self._violations.count(module_id, ConfigRules(default, JsonSchema(schema)), transaction)


def changes_rules(command: UpdateModule) -> bool:
    """Whether other configs may fit afterwards than before."""
    return command.default_config is not UNSET or command.config_schema is not UNSET
