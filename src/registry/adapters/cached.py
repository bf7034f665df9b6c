"""Modules read through the cache, and what each event invalidates."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from registry.adapters.lists import whole_list
from registry.adapters.queries import PostgresModuleReader
from shared.cache.generations import Cached, ReadThrough, cache_result, encode_cached
from shared.messages import Event

REGISTRY = "gen:registry"


def invalidates(module_id: str, _: Event) -> Sequence[str]:
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
    def __init__(self, cache: ReadThrough, reader: PostgresModuleReader) -> None:
        self.cache = cache
        self._reader = reader

    @cache_result(ttl=600, key_pattern="modules:registry:all", generations=[REGISTRY])
    async def everything(self) -> Cached | None:
        return encode_cached(0, whole_list(await self._reader.existing()))

    @cache_result(ttl=600, key_pattern="modules:registry:available", generations=[REGISTRY])
    async def available(self) -> Cached | None:
        return encode_cached(0, whole_list([module for module in await self._reader.existing() if module.is_active]))

    @cache_result(ttl=600, key_pattern="module:{module_id}:info", generations=[REGISTRY])
    async def module(self, module_id: str) -> Cached | None:
        module = await self._reader.module(module_id)
        return None if module is None else encode_cached(module.sequence, module)

    @cache_result(ttl=600, key_pattern="module:{module_id}:config", generations=[REGISTRY])
    async def config(self, module_id: str) -> Cached | None:
        module = await self._reader.module(module_id)
        if module is None:
            return None
        config = {name: getattr(module, name) for name in ModuleConfig.__struct_fields__}
        return encode_cached(module.sequence, ModuleConfig(**config))
