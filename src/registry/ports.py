"""What the registry asks of other contexts."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from registry.contract import ConfigImpact
from shared.json.layered_config import ConfigRules
from shared.ports import Transaction


class AssignedModules(Protocol):
    async def organizations(self, transaction: Transaction, module_ids: Sequence[str]) -> Mapping[str, int]:
        """Count the organizations by module id; counts of 0 may be left out."""
        ...


class ConfigViolations(Protocol):
    async def count(self, module_id: str, rules: ConfigRules, transaction: Transaction | None = None) -> ConfigImpact:
        """Count violators for about a second, in no transaction unless one is given."""
        ...


class TemplateModules(Protocol):
    async def active_templates(
        self, transaction: Transaction, module_ids: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        """Return the active templates by module id, codes sorted; modules in none may be left out."""
        ...
