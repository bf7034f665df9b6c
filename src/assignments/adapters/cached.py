"""Assignments' reads through the cache, and what each event invalidates."""

from collections.abc import Sequence

from assignments.adapters.queries import PostgresAssignmentReader
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
    """Return the organization's list and template usage. Adoption is invalidated when the event has been counted."""
    own = [ASSIGNMENTS.format(organization_id=organization_id), MODULES_KEY.format(organization_id=organization_id)]
    applies = isinstance(event, IndustryTemplateAppliedEvent | ModulesBulkAssignedEvent)
    return [*own, APPLIED, APPLIED_KEY] if applies else own


def invalidated_by_counting(module_ids: Sequence[str]) -> Sequence[str]:
    each = [pattern.format(module_id=module_id) for module_id in module_ids for pattern in (USAGE, USAGE_KEY)]
    return [*each, ALL_USAGE, ALL_USAGE_KEY] if each else []


class CachedAssignmentReader:
    def __init__(self, cache: ReadThrough, reader: PostgresAssignmentReader, usage: PostgresUsageReader) -> None:
        self.cache = cache
        self._reader = reader
        self._usage = usage

    @cache_result(
        ttl=300,
        key_pattern=MODULES_KEY,
        generations=["gen:registry", "gen:industries", "gen:org:{organization_id}", ASSIGNMENTS],
    )
    async def modules(self, organization_id: str) -> Cached | None:
        modules = await self._reader.modules(organization_id)
        return None if modules is None else encode_cached(modules.sequence, modules)

    @cache_result(ttl=600, key_pattern=USAGE_KEY, generations=["gen:registry", USAGE])
    async def adoption(self, module_id: str) -> Cached | None:
        adoption = await self._usage.adoption(module_id)
        return None if adoption is None else encode_cached(0, adoption)

    @cache_result(ttl=600, key_pattern=ALL_USAGE_KEY, generations=[ALL_USAGE])
    async def modules_usage(self) -> Cached | None:
        return encode_cached(0, await self._usage.modules())

    @cache_result(ttl=600, key_pattern=APPLIED_KEY, generations=["gen:industries", APPLIED])
    async def industries_usage(self) -> Cached | None:
        return encode_cached(0, await self._usage.industries())
