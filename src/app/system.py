"""Binds what operators work with: dead letters and who can process them."""

from collections.abc import Mapping

from dishka import AnyOf, AsyncContainer, Provider, Scope, provide

from app.contexts import CONTEXTS
from app.seams import Deciders
from shared.adapters.dead_letters import PostgresLetters
from shared.adapters.fact_log import PostgresFactLog
from shared.bus import CommandBus
from shared.dead_letters import DeadLetterDesk, LetterFactLog, LetterStore, Trials
from shared.letter_trials import RecordTrials, Subscribers
from shared.ports import Clock
from shared.wiring import EventHandlers

SYSTEM = "system"


class ContextSubscribers:
    """What the contexts do with events. They are made when they are asked for: whoever only looks needs none."""

    def __init__(self, container: AsyncContainer) -> None:
        self._container = container

    async def handlers(self) -> Mapping[str, EventHandlers]:
        """By the contexts' names; those that have none are left out."""
        return {context.name: await self._container.get(context.handlers) for context in CONTEXTS if context.handlers}


class SystemProvider(Provider):
    """Everything lives as long as the process."""

    scope = Scope.APP
    letters = provide(PostgresLetters)
    desk = provide(DeadLetterDesk)

    @provide
    def letter_store(self, letters: PostgresLetters) -> LetterStore:
        """The same letters."""
        return letters

    @provide
    def subscribers(self, container: AsyncContainer) -> AnyOf[ContextSubscribers, Subscribers]:
        """The process's own."""
        return ContextSubscribers(container)

    @provide
    def trials(self, bus: CommandBus, deciders: Deciders, subscribers: Subscribers, clock: Clock) -> Trials:
        """The same ways that records take the first time."""
        return RecordTrials(bus, deciders, subscribers, clock)

    @provide
    def facts(self) -> LetterFactLog:
        """What operators do is no context's doing."""
        return PostgresFactLog(SYSTEM)
