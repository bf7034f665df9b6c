"""Whom a change of a template concerns."""

from msgspec import UNSET

from industries.commands import Command, DeleteIndustry, UpdateIndustry
from industries.domain import TemplateImpact
from industries.ports import AppliedTemplates
from shared.ports import Transaction


class TemplateImpacts:
    """Counted for dry runs alone: a commit does not wait for it."""

    def __init__(self, applied: AppliedTemplates) -> None:
        self._applied = applied

    async def of(self, transaction: Transaction, command: Command) -> TemplateImpact | None:
        """Who has a template that would end, be switched or get another list."""
        fields = (command.is_active, command.modules) if isinstance(command, UpdateIndustry) else ()
        if not isinstance(command, DeleteIndustry) and all(field is UNSET for field in fields):
            return None
        code = command.industry_code
        return TemplateImpact((await self._applied.organizations(transaction, [code])).get(code, 0))
