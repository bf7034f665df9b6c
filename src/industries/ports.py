"""What industries ask of other contexts."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from registry.contract import ModuleFact, ModuleSummary
from shared.ports import Transaction


class ModuleCatalog(Protocol):
    """Which modules are registered."""

    async def modules(self, transaction: Transaction, module_ids: Sequence[str]) -> Mapping[str, ModuleFact]:
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
