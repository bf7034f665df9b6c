"""Operation classes that mark routes of writes, and document what these have in common."""

from dataclasses import dataclass
from typing import ClassVar

from litestar.openapi.spec import Operation

MAX_KEY = 255
PREVIEW_PATTERN = r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9a-f]{32})"


@dataclass
class TakesReason(Operation):
    """A route that keeps a reason. `query` names what it takes besides its own parameters."""

    query: ClassVar[frozenset[str]] = frozenset({"reason"})


@dataclass
class TakesKey(TakesReason):
    """A route that begins work once for each Idempotency-Key, and keeps a reason."""


@dataclass
class TakesCommand(TakesReason):
    """A route that takes the headers and parameters every command takes."""

    query: ClassVar[frozenset[str]] = frozenset({"dry_run", "preview", "reason"})


@dataclass
class CommandOperation(TakesCommand):
    """A route that answers as `CommandSender` does: the documented result with the operation around it."""
