"""What the registry does when modules change: the list everybody asks for is made anew before anybody asks."""

from collections.abc import Sequence

from registry.adapters.cached import CachedModuleReader
from registry.events import EVENTS
from shared.messages import EventEnvelope
from shared.wiring import EventHandlers


class RegistrySubscribers:
    """Handlers by topic."""

    def __init__(self, modules: CachedModuleReader) -> None:
        self._modules = modules

    def handlers(self) -> EventHandlers:
        """Every event of the registry changes its lists."""
        return dict.fromkeys(EVENTS, self.handle_module_registered)

    async def handle_module_registered(self, _: Sequence[EventEnvelope]) -> None:
        """Fills the registry's lists; the relay made the old ones worthless before it published the event."""
        await self._modules.everything()
        await self._modules.available()
