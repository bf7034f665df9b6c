"""What the registry asks of other contexts."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from registry.contract import ConfigImpact
from shared.json.layered_config import ConfigRules
from shared.ports import Transaction


class AssignedModules(Protocol):
    """How far modules are assigned."""

    async def organizations(self, transaction: Transaction, module_ids: Sequence[str]) -> Mapping[str, int]:
        """How many organizations have each module assigned, by module id. Modules nobody has may be left out."""
        ...


class ConfigViolations(Protocol):
    """Whose configs do not fit."""

    async def count(self, module_id: str, rules: ConfigRules, transaction: Transaction | None = None) -> ConfigImpact:
        """Count who would violate the rules, for about a second; outside of any transaction unless one is given."""
        ...


class TemplateModules(Protocol):
    """Which templates contain modules."""

    async def active_templates(
        self, transaction: Transaction, module_ids: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        """Name the active templates, codes sorted, whose current version contains each module, by module id.

        Modules in no such template may be left out.
        """
        ...
