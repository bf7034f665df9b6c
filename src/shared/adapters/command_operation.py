"""Marks of command routes: what they take and answer is the same for all of them, and documented by these marks."""

from dataclasses import dataclass

from litestar.openapi.spec import Operation

MAX_KEY = 255
PREVIEW_PATTERN = r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{32})"


@dataclass
class TakesCommand(Operation):
    """A route that takes the headers and parameters every command takes."""


@dataclass
class CommandOperation(TakesCommand):
    """A route that answers as `CommandSender` does: the documented result with the operation around it."""
