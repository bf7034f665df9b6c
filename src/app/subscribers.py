"""Who takes events, whichever contexts there are."""

from collections.abc import Mapping

from dishka import AsyncContainer

from app.contexts import CONTEXTS
from shared.wiring import EventHandlers


class ContextSubscribers:
    """What the contexts do with events. They are made when they are asked for: whoever only looks needs none."""

    def __init__(self, container: AsyncContainer) -> None:
        self._container = container

    async def handlers(self) -> Mapping[str, EventHandlers]:
        """By the contexts' names; those that have none are left out."""
        return {context.name: await self._container.get(context.handlers) for context in CONTEXTS if context.handlers}
