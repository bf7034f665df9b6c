"""What lies in the repository for whoever deploys it, and what the service says it has."""

import re
from pathlib import Path
from typing import Any

import typer
import yaml

from app.cli.main import app
from app.main import create_app
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PINNED = re.compile(r"^[a-z0-9./-]+:(?!latest$)[\w.-]*\d[\w.-]*$")


def documents(path: Path) -> list[dict[str, Any]]:
    """The mappings of a YAML file."""
    return [found for found in yaml.safe_load_all(path.read_text()) if found]


def variables(path: Path) -> dict[str, str]:
    """An environment file: name and value of each line that is no comment."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def served_paths() -> set[str]:
    """Every path the service answers."""
    return {route.path for route in create_app(Settings()).routes}


def unknown_settings(names: set[str]) -> set[str]:
    """Those which the service does not read."""
    return {name for name in names if name.removeprefix("MODPLANE_").lower() not in Settings.model_fields}


def assert_is_a_command(words: list[str]) -> None:
    """Whether `modplane` followed by these words is understood: parsed, not run."""
    commands: Any = typer.main.get_command(app)
    name, *arguments = words
    context = commands.commands[name].make_context(name, list(arguments))
    assert context.params.get("role", "all") in {"api", "worker", "all"}
