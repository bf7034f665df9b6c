"""Templates read through the cache, and what each event invalidates."""

from collections.abc import Sequence

from industries.adapters.lists import whole_list
from industries.adapters.queries import PostgresIndustryReader
from shared.cache.generations import Cached, ReadThrough, cache_result, encode_cached
from shared.messages import Event

INDUSTRIES = "gen:industries"
REGISTRY = "gen:registry"
COMPOSED_FROM = (INDUSTRIES, REGISTRY)


def invalidates(industry_code: str, _: Event) -> Sequence[str]:
    return [INDUSTRIES, "industries:all", f"industry:{industry_code}:info", f"industry:{industry_code}:modules"]


class CachedIndustryReader:
    """Active templates; None for others."""

    def __init__(self, cache: ReadThrough, reader: PostgresIndustryReader) -> None:
        self.cache = cache
        self._reader = reader

    @cache_result(ttl=3600, key_pattern="industries:all", generations=COMPOSED_FROM)
    async def active(self) -> Cached | None:
        return encode_cached(0, whole_list(await self._reader.active()))

    @cache_result(ttl=3600, key_pattern="industry:{industry_code}:info", generations=COMPOSED_FROM)
    async def industry(self, industry_code: str) -> Cached | None:
        industry = await self._reader.industry(industry_code)
        return encode_cached(industry.sequence, industry) if industry and industry.is_active else None

    @cache_result(ttl=3600, key_pattern="industry:{industry_code}:modules", generations=COMPOSED_FROM)
    async def modules(self, industry_code: str) -> Cached | None:
        modules = await self._reader.modules(industry_code)
        return encode_cached(modules.sequence, modules) if modules and modules.is_active else None


class UncachedIndustryReader:
    """The same for super admins, including inactive templates."""

    def __init__(self, reader: PostgresIndustryReader) -> None:
        self._reader = reader

    async def everything(self) -> Cached:
        return encode_cached(0, whole_list(await self._reader.existing()))

    async def industry(self, industry_code: str) -> Cached | None:
        industry = await self._reader.industry(industry_code)
        return None if industry is None else encode_cached(industry.sequence, industry)

    async def modules(self, industry_code: str) -> Cached | None:
        modules = await self._reader.modules(industry_code)
        return None if modules is None else encode_cached(modules.sequence, modules)
