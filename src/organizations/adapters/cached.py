"""Organizations read through the cache, and what each event invalidates."""

from collections.abc import Sequence

from organizations.adapters.queries import PostgresOrganizationReader, info
from shared.cache.generations import Cached, ReadThrough, cache_result, encode_cached
from shared.messages import Event


def invalidates(organization_id: str, _: Event) -> Sequence[str]:
    return [f"gen:org:{organization_id}", f"org:{organization_id}:info", f"org:{organization_id}:modules"]


class CachedOrganizationReader:
    def __init__(self, cache: ReadThrough, reader: PostgresOrganizationReader) -> None:
        self.cache = cache
        self._reader = reader

    @cache_result(
        ttl=300, key_pattern="org:{organization_id}:info", generations=["gen:org:{organization_id}", "gen:industries"]
    )
    async def info(self, organization_id: str) -> Cached | None:
        organization = await self._reader.organization(organization_id)
        return None if organization is None else encode_cached(organization.sequence, info(organization))
