"""Read what is registered, as a manifest would describe it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from msgspec import Struct

from app.manifest.model import ManifestEntry, ManifestIndustry, ManifestModule
from assignments.adapters.lists import PostgresAssignedModules
from industries.adapters.queries import PostgresIndustryReader
from registry.adapters.queries import PostgresModuleReader
from shared.ports import Database

Described = TypeVar("Described", ManifestModule, ManifestIndustry)


@dataclass
class RegisteredInPostgres:
    """Reads the tables, past the cache, which may be stale."""

    module_reader: PostgresModuleReader
    industry_reader: PostgresIndustryReader
    assigned: PostgresAssignedModules
    database: Database

    async def modules(self) -> Mapping[str, ManifestModule]:
        return {module.module_id: _described(ManifestModule, module) for module in await self.module_reader.existing()}

    async def industries(self) -> Mapping[str, ManifestIndustry]:
        return {
            industry.industry_code: _described(
                ManifestIndustry, industry, modules=await self._entries(industry.industry_code)
            )
            for industry in await self.industry_reader.existing()
        }

    async def organizations(self, module_ids: Sequence[str]) -> Mapping[str, int]:
        async with self.database.snapshot() as transaction:
            return await self.assigned.organizations(transaction, module_ids)

    async def _entries(self, industry_code: str) -> Sequence[ManifestEntry]:
        contents = await self.industry_reader.modules(industry_code)
        listed = contents.items if contents else ()
        return [ManifestEntry(entry.module_id, entry.is_required, entry.default_config) for entry in listed]


def _described(type_: type[Described], registered: Struct, **given: Any) -> Described:
    names = [name for name in type_.__struct_fields__ if name not in given]
    return type_(**{name: getattr(registered, name) for name in names}, **given)
