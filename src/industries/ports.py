"""What industries ask of other contexts."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from registry.contract import ModuleFact, ModuleSummary
from shared.ports import Transaction


class ModuleCatalog(Protocol):
    async def modules(self, transaction: Transaction, module_ids: Sequence[str]) -> Mapping[str, ModuleFact]:
        """Return them by id, without modules that were never registered."""
        ...

    async def summaries(self, transaction: Transaction, module_ids: Sequence[str]) -> Mapping[str, ModuleSummary]:
        """Return them by id, including deleted ones."""
        ...


class AppliedTemplates(Protocol):
    async def organizations(self, transaction: Transaction, industry_codes: Sequence[str]) -> Mapping[str, int]:
        """Count the organizations by code; counts of 0 may be left out."""
        ...

    async def by_version(
        self, transaction: Transaction, industry_code: str, versions: Sequence[int]
    ) -> Mapping[int, int]:
        """Count the organizations by version; counts of 0 may be left out."""
        ...
