"""Whom a change of a template concerns."""

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from industries.commands import Command, DeleteIndustry, UpdateIndustry
from industries.domain import TemplateImpact
from industries.events import TemplateModule
from industries.facts import JudgedModule, judged
from industries.ports import AppliedTemplates, ModuleCatalog
from shared.concurrency import in_slices
from shared.ports import Transaction


class TemplateImpacts:
    """Found for dry runs alone: a commit does not wait for it."""

    def __init__(self, applied: AppliedTemplates, modules: ModuleCatalog) -> None:
        self._applied = applied
        self._modules = modules

    async def of(self, transaction: Transaction, command: Command) -> TemplateImpact | None:
        """Who has a template that would end, be switched or get another list, and how that list's modules stand."""
        fields = (command.is_active, command.modules) if isinstance(command, UpdateIndustry) else ()
        if not isinstance(command, DeleteIndustry) and all(field is UNSET for field in fields):
            return None
        code = command.industry_code
        listed = command.modules if isinstance(command, UpdateIndustry) else UNSET
        return TemplateImpact(
            organizations=(await self._applied.organizations(transaction, [code])).get(code, 0),
            modules=None if isinstance(listed, UnsetType) else await self._judged(transaction, listed),
        )

    async def _judged(self, transaction: Transaction, listed: Sequence[TemplateModule]) -> Sequence[JudgedModule]:
        known = await self._modules.modules(transaction, [entry.module_id for entry in listed])
        return [judged(entry, known.get(entry.module_id)) async for entry in in_slices(listed)]
