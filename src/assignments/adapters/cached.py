"""Assignments' readers through the cache, and what each event makes stale."""

from collections.abc import Sequence

from assignments.adapters.adoption import PostgresAdoptionReader
from assignments.adapters.reading import PostgresAssignmentReader
from assignments.adapters.usage import PostgresUsageReader
from assignments.events import IndustryTemplateAppliedEvent, ModulesBulkAssignedEvent
from shared.cache.generations import Cached, ReadThrough, cache_result, encode_cached
from shared.messages import Event

MODULES_KEY = "org:{organization_id}:modules"
ASSIGNMENTS = "gen:org:{organization_id}:assignments"
USAGE_KEY = "module:{module_id}:usage"
USAGE = "gen:module:{module_id}:usage"
ALL_USAGE_KEY = "modules:usage"
ALL_USAGE = "gen:modules:usage"
APPLIED_KEY = "industries:usage"
APPLIED = "gen:industries:usage"


def invalidates(organization_id: str, event: Event) -> Sequence[str]:
    """What an event makes stale: the organization's list, and who has which template applied.

    Adoption follows when the event is counted.
    """
    own = [ASSIGNMENTS.format(organization_id=organization_id), MODULES_KEY.format(organization_id=organization_id)]
    applies = isinstance(event, IndustryTemplateAppliedEvent | ModulesBulkAssignedEvent)
    return [*own, APPLIED, APPLIED_KEY] if applies else own


def touched_by_counting(module_ids: Sequence[str]) -> Sequence[str]:
    """What counting makes stale."""
    each = [pattern.format(module_id=module_id) for module_id in module_ids for pattern in (USAGE, USAGE_KEY)]
    return [*each, ALL_USAGE, ALL_USAGE_KEY] if each else []


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


class CachedUsageReader:
    """How far everything is used, as encoded JSON."""

    def __init__(self, cache: ReadThrough, reader: PostgresUsageReader) -> None:
        self.cache = cache
        self._reader = reader

    @cache_result(ttl=600, key_pattern=ALL_USAGE_KEY, generations=[ALL_USAGE])
    async def modules(self) -> Cached | None:
        """The `ModulesUsage`."""
        return encode_cached(0, await self._reader.modules())

    @cache_result(ttl=600, key_pattern=APPLIED_KEY, generations=["gen:industries", APPLIED])
    async def industries(self) -> Cached | None:
        """The `IndustriesUsage`."""
        return encode_cached(0, await self._reader.industries())
