"""What other contexts may import of the registry beside its events."""

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from shared.json.layered_config import ConfigRules

ModuleStatus = Literal["active", "inactive", "deleted"]


class ModuleFact(Struct, frozen=True):
    """A module's status and config rules; without rules, any config fits."""

    status: ModuleStatus
    rules: ConfigRules | None = None


class ModuleSummary(Struct, frozen=True):
    module_name: str
    description: str
    category: str
    version: str
    metadata: dict[str, Any]
    default_config: dict[str, Any]
    status: ModuleStatus


class ConfigImpact(Struct, frozen=True):
    """Configs that do not fit a module's new schema or defaults; they are not changed.

    `at_least`: counting stopped early; `link` lists all organizations.
    """

    violating_organizations: int
    at_least: bool
    violating_templates: Sequence[str]
    link: str
