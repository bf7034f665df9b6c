"""The registry's readers through the cache, and what each event makes stale."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from registry.adapters.listing import everything
from registry.adapters.postgres import PostgresModuleReader
from shared.cache.generations import Cached, ReadThrough, cache_result, encode_cached
from shared.messages import Event

REGISTRY = "gen:registry"


def invalidates(module_id: str, _: Event) -> Sequence[str]:
    """What a registry event makes stale: everything composed from modules, and this module's own keys."""
    return [REGISTRY, "modules:registry:all", "modules:registry:available", f"module:{module_id}:config"]


class ModuleConfig(Struct, frozen=True):
    """How a module is configured before any organization or template says otherwise."""

    module_id: str
    version: str
    is_active: bool
    default_config: dict[str, Any]
    config_schema: dict[str, Any] | None
    metadata: dict[str, Any]


class CachedModuleReader:
    """Living modules as encoded JSON. Absent ones are None, and remembered briefly."""

    def __init__(self, cache: ReadThrough, reader: PostgresModuleReader) -> None:
        self.cache = cache
        self._reader = reader

    @cache_result(ttl=600, key_pattern="modules:registry:all", generations=[REGISTRY])
    async def everything(self) -> Cached | None:
        """A `ModuleList` of all living modules."""
        return encode_cached(0, everything(await self._reader.living()))

    @cache_result(ttl=600, key_pattern="modules:registry:available", generations=[REGISTRY])
    async def available(self) -> Cached | None:
        """A `ModuleList` of the active ones."""
        return encode_cached(0, everything([module for module in await self._reader.living() if module.is_active]))

    @cache_result(ttl=600, key_pattern="module:{module_id}:info", generations=[REGISTRY])
    async def module(self, module_id: str) -> Cached | None:
        """The `ModuleDetails`."""
        module = await self._reader.module(module_id)
        return None if module is None else encode_cached(module.sequence, module)

    @cache_result(ttl=600, key_pattern="module:{module_id}:config", generations=[REGISTRY])
    async def config(self, module_id: str) -> Cached | None:
        """The `ModuleConfig`."""
        module = await self._reader.module(module_id)
        if module is None:
            return None
        return encode_cached(
            module.sequence,
            ModuleConfig(
                module_id,
                module.version,
                module.is_active,
                module.default_config,
                module.config_schema,
                module.metadata,
            ),
        )
