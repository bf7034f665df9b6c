"""What is registered, as a manifest would describe it."""

from collections.abc import Mapping, Sequence

from app.manifest import ManifestEntry, ManifestIndustry, ManifestModule
from industries.adapters.reading import PostgresIndustryReader
from registry.adapters.postgres import PostgresModuleReader


class RegisteredInPostgres:
    """Read from the tables, not from the cache: a manifest is compared with the truth."""

    def __init__(self, modules: PostgresModuleReader, industries: PostgresIndustryReader) -> None:
        self._modules = modules
        self._industries = industries

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
                is_active=module.is_active,
            )
            for module in await self._modules.living()
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
            for industry in await self._industries.living()
        }

    async def _entries(self, industry_code: str) -> Sequence[ManifestEntry]:
        contents = await self._industries.modules(industry_code)
        listed = contents.items if contents else ()
        return [ManifestEntry(entry.module_id, entry.is_required, entry.default_config) for entry in listed]
