"""Assignments' readers through the cache, and what each event makes stale."""

from collections.abc import Sequence

from assignments.adapters.adoption import PostgresAdoptionReader
from assignments.adapters.reading import PostgresAssignmentReader
from shared.cache import Cached, ReadThrough, cache_result, encode_cached
from shared.messages import Event

MODULES_KEY = "org:{organization_id}:modules"
ASSIGNMENTS = "gen:org:{organization_id}:assignments"
USAGE_KEY = "module:{module_id}:usage"
USAGE = "gen:module:{module_id}:usage"


def touched(organization_id: str, _: Event) -> Sequence[str]:
    """What an event makes stale: the organization's list. Adoption follows when the event is counted."""
    return [
        ASSIGNMENTS.format(organization_id=organization_id),
        MODULES_KEY.format(organization_id=organization_id),
    ]


def touched_by_counting(module_ids: Sequence[str]) -> Sequence[str]:
    """What counting makes stale."""
    return [pattern.format(module_id=module_id) for module_id in module_ids for pattern in (USAGE, USAGE_KEY)]


class CachedAssignmentReader:
    """Organizations' modules as encoded JSON. Unknown organizations are None, and remembered briefly."""

    def __init__(self, cache: ReadThrough, reader: PostgresAssignmentReader) -> None:
        self.cache = cache
        self._reader = reader

    @cache_result(
        ttl=300,
        key_pattern=MODULES_KEY,
        generations=["gen:registry", "gen:industries", "gen:org:{organization_id}", ASSIGNMENTS],
    )
    async def modules(self, organization_id: str) -> Cached | None:
        """The `OrganizationModules`."""
        modules = await self._reader.modules(organization_id)
        return None if modules is None else encode_cached(modules.sequence, modules)


class CachedAdoptionReader:
    """Modules' adoption as encoded JSON. Unknown modules are None, and remembered briefly."""

    def __init__(self, cache: ReadThrough, reader: PostgresAdoptionReader) -> None:
        self.cache = cache
        self._reader = reader

    @cache_result(ttl=600, key_pattern=USAGE_KEY, generations=["gen:registry", USAGE])
    async def adoption(self, module_id: str) -> Cached | None:
        """The `ModuleAdoption`."""
        adoption = await self._reader.adoption(module_id)
        return None if adoption is None else encode_cached(0, adoption)
