"""Options that several commands share, and the settings they load."""

import logging
import os
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from access.domain import InvalidEmail, UnacceptablePassword, valid_email, valid_password
from app.cli.output import CommandFailed
from devstack import endpoints_of
from shared.json.patches import has_nul
from shared.messages import MAX_REASON

DEFAULT_DATA_DIR = Path(".modplane")

DataDir = Annotated[Path, typer.Option(envvar="MODPLANE_DATA_DIR", help="Where the embedded parts keep their data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document on stdout.")]


def valid_reason(given: str | None) -> str | None:
    """Trim a reason. Raises `BadParameter` beyond the bounds of what events keep."""
    reason = (given or "").strip()
    if len(reason) > MAX_REASON or has_nul(reason):
        raise typer.BadParameter(f"at most {MAX_REASON} characters of text")
    return reason or None


Reason = Annotated[
    str | None, typer.Option("--reason", callback=valid_reason, help="Why, in your words; kept with what it causes.")
]


def import_quietly(module: str) -> Any:
    """Import the module with a command's heavy part, and log warnings alone."""
    import_module("app.logs").configure_logs(logging.WARNING)
    return import_module(module)


def load_settings(data_dir: Path | None = None) -> Any:
    """Load the environment's settings, and what it leaves out from a stack running in the data directory.

    Raises `CommandFailed`.
    """
    if data_dir is not None:
        endpoints = endpoints_of(data_dir)
        for name, value in endpoints.environment().items() if endpoints else ():
            os.environ[name] = os.environ.get(name, "").strip() or value
    settings: Any = import_module("app.settings")
    try:
        return settings.Settings()
    except ValueError as error:
        problem = "; ".join(settings.refused(error))
        raise CommandFailed("settings_unusable", f"The settings cannot be used: {problem}") from None


def check_admin(email: str, password: str, *, needs_both: bool = False) -> None:
    """Check the super admin of the settings before anything starts. An empty value is not checked by itself.

    Raises `CommandFailed`, naming the variable.
    """
    if needs_both and bool(email) != bool(password):
        raise CommandFailed("super_admin_unusable", "Set MODPLANE_ADMIN_EMAIL and MODPLANE_ADMIN_PASSWORD, or neither.")
    try:
        variable = "MODPLANE_ADMIN_EMAIL"
        if email:
            valid_email(email)
        variable = "MODPLANE_ADMIN_PASSWORD"
        if password:
            valid_password(password)
    except (InvalidEmail, UnacceptablePassword) as refused:
        raise CommandFailed("super_admin_unusable", f"{variable} cannot be used: {refused.detail}") from None
