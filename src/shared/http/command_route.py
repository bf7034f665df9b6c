"""Marks of writing routes: what they take and answer is the same for all of them, and documented by these marks."""

from dataclasses import dataclass
from typing import ClassVar

from litestar.openapi.spec import Operation

MAX_KEY = 255
PREVIEW_PATTERN = r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{32})"


@dataclass
class TakesReason(Operation):
    """A route that keeps why it was asked for. `query` names what it takes besides its own parameters."""

    query: ClassVar[frozenset[str]] = frozenset({"reason"})
    parameters_taken: ClassVar[tuple[str, ...]] = ("ModplaneReason", "Reason")


@dataclass
class TakesKey(TakesReason):
    """A route that begins work once for each Idempotency-Key, and keeps why."""

    parameters_taken: ClassVar[tuple[str, ...]] = ("IdempotencyKey", *TakesReason.parameters_taken)


@dataclass
class TakesCommand(TakesReason):
    """A route that takes the headers and parameters every command takes."""

    query: ClassVar[frozenset[str]] = frozenset({"dry_run", "preview", "reason"})
    parameters_taken: ClassVar[tuple[str, ...]] = (
        "IdempotencyKey", "IfMatch", "Prefer", "ModplaneReason", "DryRun", "Preview", "Reason",
    )  # fmt: skip


@dataclass
class CommandOperation(TakesCommand):
    """A route that answers as `CommandSender` does: the documented result with the operation around it."""

    command: ClassVar[type | None] = None


def sends(command: type) -> type[CommandOperation]:
    """Return the mark of a route that sends this command. The command's docstring documents the route too."""
    return type(f"Sends{command.__name__}", (CommandOperation,), {"command": command})
