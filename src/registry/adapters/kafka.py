"""Fills the cached lists of modules after each change, before they are requested."""

from collections.abc import Sequence

from registry.adapters.cached import CachedModuleReader
from registry.events import EVENTS
from shared.messages import EventEnvelope
from shared.wiring import EventHandlers


class RegistrySubscribers:
    def __init__(self, modules: CachedModuleReader) -> None:
        self._modules = modules

    def handlers(self) -> EventHandlers:
        return dict.fromkeys(EVENTS, self.handle_module_registered)

    async def handle_module_registered(self, _: Sequence[EventEnvelope]) -> None:
        """Fill the lists; the relay invalidated the old ones before it published the event."""
        await self._modules.everything()
        await self._modules.available()
