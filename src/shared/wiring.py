"""What a context tells the composition root."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NewType

from dishka import Provider
from litestar import Controller

from shared.ports import EventHandler

ReplicaId = NewType("ReplicaId", str)
"""This process's name among all that run; the same at every start."""

EventHandlers = Mapping[str, EventHandler]
"""What a context does with events, by topic."""


@dataclass(frozen=True)
class Context:
    """One bounded context. `decider` and `handlers` are the keys its provider binds them under; None: it has none."""

    name: str
    provider: Provider
    controllers: Sequence[type[Controller]]
    decider: Any = None
    handlers: Any = None
