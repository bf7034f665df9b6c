"""`modplane`: runs the product and serves its operator. Everything heavy is imported by the command that needs it."""

import asyncio
import logging
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from devstack import Endpoints, Given, endpoints_of, run_down, run_up

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, help=__doc__)
admin = typer.Typer(no_args_is_help=True, help="Look after super admins.")
app.add_typer(admin, name="admin")

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_PORT = 8000

DataDir = Annotated[Path, typer.Option(envvar="MODPLANE_DATA_DIR", help="Where the embedded parts keep their data.")]
Port = Annotated[int, typer.Option(envvar="MODPLANE_HTTP_PORT", min=1, max=65535, help="The service's HTTP port.")]


@app.command()
def up(data_dir: DataDir = Path(".modplane"), http_port: Port = DEFAULT_PORT) -> None:
    """Run everything in the foreground: PostgreSQL, Kafka, Redis and the service. Ctrl-C stops it, the data stays."""
    environment = {
        "MODPLANE_SEEDS": str(ROOT / "seeds"),
        "MODPLANE_REPLICA": "up",
        "MODPLANE_PARTITIONS": "4",
        **os.environ,
        "MODPLANE_MIGRATE_ON_START": "true",
    }
    service = [sys.executable, "-m", "app.cli", "serve"]
    given = Given.from_environment(os.environ)
    raise typer.Exit(run_up(data_dir, http_port, given, service, _nothing, environment))


def _nothing(_: Endpoints) -> None:
    """The service migrates by itself while it starts."""


@app.command()
def down(data_dir: DataDir = Path(".modplane")) -> None:
    """Stop what `up` started in another terminal."""
    raise typer.Exit(run_down(data_dir))


@app.command()
def serve(
    role: Annotated[str, typer.Option(envvar="MODPLANE_ROLE", help="api, worker or all.")] = "all",
) -> None:
    """Run the service alone, on infrastructure named by the environment."""
    import_module("app.logs").configure_logs()
    os.environ["MODPLANE_ROLE"] = role
    import_module("app.main").serve(_settings())


@app.command()
def migrate(data_dir: DataDir = Path(".modplane")) -> None:
    """Bring the database's schema and the topics up to date. Safe to repeat, and to run by many at once."""
    import_module("app.logs").configure_logs(logging.WARNING)
    migration: Any = import_module("app.migrate")
    settings = _settings(data_dir)
    try:
        asyncio.run(migration.migrate(settings.postgres_url, settings.kafka_bootstrap, settings.partitions))
    except migration.MigrationFailed as failed:
        _fail(str(failed))
    print("The schema and the topics are up to date.")


@app.command()
def apply(
    file: Annotated[Path, typer.Option("--file", "-f", exists=True, help="A manifest, or a directory of them.")],
    data_dir: DataDir = Path(".modplane"),
    skip_unknown_modules: Annotated[
        bool,
        typer.Option(
            "--skip-unknown-modules",
            help="Leave modules that are not registered out of industries instead of refusing all.",
        ),
    ] = False,
) -> None:
    """Make modules and industries equal to a manifest, through commands. A second run changes nothing."""
    import_module("app.logs").configure_logs(logging.WARNING)
    tools: Any = import_module("app.operating")
    raise typer.Exit(asyncio.run(tools.apply_file(_settings(data_dir), file, skip_unknown_modules)))


@app.command()
def status(data_dir: DataDir = Path(".modplane")) -> None:
    """Say how the system is: its parts, what waits, what was set aside. Exit 1 when the database is away."""
    import_module("app.logs").configure_logs(logging.WARNING)
    report: Any = import_module("app.status")
    raise typer.Exit(asyncio.run(report.print_status(_settings(data_dir))))


@app.command()
def verify(data_dir: DataDir = Path(".modplane")) -> None:
    """Compare heads, tables and the event log of every aggregate; exit 1 and name each that differs."""
    import_module("app.logs").configure_logs(logging.WARNING)
    tools: Any = import_module("app.operating")
    raise typer.Exit(asyncio.run(tools.verify_all(_settings(data_dir))))


@admin.command("create")
def create_admin(
    email: Annotated[str, typer.Option(help="The new super admin's e-mail.")],
    data_dir: DataDir = Path(".modplane"),
) -> None:
    """Create a super admin. The password comes from MODPLANE_ADMIN_PASSWORD, else it is asked for."""
    import_module("app.logs").configure_logs()
    tools: Any = import_module("app.operating")
    password = os.environ.get("MODPLANE_ADMIN_PASSWORD") or typer.prompt(
        "Password", hide_input=True, confirmation_prompt=True
    )
    raise typer.Exit(asyncio.run(tools.create_admin(_settings(data_dir), email, password)))


def _settings(data_dir: Path | None = None) -> Any:
    """The environment's settings; what it leaves out, a stack running in this data directory answers for."""
    if data_dir is not None:
        found = endpoints_of(data_dir)
        for name, value in found.environment().items() if found else ():
            os.environ.setdefault(name, value)
    settings: Any = import_module("app.settings")
    try:
        return settings.Settings()
    except ValueError as error:
        _fail("The settings cannot be used: " + "; ".join(str(error).splitlines()[1:3]).strip())


def _fail(line: str) -> None:
    print(f"modplane: {line}", file=sys.stderr)
    raise typer.Exit(1)


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
