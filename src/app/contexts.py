"""The bounded contexts of this service. Adding one is adding a folder, a migration, and a line here."""

from collections.abc import Mapping

from dishka import AsyncContainer

import access.wiring
import assignments.wiring
import bulk.wiring
import industries.wiring
import organizations.wiring
import registry.wiring
from shared.wiring import Context, EventHandlers

CONTEXTS: tuple[Context, ...] = (
    registry.wiring.CONTEXT,
    industries.wiring.CONTEXT,
    organizations.wiring.CONTEXT,
    assignments.wiring.CONTEXT,
    access.wiring.CONTEXT,
    bulk.wiring.CONTEXT,
)


class ContextSubscribers:
    """The contexts' handlers of events, made on first use: a process that consumes nothing makes none."""

    def __init__(self, container: AsyncContainer) -> None:
        self._container = container

    async def handlers(self) -> Mapping[str, EventHandlers]:
        return {context.name: await self._container.get(context.handlers) for context in CONTEXTS if context.handlers}
