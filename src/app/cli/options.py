"""What several commands of the command line take, and the settings they work with."""

import logging
import os
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from app.output import CommandFailed
from devstack.datadir import endpoints_of
from shared.json.patches import has_nul
from shared.messages import MAX_REASON

DEFAULT_DATA_DIR = Path(".modplane")

DataDir = Annotated[Path, typer.Option(envvar="MODPLANE_DATA_DIR", help="Where the embedded parts keep their data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document on stdout.")]


def a_reason(given: str | None) -> str | None:
    """A reason within the bounds that events keep."""
    reason = (given or "").strip()
    if len(reason) > MAX_REASON or has_nul(reason):
        raise typer.BadParameter(f"at most {MAX_REASON} characters of text")
    return reason or None


Reason = Annotated[
    str | None, typer.Option("--reason", callback=a_reason, help="Why, in your words; kept with what it causes.")
]


def quietly(module: str) -> Any:
    """The module that does a command's work, imported only now; of its logs, the warnings."""
    import_module("app.logs").configure_logs(logging.WARNING)
    return import_module(module)


def settings_of(data_dir: Path | None = None) -> Any:
    """The environment's settings; what it leaves out, a stack running in this data directory answers for.

    Raises `CommandFailed`.
    """
    if data_dir is not None:
        found = endpoints_of(data_dir)
        for name, value in found.environment().items() if found else ():
            os.environ[name] = os.environ.get(name, "").strip() or value
    settings: Any = import_module("app.settings")
    try:
        return settings.Settings()
    except ValueError as error:
        problem = "; ".join(settings.refused(error))
        raise CommandFailed("settings_unusable", f"The settings cannot be used: {problem}") from None
