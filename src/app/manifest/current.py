"""What is registered, as a manifest would describe it."""

from collections.abc import Mapping, Sequence

from app.manifest.model import ManifestEntry, ManifestIndustry, ManifestModule
from assignments.adapters.lists import PostgresAssignedModules
from industries.adapters.queries import PostgresIndustryReader
from registry.adapters.queries import PostgresModuleReader
from shared.ports import Database


class RegisteredInPostgres:
    """Read from the tables, not from the cache: a manifest is compared with the truth."""

    def __init__(
        self,
        modules: PostgresModuleReader,
        industries: PostgresIndustryReader,
        assigned: PostgresAssignedModules,
        database: Database,
    ) -> None:
        self._modules = modules
        self._industries = industries
        self._assigned = assigned
        self._database = database

    async def modules(self) -> Mapping[str, ManifestModule]:
        """Living modules by id."""
        return {
            module.module_id: ManifestModule(
                module_id=module.module_id,
                module_name=module.module_name,
                description=module.description,
                category=module.category,
                service_name=module.service_name,
                api_endpoint=module.api_endpoint,
                version=module.version,
                metadata=module.metadata,
                default_config=module.default_config,
                config_schema=module.config_schema,
                is_active=module.is_active,
            )
            for module in await self._modules.existing()
        }

    async def industries(self) -> Mapping[str, ManifestIndustry]:
        """Living industries by code, with the list of the current version."""
        return {
            industry.industry_code: ManifestIndustry(
                industry_code=industry.industry_code,
                industry_name=industry.industry_name,
                description=industry.description,
                is_active=industry.is_active,
                modules=await self._entries(industry.industry_code),
            )
            for industry in await self._industries.existing()
        }

    async def organizations(self, module_ids: Sequence[str]) -> Mapping[str, int]:
        """How many organizations have each of these modules."""
        async with self._database.snapshot() as transaction:
            return await self._assigned.organizations(transaction, module_ids)

    async def _entries(self, industry_code: str) -> Sequence[ManifestEntry]:
        contents = await self._industries.modules(industry_code)
        listed = contents.items if contents else ()
        return [ManifestEntry(entry.module_id, entry.is_required, entry.default_config) for entry in listed]
