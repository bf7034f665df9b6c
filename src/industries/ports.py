"""What industries ask of other contexts."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from industries.facts import ModuleStanding, ModuleStatus
from shared.ports import Transaction


class ModuleSummary(Protocol):
    """What is shown of a module."""

    @property
    def module_name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def metadata(self) -> dict[str, Any]: ...
    @property
    def status(self) -> ModuleStatus: ...


class ModuleCatalog(Protocol):
    """Which modules are registered."""

    async def standings(self, transaction: Transaction, module_ids: Sequence[str]) -> Mapping[str, ModuleStanding]:
        """Give status and rules by module id. Modules that were never registered are left out."""
        ...

    async def summaries(self, transaction: Transaction, module_ids: Sequence[str]) -> Mapping[str, ModuleSummary]:
        """Give what is shown of the modules, by module id, deleted ones too."""
        ...


class AppliedTemplates(Protocol):
    """How far templates are applied."""

    async def organizations(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, int]:
        """Count the organizations that have a template applied, by code. Templates nobody has may be left out."""
        ...

    async def by_version(
        self, transaction: Transaction, industry_code: str, versions: Sequence[int]
    ) -> Mapping[int, int]:
        """Count the organizations that have these versions of a template. Versions nobody has may be left out."""
        ...
