"""What is registered, in memory, decided by the contexts' own rules."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any
from uuid import UUID

from app.manifest.model import ManifestEntry, ManifestIndustry, ManifestModule
from industries import domain as industry_rules
from registry import domain as module_rules
from shared.errors import Refusal, Refused
from shared.messages import Outcome, Status

OPERATION = UUID(int=7)


class InMemoryControlPlane:
    """Both ports of `apply`, decided by the contexts' own rules."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Any, str]] = []
        self.most_under_way = 0
        self._under_way = 0
        self._modules: dict[str, module_rules.Module] = {}
        self._industries: dict[str, industry_rules.Industry] = {}

    async def modules(self) -> Mapping[str, ManifestModule]:
        return {
            module_id: ManifestModule(
                module_id=module_id,
                is_active=module.status == "active",
                **{name: getattr(module, name) for name in module_rules.DESCRIPTIVE},
            )
            for module_id, module in self._modules.items()
            if module.exists
        }

    async def industries(self) -> Mapping[str, ManifestIndustry]:
        return {
            code: ManifestIndustry(
                industry_code=code,
                industry_name=industry.industry_name,
                description=industry.description,
                is_active=industry.is_active,
                modules=[ManifestEntry(e.module_id, e.is_required, e.default_config) for e in industry.modules],
            )
            for code, industry in self._living_industries()
        }

    async def send(self, context: str, aggregate_id: str, command: Any, user_id: str) -> Outcome:
        self._under_way += 1
        self.most_under_way = max(self.most_under_way, self._under_way)
        await asyncio.sleep(0)
        self._under_way -= 1
        self.sent.append((context, aggregate_id, command, user_id))
        try:
            events = self._decide(context, aggregate_id, command)
        except Refused as refused:
            return outcome("rejected", refused.refusal())
        return outcome("applied" if events else "unchanged")

    def _decide(self, context: str, aggregate_id: str, command: Any) -> Sequence[Any]:
        if context == "registry":
            module = self._modules.get(aggregate_id, module_rules.INITIAL)
            usage = module_rules.RegistryFacts(
                {aggregate_id: module_rules.Usage(0, self._templates_with(aggregate_id))}
            )
            events = module_rules.decide(module, usage, command).events
            self._modules[aggregate_id] = reduce(module_rules.evolve, events, module)
            return events
        industry = self._industries.get(aggregate_id, industry_rules.INITIAL)
        events = industry_rules.decide(industry, self._facts(), command).events
        self._industries[aggregate_id] = reduce(industry_rules.evolve, events, industry)
        return events

    def _living_industries(self) -> Iterator[tuple[str, industry_rules.Industry]]:
        return ((code, industry) for code, industry in self._industries.items() if industry.exists)

    def _templates_with(self, module_id: str) -> Sequence[str]:
        active = [(code, industry) for code, industry in self._living_industries() if industry.is_active]
        return [code for code, industry in active if module_id in {one.module_id for one in industry.modules}]

    def _facts(self) -> industry_rules.IndustryFacts:
        return industry_rules.IndustryFacts(
            modules={key: module.status for key, module in self._modules.items() if module.status != "absent"},
            names={industry_rules.name_key(one.industry_name): code for code, one in self._living_industries()},
        )


def outcome(status: Status, refusal: Refusal | None = None) -> Outcome:
    return Outcome(
        operation_id=OPERATION, status=status, fingerprint="", context="", aggregate_id="", sequence=1, refusal=refusal
    )
