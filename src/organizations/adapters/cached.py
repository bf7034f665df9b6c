"""The organizations' reader through the cache, and what each event makes stale."""

from collections.abc import Sequence

from organizations.adapters.reading import PostgresOrganizationReader, info
from shared.cache.generations import Cached, ReadThrough, cache_result, encode_cached
from shared.messages import Event


def invalidates(organization_id: str, _: Event) -> Sequence[str]:
    """What an event of an organization makes stale: everything composed from it."""
    return [f"gen:org:{organization_id}", f"org:{organization_id}:info", f"org:{organization_id}:modules"]


class CachedOrganizationReader:
    """Organizations as encoded JSON. Unknown ones are None, and remembered briefly."""

    def __init__(self, cache: ReadThrough, reader: PostgresOrganizationReader) -> None:
        self.cache = cache
        self._reader = reader

    @cache_result(
        ttl=300, key_pattern="org:{organization_id}:info", generations=["gen:org:{organization_id}", "gen:industries"]
    )
    async def info(self, organization_id: str) -> Cached | None:
        """The `OrganizationInfo`."""
        organization = await self._reader.organization(organization_id)
        return None if organization is None else encode_cached(organization.sequence, info(organization))
