"""`modplane`: runs the product and serves its operator. Everything heavy is imported by the command that needs it."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.dead_letters import dlq
from app.cli.manifest import apply, export
from app.cli.options import DEFAULT_DATA_DIR, AsJson, DataDir, check_admin, import_quietly, load_settings
from app.cli.output import (
    Answer,
    CommandFailed,
    Printer,
    escape_unencodable,
    fail,
    run_command,
    unexpected_failure,
)
from app.environment import clean_environment
from devstack import (
    Endpoints,
    Given,
    Service,
    StackError,
    listening_address,
    print_progress,
    print_progress_as_json,
    run_down,
    run_up,
)

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, help=__doc__)
admin = typer.Typer(no_args_is_help=True, help="Create super admins.")
app.add_typer(admin, name="admin")
app.add_typer(dlq, name="dlq")

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "web" / "dist"
DEFAULT_PORT = 8000


@app.callback()
def prepare() -> None:
    """Run before every command: clean the environment, and let any locale print any output."""
    clean_environment(os.environ)
    escape_unencodable(sys.stdout, sys.stderr)


Port = Annotated[int, typer.Option(envvar="MODPLANE_HTTP_PORT", min=1, max=65535, help="The service's HTTP port.")]


@app.command()
def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    http_port: Port = DEFAULT_PORT,
    as_json: Annotated[bool, typer.Option("--json", help="Print progress as JSON, one object a line.")] = False,
) -> None:
    """Run everything in the foreground: PostgreSQL, Kafka, Redis and the service. Ctrl-C stops it, the data stays."""
    try:
        settings = load_settings()
        check_admin(settings.admin_email, settings.admin_password.get_secret_value())
    except CommandFailed as failed:
        fail(failed, as_json=as_json)
    environment = {
        "MODPLANE_SEEDS": str(ROOT / "seeds"),
        **({"MODPLANE_WEB": str(WEB)} if (WEB / "index.html").is_file() else {}),
        "MODPLANE_REPLICA": "up",
        "MODPLANE_PARTITIONS": "4",
        **os.environ,
        "MODPLANE_MIGRATE_ON_START": "true",
    }
    service = Service([sys.executable, "-m", "app.cli", "serve"], environment, http_port, settings.http_host)
    progress = print_progress_as_json if as_json else print_progress
    try:
        run_up(data_dir, Given.from_environment(os.environ), service, _prepare_nothing, progress)
    except StackError as error:
        fail(CommandFailed("stack_failed", str(error)), as_json=as_json)


def _prepare_nothing(_: Endpoints) -> None:
    """Do nothing: the service migrates by itself while it starts."""


@app.command()
def down(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Stop what `up` started in another terminal."""

    async def stop(printer: Printer) -> Answer:
        try:
            ran = run_down(data_dir)
        except StackError as error:
            raise CommandFailed("stack_failed", str(error)) from error
        printer("Stopped." if ran else "Nothing runs here.")
        return Answer({"status": "stopped" if ran else "nothing_ran"})

    run_command(stop, as_json=as_json)


@app.command()
def serve(
    role: Annotated[str, typer.Option(envvar="MODPLANE_ROLE", help="api, worker or all.")] = "all",
) -> None:
    """Run the service alone, on infrastructure named by the environment. Its logs are JSON, on stderr."""
    import_module("app.logs").configure_logs()
    os.environ["MODPLANE_ROLE"] = role
    try:
        settings = load_settings()
        password = settings.admin_password.get_secret_value()
        check_admin(settings.admin_email, password, needs_both=True)
        address = listening_address(settings.http_host, settings.http_port)
    except CommandFailed as failed:
        fail(failed, as_json=False)
    except StackError as error:
        fail(CommandFailed("address_unusable", str(error)), as_json=False)
    main: Any = import_module("app.main")
    try:
        main.serve(settings, address)
    except import_module("app.server.web").WebNotBuilt as missing:
        fail(CommandFailed("web_not_built", str(missing)), as_json=False)
    except import_module("app.server.server").AddressNotFree as taken:
        fail(CommandFailed("address_not_free", str(taken)), as_json=False)


@app.command()
def migrate(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Bring the database's schema and the topics up to date. Safe to repeat, and to run by many at once."""
    migration: Any = import_quietly("app.migration.migrate")

    async def migrate_all(printer: Printer) -> Answer:
        settings = load_settings(data_dir)
        try:
            created = await migration.migrate(settings.postgres_url, settings.kafka_bootstrap, settings.partitions)
        except migration.MigrationFailed as failed:
            raise CommandFailed("migration_failed", str(failed)) from failed
        printer("The schema and the topics are up to date.")
        return Answer({"status": "up_to_date", "topics_created": created})

    run_command(migrate_all, as_json=as_json)


app.command()(apply)
app.command()(export)


@app.command()
def status(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Print the state of each part. Exit 1 unless the database answers every query and takes writes."""
    report: Any = import_quietly("app.cli.status")
    run_command(lambda out: report.tell_status(load_settings(data_dir), out), as_json=as_json)


@app.command()
def verify(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Compare heads, tables and the event log of every aggregate; exit 1 and name each that differs."""
    actions: Any = import_quietly("app.cli.container")
    run_command(lambda out: actions.verify_all(load_settings(data_dir), out), as_json=as_json)


@admin.command("create")
def create_admin(
    email: Annotated[str, typer.Option(help="The new super admin's e-mail.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Create a super admin. The password comes from MODPLANE_ADMIN_PASSWORD, else it is asked for."""
    actions: Any = import_quietly("app.cli.container")
    password = os.environ.get("MODPLANE_ADMIN_PASSWORD") or typer.prompt(
        "Password", hide_input=True, confirmation_prompt=True, err=True
    )
    run_command(lambda out: actions.create_admin(load_settings(data_dir), email, password, out), as_json=as_json)


def main() -> None:
    """Run the console script: whatever happens, it ends with a line and an exit code."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the program ends here
        failed = unexpected_failure(error)
        sys.stderr.write(f"modplane: {failed.detail}\n")
        sys.exit(failed.exit_code)
